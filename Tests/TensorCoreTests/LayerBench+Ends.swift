import OneDNN
import Parameters

@testable import TensorCore

/// A plain `[n, h, w, c]` array that copies read and write.
final class PlainArray {
    let memory: Memory
    private let buffer: FloatBuffer

    init(_ builder: PlanBuilder, _ value: Value) throws {
        let shape = builder.shape(of: value)
        buffer = FloatBuffer(count: builder.batch * shape.count)
        memory = try Memory(
            .channelsLast(builder.batch, shape.channels, shape.height, shape.width), on: builder.engine)
        memory.pointer = UnsafeMutableRawPointer(buffer.base)
    }

    var floats: UnsafeMutableBufferPointer<Float> { buffer.floats }
}

/// Makes a value from an array, and hands its gradient out.
struct FeedLayer: Layer {
    let output: Value
    let arrangement: LayerBench.Arrangement

    var name: String { "feed" }
    var summary: String { "feed" }
    var inputs: [Value] { [] }
    var kind: LayerDescription.Kind { preconditionFailure("\(name) is only there for tests") }

    func compile(_ builder: PlanBuilder) throws -> Operation { try Feed(self, builder) }
}

final class Feed: Operation {
    private let layer: FeedLayer
    private let plain: PlainArray
    private let plainGradient: PlainArray
    private let copyIn: Primitive
    private var copyOut: Primitive!

    init(_ layer: FeedLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        plain = try PlainArray(builder, layer.output)
        plainGradient = try PlainArray(builder, layer.output)
        let layout = try layer.arrangement.layout(of: layer.output, builder, else: plain.memory.layout)
        let slot = builder.write(layer.output, layout: layout)
        copyIn = try builder.reorder(from: plain.memory, to: try builder.memory(slot))
    }

    var values: UnsafeMutableBufferPointer<Float> { plain.floats }
    var gradient: UnsafeMutableBufferPointer<Float> { plainGradient.floats }

    override func forward() { copyIn.run() }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let gradient = builder.gradient(of: layer.output)
        copyOut = try builder.reorder(from: try builder.memory(gradient), to: plainGradient.memory)
    }

    override func backwardData() { copyOut.run() }
}

/// Hands a value out, and takes its gradient from an array.
struct ProbeLayer: Layer {
    /// The value that is looked at.
    let output: Value

    var name: String { "probe" }
    var summary: String { "probe" }
    var inputs: [Value] { [output] }
    var kind: LayerDescription.Kind { preconditionFailure("\(name) is only there for tests") }

    func compile(_ builder: PlanBuilder) throws -> Operation { try Probe(self, builder) }
}

final class Probe: Operation {
    private let layer: ProbeLayer
    private let plain: PlainArray
    private let plainGradient: PlainArray
    private let copyOut: Primitive
    private var copyIn: Primitive!
    private var target: GradientTarget!

    init(_ layer: ProbeLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        plain = try PlainArray(builder, layer.output)
        plainGradient = try PlainArray(builder, layer.output)
        copyOut = try builder.reorder(from: try builder.memory(builder.read(layer.output)), to: plain.memory)
    }

    var values: UnsafeMutableBufferPointer<Float> { plain.floats }
    var gradient: UnsafeMutableBufferPointer<Float> { plainGradient.floats }

    override func forward() { copyOut.run() }

    override func declareBackward(_ builder: PlanBuilder) throws {
        target = builder.gradientTarget(of: layer.output)
        copyIn = try builder.reorder(from: plainGradient.memory, to: try builder.memory(target.slot))
    }

    override func backwardData() {
        copyIn.run()
        target.finish()
    }
}

extension LayerBench.Arrangement {
    fileprivate func layout(of value: Value, _ builder: PlanBuilder, else plain: Layout) throws -> Layout {
        guard self == .convolutional else { return plain }
        let shape = builder.shape(of: value)
        let geometry = ConvolutionGeometry(
            batch: builder.batch, height: shape.height, width: shape.width, inputChannels: 16,
            outputChannels: shape.channels, kernel: 3, stride: 1)
        return try builder.engine.convolutionForward(
            geometry, .direct, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
            activation: nil, training: builder.isTraining
        ).layout(of: .destination)
    }
}
