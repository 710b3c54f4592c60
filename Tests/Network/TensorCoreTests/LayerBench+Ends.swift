import Parameters

@testable import TensorCore

/// A plain `[n, h, w, c]` array that is copied to and from a value's layout.
final class PlainArray {
    private let shape: Shape
    private let batch: Int
    private let buffer: FloatBuffer

    init(_ builder: PlanBuilder, _ value: Value) {
        shape = builder.shape(of: value)
        batch = builder.batch
        buffer = FloatBuffer(count: batch * shape.count)
    }

    var floats: UnsafeMutableBufferPointer<Float> { buffer.floats }

    func copy(to slot: Slot) {
        slot.floats.update(repeating: 0, count: slot.floatCount)
        forEachPlace(slot.layout) { plain, place in slot.floats[place] = buffer.floats[plain] }
    }

    func copy(from slot: Slot) {
        forEachPlace(slot.layout) { plain, place in buffer.floats[plain] = slot.floats[place] }
    }

    private func forEachPlace(_ layout: Layout, _ body: (_ plain: Int, _ place: Int) -> Void) {
        for plain in 0..<batch * shape.count {
            let (pixel, c) = plain.quotientAndRemainder(dividingBy: shape.channels)
            let (n, within) = pixel.quotientAndRemainder(dividingBy: shape.pixels)
            let block = n * shape.sampleStride + c / 16 * shape.blockStride
            body(plain, layout == .blocks ? block + within * 16 + c % 16 : plain)
        }
    }
}

/// Makes a value from an array, and hands its gradient out.
struct FeedLayer: Layer {
    let output: Value
    let layout: Layout

    var name: String { "feed" }
    var summary: String { "feed" }
    var inputs: [Value] { [] }
    var kind: LayerDescription.Kind { preconditionFailure("\(name) is only there for tests") }

    func compile(_ builder: PlanBuilder) -> Operation { Feed(self, builder) }
}

final class Feed: Operation {
    private let layer: FeedLayer
    private let plain: PlainArray
    private let plainGradient: PlainArray
    private let slot: Slot
    private var slotGradient: Slot!

    init(_ layer: FeedLayer, _ builder: PlanBuilder) {
        self.layer = layer
        plain = PlainArray(builder, layer.output)
        plainGradient = PlainArray(builder, layer.output)
        slot = builder.write(layer.output, layer.layout)
    }

    var values: UnsafeMutableBufferPointer<Float> { plain.floats }
    var gradient: UnsafeMutableBufferPointer<Float> { plainGradient.floats }

    override func forward() { plain.copy(to: slot) }

    override func declareBackward(_ builder: PlanBuilder) { slotGradient = builder.gradient(of: layer.output) }

    override func backwardData() { plainGradient.copy(from: slotGradient) }
}

/// Hands a value out, and takes its gradient from an array.
struct ProbeLayer: Layer {
    /// The value that is looked at.
    let output: Value

    var name: String { "probe" }
    var summary: String { "probe" }
    var inputs: [Value] { [output] }
    var kind: LayerDescription.Kind { preconditionFailure("\(name) is only there for tests") }

    func compile(_ builder: PlanBuilder) -> Operation { Probe(self, builder) }
}

final class Probe: Operation {
    private let layer: ProbeLayer
    private let plain: PlainArray
    private let plainGradient: PlainArray
    private let slot: Slot
    private var target: GradientTarget!

    init(_ layer: ProbeLayer, _ builder: PlanBuilder) {
        self.layer = layer
        plain = PlainArray(builder, layer.output)
        plainGradient = PlainArray(builder, layer.output)
        slot = builder.read(layer.output, builder.layout(of: layer.output))
    }

    var values: UnsafeMutableBufferPointer<Float> { plain.floats }
    var gradient: UnsafeMutableBufferPointer<Float> { plainGradient.floats }

    override func forward() { plain.copy(from: slot) }

    override func declareBackward(_ builder: PlanBuilder) { target = builder.gradientTarget(of: layer.output) }

    override func backwardData() {
        plainGradient.copy(to: target.slot)
        target.finish()
    }
}
