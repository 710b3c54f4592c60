import Optimization
import Parameters
import Testing

@testable import TensorCore

private let golden = GoldenLayers.shared

/// A layer of the golden file as the network declares it, called "layer", with so many filters.
private struct LayerCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// Between dense layers values are plain rows.
    var isFlat = false
    let declare: @Sendable (_ network: inout Network, _ input: Value, _ filters: Int) -> Value

    var testDescription: String { name }

    static func convolution(_ name: String, kernel: Int, stride: Int = 1, activation: Activation? = nil) -> LayerCase {
        LayerCase(name: name) {
            $0.convolution($1, named: "layer", filters: $2, kernel: kernel, stride: stride, activation: activation)
        }
    }

    static func transposed(_ name: String, stride: Int = 1) -> LayerCase {
        LayerCase(name: name) {
            $0.transposedConvolution($1, named: "layer", filters: $2, kernel: 3, stride: stride)
        }
    }

    static func dense(_ name: String, slope: Float? = nil) -> LayerCase {
        LayerCase(name: name, isFlat: true) { $0.dense($1, named: "layer", width: $2, slope: slope) }
    }

    static let all: [LayerCase] =
        ["conv3x3", "conv3x3_blocked", "conv3x3_image"].map { convolution($0, kernel: 3) }
        + ["conv2x2_stride2", "conv2x2_stride2_blocked"].map { convolution($0, kernel: 2, stride: 2) }
        + ["conv1x1", "conv1x1_blocked", "conv1x1_single"].map { convolution($0, kernel: 1) }
        + [transposed("transposed3x3"), transposed("transposed3x3_blocked")]
        + [transposed("transposed3x3_stride2", stride: 2)]
        // An activation stands behind a convolution or a dense layer; here that is the identity.
        + [convolution("relu", kernel: 1, activation: .relu), convolution("sigmoid", kernel: 1, activation: .sigmoid)]
        + [dense("leaky_relu", slope: 0.1), dense("dense"), dense("dense_wide")]
        + [LayerCase(name: "max_pool") { network, input, _ in network.maxPooling(input, named: "layer") }]

    func check(
        _ algorithm: ConvolutionAlgorithm, tolerance: Double
    ) throws {
        let (batch, shape) = try golden.extent(of: "\(name)/input")
        let filters = try golden.extent(of: "\(name)/output").shape.channels
        let bench = LayerBench(batch: batch, [shape], [isFlat ? .rows : .blocks], algorithm: algorithm) {
            declare(&$0, $1[0], filters)
        }
        bench.setInput(to: try golden["\(name)/input"])
        let hasParameters = golden.has("\(name)/kernel")
        if hasParameters {
            bench.setParameter("layer.kernel", to: try golden["\(name)/kernel"])
            bench.setParameter("layer.bias", to: try golden["\(name)/bias"])
        } else if bench.layout["layer.kernel"] != nil {
            bench.setParameter("layer.kernel", to: identity(filters))
        }
        let output = bench.forward()
        bench.backward(try golden["\(name)/r"])
        expectAgreement("output", output, try golden["\(name)/output"], tolerance: tolerance)
        var gradients = ["input_gradient": bench.inputGradient()]
        if hasParameters {
            gradients["kernel_gradient"] = bench.gradient("layer.kernel")
            gradients["bias_gradient"] = bench.gradient("layer.bias")
        }
        for (name, found) in gradients {
            expectAgreement(name, found, try golden["\(self.name)/\(name)"], tolerance: tolerance)
        }
    }
}

private func identity(_ size: Int) -> [Float] {
    (0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 }
}

/// A few roundings of 6e-8 each, on sums of up to 288 products.
private let tolerance = 1e-6

@Test(arguments: LayerCase.all)
private func aLayerIsThatOfKeras(_ layer: LayerCase) throws {
    try layer.check(.direct, tolerance: tolerance)
}

/// Winograd's transforms, whose matrices have numbers from 1/24 to 5, cost about a decimal place.
@Test(arguments: LayerCase.all.filter { ["conv3x3_blocked", "transposed3x3_blocked"].contains($0.name) })
private func aWinogradLayerIsThatOfKeras(_ layer: LayerCase) throws {
    try layer.check(.winograd, tolerance: 1e-5)
}

@Test func theAttentionMaskIsThatOfKeras() throws {
    let (batch, skip) = try golden.extent(of: "gate/skip")
    let psi = try golden.extent(of: "gate/psi").shape
    let bench = LayerBench(batch: batch, [skip, psi], [.blocks, .map]) {
        $0.attentionMask($1[0], by: $1[1], named: "layer")
    }
    bench.setInput(0, to: try golden["gate/skip"])
    bench.setInput(1, to: try golden["gate/psi"])
    let output = bench.forward()
    bench.backward(try golden["gate/r"])
    expectAgreement("output", output, try golden["gate/output"], tolerance: tolerance)
    expectAgreement("skip", bench.inputGradient(0), try golden["gate/skip_gradient"], tolerance: tolerance)
    expectAgreement("psi", bench.inputGradient(1), try golden["gate/psi_gradient"], tolerance: tolerance)
}

private func batchNorm(training: Bool) throws -> LayerBench {
    let (batch, shape) = try golden.extent(of: "batch_norm/input")
    let bench = LayerBench(batch: batch, [shape], [.blocks], training: training) {
        $0.batchNormalization($1[0], named: "layer")
    }
    bench.setInput(to: try golden["batch_norm/input"])
    for name in ["gamma", "beta", "moving_mean", "moving_variance"] {
        bench.setParameter("layer.\(name)", to: try golden["batch_norm/\(name)"])
    }
    return bench
}

@Test func batchNormalizationIsThatOfKeras() throws {
    let bench = try batchNorm(training: true)
    let output = bench.forward()
    bench.backward(try golden["batch_norm/r"])
    let found = [
        "output": output, "input_gradient": bench.inputGradient(), "gamma_gradient": bench.gradient("layer.gamma"),
        "beta_gradient": bench.gradient("layer.beta"), "mean": bench.gradient("layer.moving_mean"),
        "variance": bench.gradient("layer.moving_variance"),
    ]
    for (name, found) in found {
        expectAgreement(name, found, try golden["batch_norm/\(name)"], tolerance: tolerance)
    }
}

@Test func scoringNormalizesWithTheMovingStatistics() throws {
    let output = try batchNorm(training: false).forward()
    expectAgreement("output", output, try golden["batch_norm/inference_output"], tolerance: tolerance)
}

@Test func aStepMovesTheMovingStatisticsAsKerasDoes() throws {
    let bench = try batchNorm(training: true)
    bench.forward()
    bench.backward(try golden["batch_norm/r"])
    ParameterUpdate(layout: bench.layout, optimizer: SGD()).apply(
        to: bench.parameters, gradient: bench.gradients.base, factors: [], velocity: nil, into: bench.parameters)
    for name in ["moving_mean", "moving_variance"] {
        let found = Array(bench.parameters.floats(of: try #require(bench.layout["layer.\(name)"])))
        expectAgreement(name, found, try golden["batch_norm/updated_\(name)"], tolerance: tolerance)
    }
}

@Test func weightsMultiplyASamplesLossAndItsGradient() throws {
    let (batch, shape) = try golden.extent(of: "cross_entropy/logits")
    let labels = try golden.integers("cross_entropy/labels")
    let weights = (0..<batch).map { 0.5 * Float($0) }
    func differentiate(_ weights: UnsafePointer<Float>?) throws -> (gradient: [Float], loss: Double) {
        let bench = LayerBench(batch: batch, [shape], [.rows]) { network, values in
            network.softmaxCrossEntropy(values[0], named: "layer")
            return nil
        }
        bench.setInput(to: try golden["cross_entropy/logits"])
        (bench.context.gradientScale, bench.context.weights) = (1, weights)
        bench.forward()
        return labels.withUnsafeBufferPointer { labels in
            bench.context.labels = labels.baseAddress
            bench.backward()
            return (bench.inputGradient(), bench.lossLayer.lossSum())
        }
    }
    let plain = try differentiate(nil)
    let weighted = try weights.withUnsafeBufferPointer { try differentiate($0.baseAddress) }
    let ones = try [Float](repeating: 1, count: batch).withUnsafeBufferPointer { try differentiate($0.baseAddress) }
    #expect(ones.gradient == plain.gradient && ones.loss == plain.loss)
    for (index, (gradient, expected)) in zip(weighted.gradient, plain.gradient).enumerated() {
        #expect(abs(gradient - weights[index / shape.count] * expected) < 1e-6)
    }
    #expect(weighted.loss != plain.loss)
}

@Test func softmaxAndCrossEntropyAreThoseOfKeras() throws {
    let (batch, shape) = try golden.extent(of: "cross_entropy/logits")
    let bench = LayerBench(batch: batch, [shape], [.rows]) { network, values in
        network.softmaxCrossEntropy(values[0], named: "layer")
        return nil
    }
    bench.setInput(to: try golden["cross_entropy/logits"])
    bench.context.gradientScale = 1 / Float(batch)
    bench.forward()
    let loss = try golden.integers("cross_entropy/labels").withUnsafeBufferPointer { labels in
        bench.context.labels = labels.baseAddress
        bench.backward()
        return bench.lossLayer.lossSum()
    }
    let found = [
        "probabilities": Array(bench.lossLayer.probabilities), "loss": [Float(loss / Double(batch))],
        "logits_gradient": bench.inputGradient(),
    ]
    for (name, found) in found {
        expectAgreement(name, found, try golden["cross_entropy/\(name)"], tolerance: tolerance)
    }
}
