import AttentionUNet
import Digests
import Kernels
import Parameters
import Randomness
import TensorCore

/// What tells processors apart that compute different bits.
public enum Fingerprint {
    /// The digest of a fixed probe: the gradients of a small attention U-Net on fixed images, by each of the algorithms
    /// that convolutions can be computed with. Takes less than a tenth of a second.
    public static func compute() throws -> String {
        var model = ModelSettings()
        (model.height, model.width, model.baseFilters) = (32, 32, 16)
        (model.denseLayers, model.denseWidth) = (1, 16)
        let network = Network.attentionUNet(model)
        let layout = network.parameterLayout
        let parameters = layout.initialParameters(seed: 1)
        let images = FloatBuffer(count: samples * network.shape(of: network.input).count)
        CounterGenerator(seed: 1, purpose: .probe).fillUniform(images.floats)
        let labels = (0..<samples).map { Int32($0 % model.classes) }
        var checksum = Checksum()
        for algorithm in ConvolutionAlgorithm.allCases {
            var numerics = NumericsSettings()
            numerics.convolutions = ConvolutionChoices(algorithm)
            let computation = try LaneComputation(network: network, numerics: numerics)
            let gradients = FloatBuffer(count: layout.gradientCount)
            try labels.withUnsafeBufferPointer { labels in
                let (_, factors) = try computation.train(
                    ShardInput(
                        samples: samples, images: images.base, labels: labels.baseAddress!, stepSamples: samples,
                        dropout: Dropout(seed: 1, step: 0, samples: (0..<UInt32(samples)).map { $0 })),
                    parameters: parameters.base, gradients: gradients.base)
                checksum.update(gradients.bytes)
                checksum.update(UnsafeRawBufferPointer(factors.x))
                checksum.update(UnsafeRawBufferPointer(factors.d))
            }
        }
        withExtendedLifetime((parameters, images)) {}
        return SHA256.digest(of: "\(checksum.value)")
    }

    private static let samples = 2
}

extension ParameterLayout {
    /// The digest of all names, shapes and roles in their order: equal in builds that mean the same model.
    public var digest: String {
        SHA256.digest(of: parameters.map { "\($0.name) \($0.shape) \($0.role)\n" }.joined())
    }
}
