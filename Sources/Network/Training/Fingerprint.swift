import AttentionUNet
import Digests
import Kernels
import Optimization
import Parameters
import Randomness
import TensorCore

/// What tells machines apart that compute different bits.
public enum Fingerprint {
    /// The digest of a fixed probe of what nodes compute. Takes less than a tenth of a second; a second where a
    /// processor has no fused multiply-adds.
    ///
    /// A worker's part: loss, gradients and scores of a small attention U-Net on fixed images, by each of the
    /// algorithms that convolutions can be computed with, and kernels of larger shapes alone. A parameter server's: the
    /// sums of these gradients, and steps along them.
    public static func compute() throws -> String {
        let probe = Probe()
        var checksum = Checksum()
        var shards: [Probe.Shard] = []
        for algorithm in ConvolutionAlgorithm.allCases { shards.append(try probe.shard(by: algorithm, &checksum)) }
        Probe.computeLargerShapes(&checksum)
        probe.takeSteps(along: shards, &checksum)
        return SHA256.digest(of: "\(checksum.value)")
    }
}

/// A small model, with fixed parameters and samples.
private struct Probe {
    private let network: Network
    private let layout: ParameterLayout
    private let parameters: FloatBuffer
    private let images: FloatBuffer
    private static let labels: [Int32] = [0, 1]
    private static let weights: [Float] = [1, 0.75]

    /// What a worker sends of a shard.
    struct Shard {
        let gradients: FloatBuffer
        let x: FloatBuffer
        let d: FloatBuffer
    }

    init() {
        var model = ModelSettings()
        (model.height, model.width, model.baseFilters) = (32, 32, 16)
        (model.denseLayers, model.denseWidth) = (1, 16)
        network = Network.attentionUNet(model)
        layout = network.parameterLayout
        parameters = layout.initialParameters(seed: 1)
        images = Self.draw(Self.labels.count * network.shape(of: network.input).count, seed: 1)
    }

    /// As a lane trains and scores.
    func shard(by algorithm: ConvolutionAlgorithm, _ checksum: inout Checksum) throws -> Shard {
        var numerics = NumericsSettings()
        numerics.convolutions = ConvolutionChoices(algorithm)
        let computation = try LaneComputation(network: network, numerics: numerics)
        let gradients = FloatBuffer(count: layout.gradientCount)
        let samples = Self.labels.count
        let dropout = Dropout(seed: 1, step: 0, samples: (0..<UInt32(samples)).map { $0 })
        let shard = try Self.labels.withUnsafeBufferPointer { labels in
            try Self.weights.withUnsafeBufferPointer { weights in
                let (outcome, factors) = try computation.train(
                    ShardInput(
                        samples: samples, images: images.base, labels: labels.baseAddress!,
                        weights: weights.baseAddress!, stepSamples: samples, dropout: dropout),
                    parameters: parameters.base, gradients: gradients.base)
                checksum.update(outcome.lossSum.bitPattern)
                return Shard(gradients: gradients, x: Self.copy(factors.x), d: Self.copy(factors.d))
            }
        }
        for floats in [shard.gradients, shard.x, shard.d] { checksum.update(floats.bytes) }
        try computation.score(samples: samples, images: images.base, parameters: parameters.base) {
            checksum.update(UnsafeRawBufferPointer($0))
        }
        withExtendedLifetime((parameters, images)) {}
        return shard
    }

    /// What the small model does not reach: tiles of six pixels each way, and rows of a dense kernel that are as wide
    /// as most have them.
    static func computeLargerShapes(_ checksum: inout Checksum) {
        let (samples, inputs, outputs) = (2, 48, 32)
        for (height, width) in [(6, 6), (6, 8), (8, 6)] {
            let tiles = WinogradConvolution(
                batch: samples, height: height, width: width, inputs: inputs, outputs: outputs)
            let pixels = samples * height * width
            let kernel = draw(9 * inputs * outputs, seed: 3)
            let (x, y) = (draw(pixels * inputs, seed: 4), FloatBuffer(count: pixels * outputs))
            let bytes = [ConvolutionPass.forward, .backwardData, .backwardWeights].map { tiles.scratchByteCount($0) }
            let scratch = FloatBuffer(count: bytes.max()! / 4)
            tiles.convolve(
                x.base, kernel: kernel.base, bias: nil, relu: false, into: y.base, scratch: scratch.base)
            checksum.update(y.bytes)
            let gradient = FloatBuffer(count: kernel.count)
            tiles.kernelGradient(x.base, outputGradient: y.base, into: gradient.base, scratch: scratch.base)
            checksum.update(gradient.bytes)
            tiles.convolveTransposed(
                y.base, kernel: kernel.base, bias: nil, into: x.base, scratch: scratch.base)
            checksum.update(x.bytes)
        }
        let dense = FactoredDense(depth: 48, width: 256)
        let kernel = draw(dense.depth * dense.width, seed: 5)
        let (x, dx) = (draw(4 * dense.depth, seed: 6), FloatBuffer(count: 4 * dense.depth))
        let (d, sums) = (draw(4 * dense.width, seed: 7), FloatBuffer(count: 4 * dense.width))
        let rows = dense.samples(4, x: x.base, d: d.base, dx: dx.base)
        dense.forward(rows, block: 0, kernel: kernel.base, sums: sums.base)
        dense.backwardDataAndStep(rows, block: 0, sgd: SGD(learningRate: 0.1).step, kernel: kernel.base)
        for floats in [sums, dx, kernel] { checksum.update(floats.bytes) }
    }

    /// As a parameter server adds gradients, and takes steps of each kind.
    func takeSteps(along shards: [Shard], _ checksum: inout Checksum) {
        let sum = FloatBuffer(count: layout.gradientCount)
        for shard in shards { add(shard.gradients.base, sum.base, into: sum.base, count: sum.count) }
        for shard in shards { add(shard.gradients.base, to: sum.base, count: sum.count) }
        let factors = shards.map { DenseFactors(samples: Self.labels.count, x: $0.x.base, d: $0.d.base) }
        var decaying = SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01)
        decaying.decay = .cosine
        for optimizer in [SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9), decaying] {
            let stepped = Self.copy(UnsafeBufferPointer(parameters.floats))
            let velocity = optimizer.needsVelocity ? Self.draw(layout.count, seed: 2) : nil
            ParameterUpdate(layout: layout, optimizer: optimizer.at(step: 1, of: 3)).apply(
                to: stepped, gradient: sum.base, factors: factors, velocity: velocity, into: stepped)
            checksum.update(stepped.bytes)
            if let velocity { checksum.update(velocity.bytes) }
        }
        multiplyAndStep(shards[0], &checksum)
        BFloat16.round(sum.base, count: sum.count)
        checksum.update(sum.bytes)
        withExtendedLifetime(shards) {}
    }

    /// As a server that multiplies with the factored kernel steps it in the same pass.
    private func multiplyAndStep(_ shard: Shard, _ checksum: inout Checksum) {
        let factored = layout.factored!
        let dense = FactoredDense(depth: factored.shape[0], width: factored.shape[1])
        let kernel = Self.copy(UnsafeBufferPointer(parameters.floats(of: factored)))
        let dx = FloatBuffer(count: shard.x.count)
        let rows = dense.samples(Self.labels.count, x: shard.x.base, d: shard.d.base, dx: dx.base)
        let step = SGD(learningRate: 0.1, weightDecay: 0.01).step
        for block in 0..<dense.blocks {
            dense.backwardDataAndStep(rows, block: block, sgd: step, kernel: kernel.base)
        }
        checksum.update(dx.bytes)
        checksum.update(kernel.bytes)
    }

    private static func draw(_ count: Int, seed: UInt64) -> FloatBuffer {
        let floats = FloatBuffer(count: count)
        CounterGenerator(seed: seed, purpose: .probe).fillUniform(floats.floats)
        return floats
    }

    private static func copy(_ floats: UnsafeBufferPointer<Float>) -> FloatBuffer {
        let copy = FloatBuffer(count: floats.count)
        copy.base.update(from: floats.baseAddress!, count: floats.count)
        return copy
    }
}

extension ParameterLayout {
    /// The digest of all names, shapes and roles in their order: equal in builds that mean the same model.
    public var digest: String {
        SHA256.digest(of: parameters.map { "\($0.name) \($0.shape) \($0.role)\n" }.joined())
    }
}
