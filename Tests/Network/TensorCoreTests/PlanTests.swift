import Parameters
import Testing

@testable import TensorCore

/// A small network with every kind of layer, and channels that fill blocks, fill them in part, or have none.
private let network = {
    var network = Network(input: Shape(16, 32, 3))
    let skip = network.convolution(network.input, named: "a", filters: 16, kernel: 3, activation: .relu)
    let inner = network.convolution(skip, named: "b", filters: 16, kernel: 3, activation: .relu)
    let pooled = network.maxPooling(inner, named: "pool")
    let below = network.convolution(pooled, named: "c", filters: 20, kernel: 3, activation: .relu)
    let theta = network.convolution(inner, named: "theta", filters: 7, kernel: 2, stride: 2)
    let phi = network.convolution(below, named: "phi", filters: 7, kernel: 1)
    let upsample = network.transposedConvolution(phi, named: "upsample", filters: 7, kernel: 3)
    let sum = network.addition(theta, upsample, named: "add")
    let psi = network.convolution(sum, named: "psi", filters: 1, kernel: 1, activation: .sigmoid)
    let masked = network.attentionMask(inner, by: psi, named: "mask")
    let result = network.convolution(masked, named: "result", filters: 10, kernel: 1)
    let norm = network.batchNormalization(result, named: "norm")
    let last = network.convolution(norm, named: "d", filters: 5, kernel: 3, activation: .relu)
    let flat = network.flattenAndDropout(last, named: "flatten", rate: 0.3)
    let hidden = network.dense(flat, named: "dense1", width: 12, slope: 0.1, isFactored: true)
    network.softmaxCrossEntropy(network.dense(hidden, named: "logits", width: 3), named: "softmax")
    return network
}()

private let layout = network.parameterLayout

/// Plans of one arena, and all that a step of one of them gives.
private final class Lane {
    let arena = Arena()
    let parameters = layout.initialParameters(seed: 2)
    private let algorithm: ConvolutionAlgorithm

    init(_ algorithm: ConvolutionAlgorithm) { self.algorithm = algorithm }

    func plan(batch: Int, _ mode: Plan.Mode = .training) -> Plan {
        Plan(network, batch: batch, mode: mode, convolutions: ConvolutionChoices(algorithm), arena: arena)
    }

    func take(_ other: FloatBuffer) { _ = parameters.floats.update(fromContentsOf: other.floats) }

    struct Result: Equatable {
        let loss: Double
        let probabilities, gradients, x, d: [Float]
    }

    func step(_ plan: Plan) throws -> Result {
        plan.load(parameters.base)
        return try run(plan)
    }

    /// A step of a plan that is loaded. `settled` gets what is said to be, from a place on, as it will be.
    func run(_ plan: Plan, settled: @escaping (Int, ArraySlice<Float>) -> Void = { _, _ in }) throws -> Result {
        var draw = Draw(3)
        let images = FloatBuffer(count: plan.batch * network.shape(of: network.input).count)
        _ = images.floats.update(fromContentsOf: draw.uniform(images.count, -1, 1))
        let labels = (0..<Int32(plan.batch)).map { $0 % 3 }
        let gradients = FloatBuffer(count: layout.gradientCount)
        gradients.floats.update(repeating: .nan)
        let dropout = Dropout(seed: 1, step: 2, samples: (0..<UInt32(plan.batch)).map { $0 })
        plan.forward(images: images.base, gradients: gradients.base, dropout: dropout)
        let loss = plan.lossSum(labels: labels)
        plan.backward(labels: labels, scale: 1 / Float(plan.batch)) { settled($0, Array(gradients.floats)[$0...]) }
        withExtendedLifetime(images) {}
        let factors = try #require(plan.factors)
        return Result(
            loss: loss, probabilities: Array(plan.probabilities), gradients: Array(gradients.floats),
            x: Array(factors.x), d: Array(factors.d))
    }
}

private let algorithms = ConvolutionAlgorithm.allCases

@Test(arguments: algorithms, [1, 4])
func aStepWritesEveryGradientAndNoNaN(_ algorithm: ConvolutionAlgorithm, batch: Int) throws {
    let lane = Lane(algorithm)
    let result = try lane.step(lane.plan(batch: batch))
    #expect(result.loss.isFinite)
    for parameter in layout.parameters where parameter.role != .factored {
        #expect(result.gradients[parameter.range].allSatisfy { $0.isFinite }, "\(parameter.name)")
    }
    #expect((result.x + result.d + result.probabilities).allSatisfy { $0.isFinite })
}

@Test(arguments: algorithms) func aStepGivesTheSameBitsAgainAndInAnotherLane(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let plan = lane.plan(batch: 3)
    let first = try lane.step(plan)
    #expect(try lane.step(plan) == first)
    let other = Lane(algorithm)
    let otherPlan = other.plan(batch: 3)
    #expect(try other.step(otherPlan) == first)
}

@Test(arguments: algorithms) func plansThatTakeTurnsDoNotDisturbEachOther(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let (small, large) = (lane.plan(batch: 2), lane.plan(batch: 5))
    let scoring = lane.plan(batch: 4, .inference)
    let (first, other) = (try lane.step(small), try lane.step(large))
    #expect(try lane.step(small) == first)
    scoring.load(lane.parameters.base)
    var draw = Draw(4)
    scoring.forward(images: draw.uniform(4 * network.shape(of: network.input).count, -1, 1))
    #expect(try lane.step(large) == other)
    #expect(try lane.step(small) == first)
}

/// Padding of partly filled blocks, scratchpads and sums must all be written before they are read.
@Test(arguments: algorithms) func resultsDoNotDependOnWhatTheArenaHeld(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let plan = lane.plan(batch: 3)
    let first = try lane.step(plan)
    lane.arena.memory.floats.update(repeating: .nan)
    #expect(try lane.step(plan) == first)
}

@Test(arguments: algorithms) func newParametersAreTaken(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let plan = lane.plan(batch: 2)
    let first = try lane.step(plan)
    let changed = layout.initialParameters(seed: 9)
    lane.take(changed)
    let second = try lane.step(plan)
    #expect(second != first)
    let fresh = Lane(algorithm)
    fresh.take(changed)
    let freshPlan = fresh.plan(batch: 2)
    #expect(try fresh.step(freshPlan) == second)
}

@Test(arguments: algorithms) func aStepFollowsParametersThatStillArrive(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let expected = try lane.step(lane.plan(batch: 2))
    let plan = lane.plan(batch: 2)
    let whole = Array(lane.parameters.floats)
    lane.parameters.floats.update(repeating: .nan)
    var waits: [Int] = []
    plan.load(lane.parameters.base) { count in
        waits.append(count)
        _ = lane.parameters.floats.update(fromContentsOf: whole[..<count])
        return true
    }
    #expect(try lane.run(plan) == expected)
    #expect(waits.first == layout["a.bias"]!.range.upperBound && waits.max() == layout.count)
}

@Test func parametersThatDoNotComeEndTheStepAndAreTakenWhenTheyDo() throws {
    let lane = Lane(.winograd)
    let plan = lane.plan(batch: 2)
    let expected = try lane.step(plan)
    plan.load(lane.parameters.base) { $0 < layout.gradientCount / 2 }
    var draw = Draw(3)
    plan.forward(
        images: draw.uniform(2 * network.shape(of: network.input).count, -1, 1),
        gradients: FloatBuffer(count: layout.gradientCount).base)
    #expect(plan.isGivenUp)
    #expect(try lane.step(plan) == expected)
    #expect(!plan.isGivenUp)
}

@Test func whatIsSaidToBeSettledIsNotChangedAnyMore() throws {
    let lane = Lane(.winograd)
    let plan = lane.plan(batch: 2)
    var settled: [(first: Int, gradients: ArraySlice<Float>)] = []
    plan.load(lane.parameters.base)
    let result = try lane.run(plan) { settled.append(($0, $1)) }
    for (first, gradients) in settled { #expect(gradients == result.gradients[first...], "from \(first)") }
    let places = settled.map(\.first)
    #expect(places == places.sorted(by: >) && places.last == 0)
    // Most of it leaves long before the end.
    #expect(Set(places).count > 5)
}

@Test(arguments: algorithms) func scoringASampleDoesNotDependOnTheOthers(_ algorithm: ConvolutionAlgorithm) throws {
    let lane = Lane(algorithm)
    let size = network.shape(of: network.input).count
    var draw = Draw(5)
    let images = draw.uniform(3 * size, -1, 1)
    func score(_ images: [Float]) -> [Float] {
        let plan = lane.plan(batch: images.count / size, .inference)
        plan.load(lane.parameters.base)
        plan.forward(images: images)
        return Array(plan.probabilities)
    }
    let together = score(images)
    for sample in 0..<3 {
        let alone = score(Array(images[sample * size..<(sample + 1) * size]))
        expectAgreement("sample \(sample)", alone, Array(together[sample * 3..<sample * 3 + 3]), tolerance: 1e-5)
    }
    for sample in 0..<3 {
        let sum = together[sample * 3..<sample * 3 + 3].reduce(0, +)
        #expect(abs(sum - 1) < 1e-6)
    }
}
