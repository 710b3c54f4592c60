import AttentionUNet
import Checkpoints
import Parameters
import TensorCore
import Testing
import Training

/// What was found by the names of `hbn gradient`'s output.
private typealias Results = [String: [Float]]

/// A relative L2 error that float32 keeps through forty layers, with Winograd's transforms too; Keras' own float32
/// stays below 1e-5.
private let tolerance = 2e-4

private let algorithms = ConvolutionAlgorithm.allCases

private func numerics(_ algorithm: ConvolutionAlgorithm) -> NumericsSettings {
    var numerics = NumericsSettings()
    numerics.convolutions = ConvolutionChoices(algorithm)
    return numerics
}

private func expectTraining(_ found: Results, agreesWith golden: GoldenNetwork) throws {
    #expect(Set(found.keys) == golden.trainingNames)
    for name in golden.trainingNames.sorted() {
        let error = try golden.trainingError(of: name, found[name] ?? [])
        #expect(error <= tolerance, "\(name) has a relative error of \(error)")
    }
}

private func expectInference(_ found: Results, agreesWith golden: GoldenNetwork) throws {
    #expect(Set(found.keys) == ["loss", "probabilities"])
    for (name, values) in found {
        let error = try golden.inferenceError(of: name, values)
        #expect(error <= tolerance, "\(name) has a relative error of \(error)")
    }
}

/// X^T D, `[K, width]` for X `[samples, K]` and D `[samples, width]`, each number summed in double precision.
private func product(_ x: some Collection<Float>, _ d: some Collection<Float>, samples: Int) -> [Float] {
    let (x, d) = (Array(x), Array(d))
    let (depth, width) = (x.count / samples, d.count / samples)
    return (0..<depth * width).map { place in
        let (row, column) = place.quotientAndRemainder(dividingBy: width)
        return Float((0..<samples).reduce(0.0) { $0 + Double(x[$1 * depth + row]) * Double(d[$1 * width + column]) })
    }
}

@Test(arguments: GoldenNetwork.all, algorithms)
func lossAndEveryGradientAreThoseOfKeras(golden: GoldenNetwork, algorithm: ConvolutionAlgorithm) throws {
    let computation = try LaneComputation(network: golden.network, numerics: numerics(algorithm))
    let parameters = try golden.parameters()
    let gradients = FloatBuffer(count: computation.layout.gradientCount)
    let (outcome, factors) = try golden.withShard {
        try computation.train($0, parameters: parameters.base, gradients: gradients.base)
    }
    let plan = computation.plan(samples: golden.samples, mode: .training)
    var found: Results = [
        "loss": [Float(outcome.lossSum / Double(golden.samples))], "probabilities": Array(plan.probabilities),
    ]
    for parameter in computation.layout.parameters {
        switch parameter.role {
        case .factored: found[parameter.name] = product(factors.x, factors.d, samples: golden.samples)
        case .trainable: found[parameter.name] = Array(gradients.floats(of: parameter))
        case .statistic:
            let statistic = parameter.name.replacing("moving_", with: "")
            found["batch/\(statistic)"] = Array(gradients.floats(of: parameter))
        }
    }
    try expectTraining(found, agreesWith: golden)
}

@Test(arguments: GoldenNetwork.all, algorithms)
func scoresAreThoseOfKeras(golden: GoldenNetwork, algorithm: ConvolutionAlgorithm) throws {
    let computation = try LaneComputation(network: golden.network, numerics: numerics(algorithm))
    let parameters = try golden.parameters()
    let probabilities = try computation.score(
        samples: golden.samples, images: golden.images, parameters: parameters.base
    ) { Array($0) }
    let loss = computation.plan(samples: golden.samples, mode: .inference).lossSum(labels: golden.labels)
    try expectInference(
        ["loss": [Float(loss / Double(golden.samples))], "probabilities": probabilities], agreesWith: golden)
}

@Test(arguments: GoldenNetwork.all, [false, true])
func gradientsFromFileToFileAreThoseOfKeras(golden: GoldenNetwork, factored: Bool) throws {
    let files = try GradientFiles(golden)
    var gradient = GradientFile()
    gradient.factored = factored
    var found = try files.run(gradient)
    if factored {
        let kernel = "head.dense1.kernel"
        let (x, d) = (found.removeValue(forKey: "\(kernel)/x"), found.removeValue(forKey: "\(kernel)/d"))
        found[kernel] = product(try #require(x), try #require(d), samples: golden.samples)
    }
    try expectTraining(found, agreesWith: golden)
}

@Test(arguments: GoldenNetwork.all)
func scoresFromFileToFileAreThoseOfKeras(golden: GoldenNetwork) throws {
    var gradient = GradientFile()
    gradient.inference = true
    try expectInference(try GradientFiles(golden).run(gradient), agreesWith: golden)
}
