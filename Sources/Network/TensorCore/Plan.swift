import Parameters

/// A network compiled for a batch size: every buffer placed, no tensor allocated in a step.
///
/// Belongs to the thread that made it. `[n, h, w, c]` images in, loss and gradients out.
public final class Plan {
    public enum Mode: Sendable {
        case training
        case inference
    }

    public let network: Network
    public let batch: Int
    public let mode: Mode
    /// Bytes of the arena that this plan needs.
    public let plannedByteCount: Int
    /// Where the passes' time is counted, if anywhere.
    public var profile: StepProfile?
    /// Who multiplies with the factored kernel where this lane does not do so alone.
    public var factoredProducts: (any FactoredProducts)? {
        get { context.factoredProducts }
        set { context.factoredProducts = newValue }
    }
    private let context: StepContext
    private let operations: [Operation]
    private let loss: SoftmaxCrossEntropy
    private let factoredDense: FactoredDenseOperation?
    private let arena: Arena
    private let buffers: [Buffer]
    private var boundBase: UnsafeMutablePointer<Float>?
    /// Where the parameters of each operation end in the flat buffer, the factored one's aside; 0 without any.
    private let parameterEnds: [Int]
    /// The factored kernel's operation, and where the kernel ends.
    private let factored: (index: Int, end: Int)?
    private var waitForParameters: ((_ count: Int) -> Bool)?

    /// With `keepsAttention`, `attentionMaps` can be read after forward.
    public init(
        _ network: Network, batch: Int, mode: Mode, convolutions: ConvolutionChoices, keepsAttention: Bool = false,
        arena: Arena
    ) {
        precondition(batch > 0 && network.classes > 0, "a plan for batch \(batch), \(network.classes) classes")
        self.network = network
        self.batch = batch
        self.mode = mode
        self.arena = arena
        let builder = PlanBuilder(
            network: network, batch: batch, isTraining: mode == .training, choices: convolutions,
            keepsAttention: keepsAttention)
        var operations: [Operation] = []
        for (index, layer) in network.layers.enumerated() {
            builder.now = index
            operations.append(layer.compile(builder))
        }
        if mode == .training {
            for (index, operation) in operations.enumerated().reversed() {
                builder.now = builder.endOfStep - 1 - index
                operation.declareBackward(builder)
            }
        }
        self.operations = operations
        let layout = network.parameterLayout
        let ends = Dictionary(
            uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.role == .factored ? 0 : $0.range.upperBound) })
        parameterEnds = network.layers.map { $0.parameters.compactMap { ends[$0] }.max() ?? 0 }
        factored = operations.firstIndex { $0 is FactoredDenseOperation }.map { ($0, layout.count) }
        loss = operations.last as! SoftmaxCrossEntropy
        factoredDense = operations.lazy.compactMap { $0 as? FactoredDenseOperation }.first
        context = builder.context
        buffers = builder.buffers
        plannedByteCount = place(builder.buffers)
    }

    /// Takes parameters in the network's layout; they may end before the factored kernel if that lies elsewhere or
    /// others multiply with it. They must stay in place until the next call.
    ///
    /// They may still be arriving, from the front: then `waiting` returns when the first `count` floats are there,
    /// false if they will not come, and the forward pass, which calls it, follows them.
    public func load(
        _ parameters: UnsafePointer<Float>, factoredKernel: UnsafePointer<Float>? = nil,
        waiting: ((_ count: Int) -> Bool)? = nil
    ) {
        bindBuffers()
        context.factoredKernel = factoredKernel
        context.parameters = parameters
        waitForParameters = waiting
    }

    /// Computes the probabilities. In training mode, batch statistics are written to `gradients`, which must hold the
    /// layout's `gradientCount` floats, and the images must stay until backward has ended.
    public func forward(
        images: UnsafePointer<Float>, gradients: UnsafeMutablePointer<Float>? = nil, dropout: Dropout? = nil
    ) {
        precondition(context.parameters != nil, "forward before load")
        precondition(mode == .inference || gradients != nil, "training needs a place for gradients")
        precondition(dropout == nil || dropout!.samples.count == batch, "dropout for another batch")
        context.dropout = dropout
        context.images = images
        context.gradients = gradients
        context.isGivenUp = false
        profile?.beginStep()
        for index in operations.indices where !context.isGivenUp {
            if parametersAreThere(index) { run(.forward, index) } else { context.isGivenUp = true }
        }
        waitForParameters = nil
    }

    /// Waits for what an operation takes of the parameters; false if it will not come.
    private func parametersAreThere(_ index: Int) -> Bool {
        guard let waitForParameters else { return true }
        var end = parameterEnds[index]
        if let factored, factored.index == index, context.factoredProducts == nil, context.factoredKernel == nil {
            end = factored.end
        }
        return end == 0 || waitForParameters(end)
    }

    /// Writes the gradient of the samples' losses, each times `scale`, to the buffer given to `forward`.
    ///
    /// `labels` are `batch` classes, each within 0..<classes. `settled` is called when all of the gradient from a place
    /// on is written, time and again, with ever smaller places and 0 in the end.
    public func backward(
        labels: UnsafePointer<Int32>, weights: UnsafePointer<Float>? = nil, scale: Float,
        settled: ((_ first: Int) throws -> Void)? = nil
    ) rethrows {
        precondition(mode == .training, "backward in a plan for inference")
        (context.labels, context.weights) = (labels, weights)
        context.gradientScale = scale
        for index in operations.indices.reversed() where !context.isGivenUp {
            run(.backwardWeights, index)
            run(.backwardData, index)
            if !context.isGivenUp { try settled?(parameterEnds[..<index].max() ?? 0) }
        }
    }

    /// The parameters did not come, or whoever multiplies with the factored kernel did not: the step has no result.
    public var isGivenUp: Bool { context.isGivenUp }

    /// `[batch, classes]`, until the next forward.
    public var probabilities: UnsafeBufferPointer<Float> { loss.probabilities }

    /// What each attention gate lets through of a sample, in the order of the layers; until the next forward, of a plan
    /// that keeps it.
    public func attentionMaps(of sample: Int) -> [AttentionMap] {
        precondition((0..<batch).contains(sample), "sample \(sample) of \(batch)")
        return operations.compactMap { ($0 as? AttentionMask)?.map(of: sample) }
    }

    /// The sum of the samples' cross-entropies with the labels, each times its weight if there are any.
    public func lossSum(labels: UnsafePointer<Int32>, weights: UnsafePointer<Float>? = nil) -> Double {
        (context.labels, context.weights) = (labels, weights)
        return loss.lossSum()
    }

    /// The factors of the factored kernel's gradient X^T D, `[batch, K]` and `[batch, width]`: until the next forward.
    public var factors: (x: UnsafeBufferPointer<Float>, d: UnsafeBufferPointer<Float>)? {
        mode == .training ? factoredDense?.factors : nil
    }

    private func run(_ pass: Pass, _ index: Int) {
        let operation = operations[index]
        if let profile {
            profile.measure(index, pass) { operation.run(pass) }
        } else {
            operation.run(pass)
        }
    }

    private func bindBuffers() {
        arena.reserve(byteCount: plannedByteCount)
        guard boundBase != arena.memory.base else { return }
        bind(buffers, to: UnsafeMutableRawPointer(arena.memory.base))
        boundBase = arena.memory.base
    }
}
