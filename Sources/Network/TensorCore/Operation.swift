import Kernels

/// What of a layer is computed.
public enum Pass: String, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
    case forward
    case backwardWeights = "backward-weights"
    case backwardData = "backward-data"
}

/// A compiled layer. Subclasses hold their kernels and buffers; no tensor is allocated when they run.
///
/// The methods are called in the order of their declaration: `declareBackward` once, then the passes for each shard.
class Operation {
    /// Reserves what backward needs. Called in reverse order of the layers, with the builder's clock at that moment.
    func declareBackward(_ builder: PlanBuilder) {}
    func forward() {}
    /// The gradients of the parameters, and whatever both halves of backward need.
    func backwardWeights() {}
    /// The gradient of the input.
    func backwardData() {}

    final func run(_ pass: Pass) {
        switch pass {
        case .forward: forward()
        case .backwardWeights: backwardWeights()
        case .backwardData: backwardData()
        }
    }
}

/// Where a layer writes the gradient of its input.
///
/// The first layer of a step's backward pass to reach a value writes its gradient; the others write to a scratch
/// buffer which is then added, always in the reverse order of the layers.
final class GradientTarget {
    /// What the layer writes.
    let slot: Slot
    private let total: Slot?

    init(slot: Slot, addedTo total: Slot?) {
        self.slot = slot
        self.total = total
    }

    /// Call when `slot` is written.
    func finish() {
        guard let total else { return }
        add(slot.floats, to: total.floats, count: slot.floatCount)
    }
}

/// What a step is about, read by the operations as it runs.
final class StepContext {
    var parameters: UnsafePointer<Float>!
    var gradients: UnsafeMutablePointer<Float>!
    /// `[n, h, w, c]`, until backward has ended.
    var images: UnsafePointer<Float>!
    var labels: UnsafePointer<Int32>!
    /// What each sample's loss counts; nil: one.
    var weights: UnsafePointer<Float>?
    /// The weight of each sample's loss in the gradient: 1 / (samples of the whole step).
    var gradientScale: Float = 1
    /// nil outside training: nothing is dropped.
    var dropout: Dropout?
    /// nil where the factored kernel lies behind the other parameters.
    var factoredKernel: UnsafePointer<Float>?
    /// nil where the lane multiplies with the factored kernel alone.
    var factoredProducts: (any FactoredProducts)?
    /// A product was not to be had: what follows in the step is not computed.
    var isGivenUp = false
}
