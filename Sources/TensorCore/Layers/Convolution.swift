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
        let positions = geometry.isTransposed
            ? geometry.height * geometry.width : geometry.outputHeight * geometry.outputWidth
        return positions * geometry.kernel * geometry.kernel * geometry.inputChannels * geometry.outputChannels
    }

    func compile(_ builder: PlanBuilder) throws -> Operation { try Convolution(self, builder) }
}

/// A convolution, plain or transposed, with its bias and activation.
final class Convolution: Operation {
    private let layer: ConvolutionLayer
    private let geometry: ConvolutionGeometry
    private let algorithm: ConvolutionAlgorithm
    private let forwardDescriptor: PrimitiveDescriptor
    private let source: Slot
    private let destination: Slot
    private var readImages: Primitive?
    private var prepareWeights: [Primitive] = []
    private var preparedWeights: [(layout: Layout, memory: Memory)] = []
    private var forwardPrimitive: Primitive!
    private var activationBackward: Primitive?
    private var backwardWeights: Primitive!
    private var storeWeightsGradient: Primitive?
    private var backwardData: Primitive?
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
        let takesImages = layer.input == builder.network.input
        let sourceLayout = takesImages ? .any(geometry.inputDimensions) : builder.layout(of: layer.input)
        forwardDescriptor = try withFallback(algorithm) {
            try builder.engine.convolutionForward(
                geometry, $0, source: sourceLayout, destination: .any(geometry.outputDimensions),
                activation: layer.activation, training: builder.isTraining)
        }
        // The images come channels last; the first convolution takes them as its primitive likes them best.
        source = takesImages
            ? builder.write(layer.input, layout: forwardDescriptor.layout(of: .source)) : builder.read(layer.input)
        destination = builder.write(layer.output, layout: forwardDescriptor.layout(of: .destination))
        super.init()
        if takesImages {
            readImages = try builder.reorder(from: try builder.imageMemory(), to: try builder.memory(source))
        }
        forwardPrimitive = try builder.primitive(
            forwardDescriptor,
            [
                .source: try builder.memory(source), .weights: try weights(for: forwardDescriptor, builder),
                .bias: try builder.parameterMemory("\(layer.name).bias", layout: .vector(geometry.outputChannels)),
                .destination: try builder.memory(destination),
            ])
    }

    override func prepare() {
        for reorder in prepareWeights { reorder.run() }
    }

    /// output = activation(kernel * input + bias), `[n, h, w, filters]`.
    override func forward() {
        readImages?.run()
        forwardPrimitive.run()
    }

    override func declareBackward(_ builder: PlanBuilder) throws {
        let (engine, kernel) = (builder.engine, "\(layer.name).kernel")
        let outputGradient = try builder.memory(builder.gradient(of: layer.output))
        let source = try builder.memory(builder.read(layer.input))
        if let activation = layer.activation {
            activationBackward = try builder.primitive(
                try engine.activationBackward(activation, layout: destination.layout),
                [
                    .destination: try builder.memory(builder.read(layer.output)),
                    .destinationGradient: outputGradient, .sourceGradient: outputGradient,
                ])
        }

        let descriptor = try withFallback(algorithm) {
            try engine.convolutionBackwardWeights(
                geometry, $0, source: self.source.layout, destination: destination.layout,
                forward: forwardDescriptor)
        }
        let wanted = descriptor.layout(of: .weightsGradient)
        let stored = try builder.gradientMemory(kernel, layout: geometry.storedKernel)
        let gradient = wanted == stored.layout ? stored : try builder.memory(builder.slot(wanted))
        backwardWeights = try builder.primitive(
            descriptor,
            [
                .source: source, .destinationGradient: outputGradient, .weightsGradient: gradient,
                .biasGradient: try builder.gradientMemory(
                    "\(layer.name).bias", layout: .vector(geometry.outputChannels)),
            ])
        if wanted != stored.layout { storeWeightsGradient = try builder.reorder(from: gradient, to: stored) }

        guard builder.needsGradient(layer.input) else { return }
        let dataDescriptor = try withFallback(algorithm) {
            try engine.convolutionBackwardData(
                geometry, $0, source: self.source.layout, destination: destination.layout,
                forward: forwardDescriptor)
        }
        let target = builder.gradientTarget(of: layer.input)
        backwardData = try builder.primitive(
            dataDescriptor,
            [
                .destinationGradient: outputGradient, .weights: try weights(for: dataDescriptor, builder),
                .sourceGradient: try builder.memory(target.slot),
            ])
        inputGradient = target
    }

    /// The gradients of kernel and bias, then the input's: the transposed convolution of the output's.
    override func backward() {
        activationBackward?.run()
        backwardWeights.run()
        storeWeightsGradient?.run()
        backwardData?.run()
        inputGradient?.finish()
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
