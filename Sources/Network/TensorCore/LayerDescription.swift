/// A layer as other programs need to know it, to compute the network as it is outside of training.
public struct LayerDescription: Sendable {
    /// What is computed. The parameters' names are the layer's, with a word behind it.
    public enum Kind: Hashable, Sendable {
        /// With `kernel` and `bias`, then the activation.
        case convolution(ConvolutionGeometry, Activation?)
        /// The maximum of each `size` x `size` window, with the same stride.
        case maxPooling(size: Int)
        /// ReLU of the two inputs' sum.
        case addition
        /// The second input, repeated over 2x2 pixels and over the channels, times the first.
        case attentionMask
        /// With `gamma`, `beta`, `moving_mean` and `moving_variance`.
        case batchNormalization(epsilon: Float)
        /// Rows in (h, w, c) order.
        case flatten
        /// With `kernel` and `bias`, then LeakyReLU if there is a slope.
        case dense(slope: Float?)
        case softmax
    }

    /// The contract's name, such as "encoder.1.conv1".
    public let name: String
    public let kind: Kind
    public let inputs: [Value]
    public let output: Value
}

extension Network {
    /// The layers in the order of computing.
    public var layerDescriptions: [LayerDescription] {
        layers.map { LayerDescription(name: $0.name, kind: $0.kind, inputs: $0.inputs, output: $0.output) }
    }
}
