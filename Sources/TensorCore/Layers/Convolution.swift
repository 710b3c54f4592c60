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
}

/// A convolution, plain or transposed, with its bias and activation.
///
/// Each pass takes its activations in the layout it likes best. Where all agree, as they do for channels in whole
/// blocks, nothing is copied.
final class Convolution: Operation {
    private let layer: ConvolutionLayer
    private let geometry: ConvolutionGeometry
    private let algorithm: ConvolutionAlgorithm
    private let forwardDescriptor: PrimitiveDescriptor
    private let destination: Slot
    private var prepareWeights: [Primitive] = []
    private var preparedWeights: [(layout: Layout, memory: Memory)] = []
    /// The passes: copies into the wanted layouts, the primitive, copies out of them.
    private var forwardPass: [Primitive] = []
    private var backwardPass: [Primitive] = []
    private var inputGradient: GradientTarget?

    init(_ layer: ConvolutionLayer, _ builder: PlanBuilder) throws {
        self.layer = layer
        let one = layer.geometry
        let geometry = ConvolutionGeometry(
            batch: builder.batch, height: one.height, width: one.width, inputChannels: one.inputChannels,
            outputChannels: one.outputChannels, kernel: one.kernel, stride: one.stride,
            isTransposed: one.isTransposed)
        self.geometry = geometry
        algorithm = geometry.algorithm(preferring: builder.algorithm)
        forwardDescriptor = try withFallback(algorithm) {
            try builder.engine.convolutionForward(
                geometry, $0, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
                activation: layer.activation, training: builder.isTraining)
        }
        let wanted = forwardDescriptor.layout(of: .source)
        var source: (memory: Memory, copy: Primitive?)
        if layer.input == builder.network.input {
            // The caller's images are channels last; backward reads the copy.
            source.memory = try builder.memory(builder.write(layer.input, layout: wanted))
            source.copy = try builder.reorder(from: try builder.imageMemory(), to: source.memory)
        } else {
            source = try builder.aligned(builder.read(layer.input), to: wanted)
        }
        destination = builder.write(layer.output, layout: forwardDescriptor.layout(of: .destination))
        super.init()
        let primitive = try builder.primitive(
            forwardDescriptor,
            [
                .source: source.memory, .weights: try weights(for: forwardDescriptor, builder),
                .bias: try builder.parameterMemory("\(layer.name).bias", layout: .vector(geometry.outputChannels)),
                .destination: try builder.memory(destination),
            ])
        forwardPass = [source.copy, primitive].compactMap { $0 }
    }

    override func prepare() {
        for reorder in prepareWeights { reorder.run() }
    }

    /// output = activation(kernel * input + bias), `[n, h, w, filters]`.
    override func forward() {
        for primitive in forwardPass { primitive.run() }
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let outputGradient = builder.gradient(of: layer.output)
        if let activation = layer.activation {
            let gradient = try builder.memory(outputGradient)
            backwardPass.append(
                try builder.primitive(
                    try builder.engine.activationBackward(activation, layout: destination.layout),
                    [
                        .destination: try builder.memory(builder.read(layer.output)),
                        .destinationGradient: gradient, .sourceGradient: gradient,
                    ]))
        }
        try declareBackwardWeights(outputGradient, builder)
        if builder.needsGradient(layer.input) { try declareBackwardData(outputGradient, builder) }
    }

    /// The gradients of kernel and bias, then the input's: the transposed convolution of the output's.
    override func backward() {
        for primitive in backwardPass { primitive.run() }
        inputGradient?.finish()
    }

    private func declareBackwardWeights(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let descriptor = try withFallback(algorithm) {
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
                .source: source.memory, .destinationGradient: gradient.memory, .weightsGradient: weights,
                .biasGradient: try builder.gradientMemory(
                    "\(layer.name).bias", layout: .vector(geometry.outputChannels)),
            ])
        let store = wanted == stored.layout ? nil : try builder.reorder(from: weights, to: stored)
        backwardPass += [source.copy, gradient.copy, primitive, store].compactMap { $0 }
    }

    private func declareBackwardData(_ outputGradient: Slot, _ builder: PlanBuilder) throws {
        let descriptor = try withFallback(algorithm) {
            try builder.engine.convolutionBackwardData(
                geometry, $0, source: .any(geometry.inputDimensions), destination: .any(geometry.outputDimensions),
                forward: forwardDescriptor)
        }
        let gradient = try builder.aligned(outputGradient, to: descriptor.layout(of: .destinationGradient))
        let target = builder.gradientTarget(of: layer.input)
        let wanted = descriptor.layout(of: .sourceGradient)
        let result = try builder.memory(target.slot)
        let written = wanted == target.slot.layout ? result : try builder.memory(builder.slot(wanted))
        let primitive = try builder.primitive(
            descriptor,
            [
                .destinationGradient: gradient.memory, .weights: try weights(for: descriptor, builder),
                .sourceGradient: written,
            ])
        let copy = wanted == target.slot.layout ? nil : try builder.reorder(from: written, to: result)
        backwardPass += [gradient.copy, primitive, copy].compactMap { $0 }
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

extension ConvolutionGeometry {
    /// Winograd needs 3x3 with stride 1, and is fast in whole blocks of 16 channels.
    fileprivate func algorithm(preferring preferred: ConvolutionAlgorithm) -> ConvolutionAlgorithm {
        let fits = kernel == 3 && stride == 1 && inputChannels % 16 == 0 && outputChannels % 16 == 0
        return fits ? preferred : .direct
    }

    /// The kernel as files and messages have it.
    fileprivate var storedKernel: Layout {
        isTransposed
            ? .kernelHWOI(outputChannels, inputChannels, kernel, kernel)
            : .kernelHWIO(outputChannels, inputChannels, kernel, kernel)
    }
}

/// Where a processor has no Winograd, the direct algorithm serves.
private func withFallback(
    _ algorithm: ConvolutionAlgorithm, _ make: (ConvolutionAlgorithm) throws -> PrimitiveDescriptor
) throws -> PrimitiveDescriptor {
    guard algorithm != .direct else { return try make(.direct) }
    do { return try make(algorithm) } catch is OneDNNError { return try make(.direct) }
}
