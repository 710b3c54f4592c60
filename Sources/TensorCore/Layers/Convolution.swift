import OneDNN
import Parameters

extension Network {
    /// A convolution with `same` padding and a bias. Kernel `[kernel, kernel, in, filters]`.
    public mutating func convolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int = 1, activation: Activation? = nil
    ) -> Value {
        addConvolution(
            input, named: name, filters: filters, kernel: kernel, stride: stride, isTransposed: false,
            activation: activation)
    }

    /// A transposed convolution with `same` padding and a bias: `stride` times the extent. Kernel
    /// `[kernel, kernel, filters, in]`.
    public mutating func transposedConvolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int = 1
    ) -> Value {
        addConvolution(
            input, named: name, filters: filters, kernel: kernel, stride: stride, isTransposed: true, activation: nil)
    }

    private mutating func addConvolution(
        _ input: Value, named name: String, filters: Int, kernel: Int, stride: Int, isTransposed: Bool,
        activation: Activation?
    ) -> Value {
        let shape = shape(of: input)
        let geometry = ConvolutionGeometry(
            batch: 1, height: shape.height, width: shape.width, inputChannels: shape.channels,
            outputChannels: filters, kernel: kernel, stride: stride, isTransposed: isTransposed)
        let area = kernel * kernel
        let channels = isTransposed ? [filters, shape.channels] : [shape.channels, filters]
        declare(
            "\(name).kernel", [kernel, kernel] + channels,
            .glorotUniform(fanIn: area * channels[0], fanOut: area * channels[1]))
        declare("\(name).bias", [filters], .zeros)
        let output = makeValue(Shape(geometry.outputHeight, geometry.outputWidth, filters))
        return append(
            ConvolutionLayer(name: name, input: input, output: output, geometry: geometry, activation: activation))
    }
}

struct ConvolutionLayer: Layer {
    let name: String
    let input: Value
    let output: Value
    /// Of one sample.
    let geometry: ConvolutionGeometry
    let activation: Activation?

    var inputs: [Value] { [input] }
    var kind: LayerDescription.Kind { .convolution(geometry, activation) }
    var parameters: [String] { ["\(name).kernel", "\(name).bias"] }

    var summary: String {
        let kind = geometry.isTransposed ? "transposed conv" : "conv"
        let stride = geometry.stride == 1 ? "" : " stride \(geometry.stride)"
        return "\(kind) \(geometry.kernel)x\(geometry.kernel)\(stride)\(activation.map { ", \($0)" } ?? "")"
    }

    var multiplyAdds: Int {
        // Each position of the smaller side meets each weight once.
        let positions =
            geometry.isTransposed
            ? geometry.height * geometry.width : geometry.outputHeight * geometry.outputWidth
        return positions * geometry.kernel * geometry.kernel * geometry.inputChannels * geometry.outputChannels
    }

    func compile(_ builder: PlanBuilder) throws -> Operation { try Convolution(self, builder) }

    /// What computes a pass. Our own kernels have no other activation than ReLU.
    fileprivate func algorithm(
        _ geometry: ConvolutionGeometry, _ pass: Pass, _ builder: PlanBuilder
    ) -> ConvolutionAlgorithm {
        activation == .sigmoid ? .direct : builder.choices.algorithm(geometry, pass)
    }
}

/// A convolution, plain or transposed, with its bias and activation.
///
/// Each pass takes its activations in the layout it likes best. Where all agree, as they do for channels in whole
/// blocks, nothing is copied.
final class Convolution: Operation {
    private let layer: ConvolutionLayer
    private let geometry: ConvolutionGeometry
    private let destination: Slot
    private let forwardDescriptor: PrimitiveDescriptor
    private var prepareWeights: [Primitive] = []
    private var preparedWeights: [(layout: Layout, memory: Memory)] = []
    /// The passes: copies into the wanted layouts, the computation, copies out of them.
    private var forwardPass: [Task] = []
    private var backwardWeightsPass: [Task] = []
    private var backwardDataPass: [Task] = []
    private var inputGradient: GradientTarget?

    init(_ layer: ConvolutionLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        let one = layer.geometry
        let geometry = ConvolutionGeometry(
            batch: builder.batch, height: one.height, width: one.width, inputChannels: one.inputChannels,
            outputChannels: one.outputChannels, kernel: one.kernel, stride: one.stride,
            isTransposed: one.isTransposed)
        self.geometry = geometry
        let algorithm = layer.algorithm(geometry, .forward, builder)
        // Backward primitives ask for it as a hint, whatever computes forward.
        let descriptor = try withFallback(algorithm.inLibrary) {
            try builder.engine.convolutionForward(
                geometry, $0, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
                activation: layer.activation, training: builder.isTraining)
        }
        forwardDescriptor = descriptor
        let isWinograd = algorithm == .winograd
        let source = try builder.source(
            layer.input, layout: isWinograd ? .blocked(geometry.inputDimensions) : descriptor.layout(of: .source))
        destination = builder.write(
            layer.output,
            layout: isWinograd ? .blocked(geometry.outputDimensions) : descriptor.layout(of: .destination))
        super.init()
        let task: Task
        if isWinograd {
            task = .winograd(
                WinogradTask(
                    .forward, layer, geometry, builder, input: source.slot.buffer, output: destination.buffer))
        } else {
            task = .primitive(
                try builder.primitive(
                    descriptor,
                    [
                        .source: try builder.memory(source.slot), .weights: try weights(for: descriptor, builder),
                        .bias: try builder.parameterMemory(
                            "\(layer.name).bias", layout: .vector(geometry.outputChannels)),
                        .destination: try builder.memory(destination),
                    ]))
        }
        forwardPass = copies(source.copy) + [task]
    }

    override func prepare() {
        for reorder in prepareWeights { reorder.run() }
    }

    /// output = activation(kernel * input + bias), `[n, h, w, filters]`.
    override func forward() {
        for task in forwardPass { task.run() }
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let outputGradient = builder.gradient(of: layer.output)
        if layer.algorithm(geometry, .backwardWeights, builder) == .winograd {
            try declareWinogradBackwardWeights(outputGradient, builder)
        } else {
            if layer.activation != nil { try declareActivationBackward(outputGradient, builder) }
            try declareBackwardWeights(outputGradient, builder)
        }
        guard builder.needsGradient(layer.input) else { return }
        if layer.algorithm(geometry, .backwardData, builder) == .winograd {
            try declareWinogradBackwardData(outputGradient, builder)
        } else {
            try declareBackwardData(outputGradient, builder)
        }
    }

    /// The gradients of kernel and bias; the output's gradient passes back through the activation in place.
    override func backwardWeights() {
        for task in backwardWeightsPass { task.run() }
    }

    /// The input's gradient: the transposed convolution of the output's.
    override func backwardData() {
        for task in backwardDataPass { task.run() }
        inputGradient?.finish()
    }

    // MARK: By our own kernels

    private func declareWinogradBackwardWeights(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let output = layer.activation == .relu ? builder.read(layer.output) : nil
        let source = try builder.aligned(builder.read(layer.input), to: .blocked(geometry.inputDimensions))
        // The layout of the output's gradient is that of the output, which may be another where forward is direct.
        let gradient = try builder.aligned(outputGradient, to: .blocked(geometry.outputDimensions))
        let isBlocked = gradient.copy == nil
        if !isBlocked, output != nil { try declareActivationBackward(outputGradient, builder) }
        backwardWeightsPass += copies(source.copy, gradient.copy)
        backwardWeightsPass += [
            .bias(
                BiasTask(
                    layer, geometry, builder, gradient: gradient.slot.buffer, output: isBlocked ? output?.buffer : nil)),
            .winograd(
                WinogradTask(
                    .backwardWeights, layer, geometry, builder, input: source.slot.buffer,
                    output: gradient.slot.buffer)),
        ]
    }

    private func declareWinogradBackwardData(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let gradient = try builder.aligned(outputGradient, to: .blocked(geometry.outputDimensions))
        let target = builder.gradientTarget(of: layer.input)
        let (written, copy) = try builder.written(to: target.slot, from: .blocked(geometry.inputDimensions))
        backwardDataPass =
            copies(gradient.copy)
            + [
                .winograd(
                    WinogradTask(
                        .backwardData, layer, geometry, builder, input: written.buffer, output: gradient.slot.buffer))
            ] + copies(copy)
        inputGradient = target
    }

    // MARK: By the library's primitives

    private func declareActivationBackward(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let gradient = try builder.memory(outputGradient)
        backwardWeightsPass.append(
            .primitive(
                try builder.primitive(
                    try builder.engine.activationBackward(layer.activation!, layout: destination.layout),
                    [
                        .destination: try builder.memory(builder.read(layer.output)),
                        .destinationGradient: gradient, .sourceGradient: gradient,
                    ])))
    }

    private func declareBackwardWeights(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let algorithm = layer.algorithm(geometry, .backwardWeights, builder)
        let descriptor = try withFallback(algorithm.inLibrary) {
            try builder.engine.convolutionBackwardWeights(
                geometry, $0, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
                forward: forwardDescriptor)
        }
        let source = try builder.aligned(builder.read(layer.input), to: descriptor.layout(of: .source))
        let gradient = try builder.aligned(outputGradient, to: descriptor.layout(of: .destinationGradient))
        let wanted = descriptor.layout(of: .weightsGradient)
        let stored = try builder.gradientMemory("\(layer.name).kernel", layout: geometry.storedKernel)
        let weights = wanted == stored.layout ? stored : try builder.memory(builder.slot(wanted))
        let primitive = try builder.primitive(
            descriptor,
            [
                .source: try builder.memory(source.slot), .destinationGradient: try builder.memory(gradient.slot),
                .weightsGradient: weights,
                .biasGradient: try builder.gradientMemory(
                    "\(layer.name).bias", layout: .vector(geometry.outputChannels)),
            ])
        let store = wanted == stored.layout ? nil : try builder.reorder(from: weights, to: stored)
        backwardWeightsPass += copies(source.copy, gradient.copy) + [.primitive(primitive)] + copies(store)
    }

    private func declareBackwardData(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let algorithm = layer.algorithm(geometry, .backwardData, builder)
        let descriptor = try withFallback(algorithm.inLibrary) {
            try builder.engine.convolutionBackwardData(
                geometry, $0, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
                forward: forwardDescriptor)
        }
        let gradient = try builder.aligned(outputGradient, to: descriptor.layout(of: .destinationGradient))
        let target = builder.gradientTarget(of: layer.input)
        let (written, copy) = try builder.written(to: target.slot, from: descriptor.layout(of: .sourceGradient))
        let primitive = try builder.primitive(
            descriptor,
            [
                .destinationGradient: try builder.memory(gradient.slot),
                .weights: try weights(for: descriptor, builder), .sourceGradient: try builder.memory(written),
            ])
        backwardDataPass = copies(gradient.copy) + [.primitive(primitive)] + copies(copy)
        inputGradient = target
    }

    /// The kernel in the layout that a primitive wants; passes that want the same share one copy.
    private func weights(for descriptor: PrimitiveDescriptor, _ builder: PlanBuilder) throws -> Memory {
        let wanted = descriptor.layout(of: .weights)
        if let prepared = preparedWeights.first(where: { $0.layout == wanted }) { return prepared.memory }
        let stored = try builder.parameterMemory("\(layer.name).kernel", layout: geometry.storedKernel)
        if wanted == stored.layout { return stored }
        let memory = try builder.memory(wanted, in: builder.allocatePersistent(wanted.byteCount))
        prepareWeights.append(try builder.reorder(from: stored, to: memory))
        preparedWeights.append((wanted, memory))
        return memory
    }
}

/// A part of a pass.
private enum Task {
    case primitive(Primitive)
    case winograd(WinogradTask)
    case bias(BiasTask)

    func run() {
        switch self {
        case .primitive(let primitive): primitive.run()
        case .winograd(let task): task.run()
        case .bias(let task): task.run()
        }
    }
}

private func copies(_ primitives: Primitive?...) -> [Task] { primitives.compactMap { $0.map(Task.primitive) } }

extension ConvolutionGeometry {
    /// The kernel as files and messages have it.
    fileprivate var storedKernel: Layout {
        isTransposed
            ? .kernelHWOI(outputChannels, inputChannels, kernel, kernel)
            : .kernelHWIO(outputChannels, inputChannels, kernel, kernel)
    }
}

/// Where a processor has no Winograd, the direct algorithm serves.
private func withFallback(
    _ algorithm: LibraryAlgorithm, _ make: (LibraryAlgorithm) throws -> PrimitiveDescriptor
) throws -> PrimitiveDescriptor {
    guard algorithm != .direct else { return try make(.direct) }
    do { return try make(algorithm) } catch is OneDNNError { return try make(.direct) }
}
