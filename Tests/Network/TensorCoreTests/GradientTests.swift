import Testing

@testable import TensorCore

/// Linear in each argument, so any step is exact and a large one leaves rounding the smallest part.
private let linearStep: Float = 0.5
/// Sums of a few hundred products of numbers below 1, in float32.
private let linearTolerance = 1e-5

extension DifferenceCase {
    fileprivate static func convolution(
        _ name: String, kernel: Int, stride: Int = 1, from channels: Int, to filters: Int, transposed: Bool = false,
        _ algorithm: ConvolutionAlgorithm = .direct, tolerance: Double = linearTolerance
    ) -> DifferenceCase {
        DifferenceCase(
            testDescription: "\(name), \(channels) to \(filters) channels", shapes: [Shape(6, 4, channels)],
            algorithm: algorithm, step: linearStep, tolerance: tolerance
        ) {
            transposed
                ? $0.transposedConvolution($1[0], named: "layer", filters: filters, kernel: kernel, stride: stride)
                : $0.convolution($1[0], named: "layer", filters: filters, kernel: kernel, stride: stride)
        }
    }

    fileprivate static func attentionMask(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "attention mask, \(channels) channels", shapes: [Shape(6, 4, channels), Shape(3, 2, 1)],
            layouts: [.blocks, .map],
            step: linearStep, tolerance: linearTolerance
        ) { $0.attentionMask($1[0], by: $1[1], named: "layer") }
    }

    fileprivate static func dense(isFactored: Bool) -> DifferenceCase {
        DifferenceCase(
            testDescription: isFactored ? "factored dense" : "dense", batch: 3, shapes: [Shape(1, 1, 40)],
            layouts: [.rows], step: linearStep, tolerance: linearTolerance
        ) { $0.dense($1[0], named: "layer", width: 6, isFactored: isFactored) }
    }
}

/// Piecewise linear, with every point farther from a kink than the step moves it.
extension DifferenceCase {
    /// A kernel that is the identity, and no bias: inputs of 0.5 to 1 stay 0.25 from the kink whatever moves by 0.25.
    private static func identity(_ size: Int) -> @Sendable (String, Int) -> [Float] {
        { name, count in (0..<count).map { name == "layer.kernel" && $0 % (size + 1) == 0 ? 1 : 0 } }
    }

    fileprivate static func relu(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "ReLU, \(channels) channels", shapes: [Shape(4, 6, channels)],
            point: { draw, _, count in draw.awayFromZero(count, 0.5, 1) }, parameter: identity(channels), step: 0.25,
            tolerance: linearTolerance,
            declare: { $0.convolution($1[0], named: "layer", filters: channels, kernel: 1, activation: .relu) })
    }

    fileprivate static let leakyReLU = DifferenceCase(
        testDescription: "LeakyReLU", batch: 3, shapes: [Shape(1, 1, 6)], layouts: [.rows],
        point: { draw, _, count in draw.awayFromZero(count, 0.5, 1) }, parameter: identity(6), step: 0.25,
        tolerance: linearTolerance, declare: { $0.dense($1[0], named: "layer", width: 6, slope: 0.1) })

    fileprivate static func addition(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "addition and ReLU, \(channels) channels",
            shapes: [Shape(4, 6, channels), Shape(4, 6, channels)],
            point: { draw, input, count in
                input == 0 ? draw.awayFromZero(count, 1, 2) : draw.uniform(count, -0.5, 0.5)
            },
            step: 0.25, tolerance: linearTolerance, declare: { $0.addition($1[0], $1[1], named: "layer") })
    }

    fileprivate static func maxPooling(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "max-pool, \(channels) channels", shapes: [Shape(4, 6, channels)],
            point: { draw, _, count in draw.apart(count, by: 0.25) }, step: 0.0625, tolerance: linearTolerance,
            declare: { $0.maxPooling($1[0], named: "layer") })
    }

    /// What comes in is the output of a ReLU: dropout takes zeros for dropped.
    fileprivate static func flattenAndDropout(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "flatten and dropout, \(channels) channels", shapes: [Shape(4, 6, channels)],
            point: { draw, _, count in draw.uniform(count, 0.5, 1) }, step: 0.25, tolerance: linearTolerance,
            declare: { $0.flattenAndDropout($1[0], named: "layer", rate: 0.3) })
    }
}

/// Curved: the difference's own error is a sixth of the third derivative times step^2 = 2.4e-4, and rounding, 6e-8 of
/// each output, is divided by the step of 1/64.
extension DifferenceCase {
    private static let curvedStep: Float = 0x1p-6
    private static let curvedTolerance = 1e-3

    fileprivate static func sigmoid(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "sigmoid, \(channels) channels", shapes: [Shape(4, 6, channels)], step: curvedStep,
            tolerance: curvedTolerance
        ) { $0.convolution($1[0], named: "layer", filters: 1, kernel: 1, activation: .sigmoid) }
    }

    fileprivate static func batchNormalization(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "batch norm, \(channels) channels", batch: 3, shapes: [Shape(4, 6, channels)],
            step: curvedStep, tolerance: curvedTolerance
        ) { $0.batchNormalization($1[0], named: "layer") }
    }

    /// The input's gradient comes from two layers, as a skip's does.
    fileprivate static func twoTakers(_ channels: Int) -> DifferenceCase {
        DifferenceCase(
            testDescription: "a value taken by two layers, \(channels) channels", shapes: [Shape(6, 4, channels)],
            step: curvedStep, tolerance: curvedTolerance
        ) { network, inputs in
            let small = network.convolution(inputs[0], named: "small", filters: 3, kernel: 2, stride: 2)
            let mask = network.convolution(small, named: "layer", filters: 1, kernel: 1, activation: .sigmoid)
            return network.attentionMask(inputs[0], by: mask, named: "mask")
        }
    }
}

private let convolutions: [DifferenceCase] = [
    .convolution("conv 3x3", kernel: 3, from: 3, to: 5), .convolution("conv 3x3", kernel: 3, from: 16, to: 16),
    // One number moves whole tiles of outputs, each with Winograd's larger rounding.
    .convolution("conv 3x3 Winograd", kernel: 3, from: 16, to: 16, .winograd, tolerance: 1e-4),
    .convolution("conv 2x2 stride 2", kernel: 2, stride: 2, from: 5, to: 3),
    .convolution("conv 2x2 stride 2", kernel: 2, stride: 2, from: 16, to: 16),
    .convolution("conv 1x1", kernel: 1, from: 7, to: 5), .convolution("conv 1x1", kernel: 1, from: 32, to: 1),
    .convolution("transposed 3x3", kernel: 3, from: 5, to: 3, transposed: true),
    .convolution("transposed 3x3 stride 2", kernel: 3, stride: 2, from: 5, to: 3, transposed: true),
    .convolution("transposed 3x3 Winograd", kernel: 3, from: 16, to: 16, transposed: true, .winograd, tolerance: 1e-4),
]

/// Odd channels, whole blocks, and a block that is partly filled.
private let channels = [5, 16, 20]

private let others: [DifferenceCase] =
    [.dense(isFactored: false), .dense(isFactored: true), .leakyReLU]
    + [
        DifferenceCase.attentionMask, DifferenceCase.relu, DifferenceCase.addition, DifferenceCase.maxPooling,
        DifferenceCase.flattenAndDropout, DifferenceCase.sigmoid, DifferenceCase.batchNormalization,
        DifferenceCase.twoTakers,
    ].flatMap { channels.map($0) }

@Test(arguments: convolutions + others)
func gradientsAreTheSlopesOfTheOutput(_ layer: DifferenceCase) throws { try layer.check() }

@Test func theLogitsGradientIsTheSlopeOfTheLoss() throws {
    let (batch, classes) = (4, 3)
    let bench = LayerBench(batch: batch, [Shape(1, 1, classes)], [.rows]) { network, inputs in
        network.softmaxCrossEntropy(inputs[0], named: "layer")
        return nil
    }
    var draw = Draw(1)
    var logits = draw.uniform(batch * classes, -2, 2)
    let labels: [Int32] = [0, 2, 1, 2]
    labels.withUnsafeBufferPointer { labels in
        bench.context.labels = labels.baseAddress
        bench.setInput(to: logits)
        bench.forward()
        bench.backward()
        let gradient = bench.inputGradient()
        // The loss is computed in double precision; what is left is the curve, a sixth of step^2 = 6e-5.
        let step: Float = 0x1p-7
        func loss(_ place: Int, _ shift: Float) -> Double {
            let start = logits[place]
            defer { logits[place] = start }
            logits[place] += shift
            bench.setInput(to: logits)
            bench.forward()
            return bench.lossLayer.lossSum()
        }
        let differences = logits.indices.map { Float((loss($0, step) - loss($0, -step)) / Double(2 * step)) }
        expectAgreement("logits", gradient, differences, tolerance: 1e-4)
    }
}
