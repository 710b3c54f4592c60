import AttentionUNet
import ClusterLogic
import Foundation
import Kernels
import Optimization
import Parameters
import Programs
import Randomness
import TensorCore
import Training

/// Times whole training steps on this machine: forward, backward, reduction and update, on lanes of one process.
public struct StepBenchmark: Sendable {
    public let model: ModelSettings
    public let batch: Int
    public let lanes: Int
    public let steps: Int
    public let convolutions: ConvolutionChoices
    /// Should each lane multiply with the first dense kernel alone, as the lanes of a worker do, and the update of that
    /// kernel come last? Otherwise the lanes pass over it together, `DenseTeam`.
    public let isApart: Bool
    /// Should the passes of the first lane be timed one by one?
    public let isProfiled: Bool

    public init(
        model: ModelSettings, batch: Int, lanes: Int, steps: Int, convolutions: ConvolutionChoices = .init(),
        isApart: Bool = false, isProfiled: Bool = false
    ) {
        self.model = model
        self.batch = batch
        self.lanes = lanes
        self.steps = steps
        self.convolutions = convolutions
        self.isApart = isApart
        self.isProfiled = isProfiled
    }

    /// The contract's keys, in seconds, bytes and 10^9 floating-point operations a second.
    public struct Result: Codable, Sendable {
        public let samplesPerSecond: Double
        /// The median.
        public let stepSeconds: Double
        public let modelGflops: Double
        public let gemmPeakGflops: Double
        public let peakMemoryBytes: Int
        /// What parameters, gradients, images and the buffers of the plans need.
        public let plannedMemoryBytes: Int
        public let lanes: Int
        /// With profiling: the passes of the first lane's layers, then what the lanes wait for together.
        public let profile: [StepProfile.Row]?

        enum CodingKeys: String, CodingKey {
            case lanes, profile
            case samplesPerSecond = "samples_per_second"
            case stepSeconds = "step_seconds"
            case modelGflops = "model_gflops"
            case gemmPeakGflops = "gemm_peak_gflops"
            case peakMemoryBytes = "peak_memory_bytes"
            case plannedMemoryBytes = "planned_memory_bytes"
        }
    }

    public func run() throws -> Result {
        let network = Network.attentionUNet(model)
        let layout = network.parameterLayout
        let optimizer = SGD()
        let update = ParameterUpdate(layout: layout, optimizer: optimizer)
        let parameters = layout.initialParameters(seed: 1)
        let shards = (0..<lanes).map { batch * ($0 + 1) / lanes - batch * $0 / lanes }.filter { $0 > 0 }
        let factored = layout.factored!
        let dense =
            isApart
            ? nil
            : DenseTeam(samples: shards, parameters, of: layout, sgd: optimizer.step)
        var numerics = NumericsSettings()
        numerics.convolutions = convolutions
        let team = shards.enumerated().map { index, samples in
            BenchmarkLane(
                network: network, numerics: numerics, samples: samples, stepSamples: batch, parameters: parameters,
                number: index,
                dense: dense, isProfiled: isProfiled && index == 0)
        }
        defer { for lane in team { lane.end() } }
        // Lanes wait for each other in a step, so that all must be there before the first.
        for lane in team { lane.wait() }
        for lane in team { if let failure = lane.failure { throw failure } }
        var (seconds, reductions, updates): ([Double], [Double], [Double]) = ([], [], [])
        for step in 0..<steps + Self.warmUp {
            let start = ContinuousClock.now
            for lane in team { lane.begin(step: step) }
            for lane in team { lane.wait() }
            for lane in team { if let failure = lane.failure { throw failure } }
            let computed = ContinuousClock.now
            reduce(team, count: layout.gradientCount)
            let reduced = ContinuousClock.now
            update.apply(
                to: parameters, gradient: team[0].gradients.base,
                factors: isApart ? team.map { $0.factors! } : nil, velocity: nil,
                into: parameters)
            guard step >= Self.warmUp else { continue }
            let end = ContinuousClock.now
            seconds.append(start.duration(to: end).seconds)
            reductions.append(computed.duration(to: reduced).seconds)
            updates.append(reduced.duration(to: end).seconds)
        }
        let median = seconds.median
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let together = [
            StepProfile.Row(
                layer: "all", pass: "reduction", seconds: reductions.median, operations: 0,
                bytes: 12 * (team.count - 1) * layout.gradientCount),
            StepProfile.Row(
                layer: "all", pass: "update", seconds: updates.median, operations: 0,
                bytes: 12 * layout.gradientCount + (isApart ? 8 * factored.count : 0)),
        ]
        return Result(
            samplesPerSecond: Double(batch) / median, stepSeconds: median,
            modelGflops: Double(network.trainingOperationsPerSample * batch) / median / 1e9,
            gemmPeakGflops: Self.gemmPeak(lanes: team.count), peakMemoryBytes: usage.ru_maxrss * 1024,
            plannedMemoryBytes: 4 * layout.count + (dense?.byteCount ?? 0)
                + team.reduce(0) { $0 + $1.plannedByteCount },
            lanes: team.count,
            profile: isProfiled ? team[0].profile!.rows + together : nil)
    }

    /// Steps that are not counted: they touch memory for the first time.
    fileprivate static let warmUp = 2

    /// Adds the lanes' gradients in the tree's order, in blocks on all cores: each number's sum is the same.
    private func reduce(_ team: [BenchmarkLane], count: Int) {
        let block = 1 << 16
        DispatchQueue.concurrentPerform(iterations: (count + block - 1) / block) { index in
            let first = index * block
            var tree = ReductionTree(shards: team.count)
            for lane in team.indices {
                for merge in tree.insert(lane) {
                    add(
                        team[merge.from].gradients.base + first, to: team[merge.into].gradients.base + first,
                        count: min(block, count - first))
                }
            }
        }
    }

    /// The best of a few large matrix products on all lanes at once: 1x1 convolutions.
    private static func gemmPeak(lanes: Int) -> Double {
        let (pixels, channels) = (1536, 512)
        let product = DirectConvolution(
            batch: 1, height: pixels, width: 1, inputs: channels, small: (pixels, 1), outputs: channels, kernel: 1,
            stride: 1, before: (0, 0), isImage: false)
        let scratchCount = product.scratchByteCount(.forward) / 4
        let buffers = (0..<lanes).map { _ in
            [pixels * channels, channels * channels, pixels * channels, scratchCount].map { FloatBuffer(count: $0) }
        }
        let best = (0..<12).map { _ in
            let start = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: lanes) { lane in
                let buffers = buffers[lane]
                product.convolve(
                    buffers[0].base, kernel: buffers[1].base, bias: nil, relu: false, into: buffers[2].base,
                    scratch: buffers[3].base)
            }
            return start.duration(to: .now).seconds
        }.min()!
        return 2 * Double(pixels * channels * channels) * Double(lanes) / best / 1e9
    }
}

/// A lane with a shard of its own, computed whenever it is told to.
///
/// `@unchecked Sendable`: between `begin` and `wait` only the lane's thread touches the rest, otherwise only the
/// benchmark's; the semaphores order the two.
private final class BenchmarkLane: @unchecked Sendable {
    let gradients: FloatBuffer
    /// Of the step that was computed last.
    private(set) var factors: DenseFactors?
    private(set) var profile: StepProfile?
    private(set) var plannedByteCount = 0
    private let started = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private var step: Int?
    private(set) var failure: (any Error)?

    init(
        network: Network, numerics: NumericsSettings, samples: Int, stepSamples: Int, parameters: FloatBuffer,
        number: Int, dense: DenseTeam?,
        isProfiled: Bool
    ) {
        gradients = FloatBuffer(count: network.parameterLayout.gradientCount)
        Thread.start(named: "lane-\(number)") { [self] in
            let images = FloatBuffer(count: samples * network.shape(of: network.input).count)
            CounterGenerator(seed: 1, purpose: .probe, item: UInt32(number)).fillUniform(images.floats)
            let labels = (0..<samples).map { Int32($0 % network.classes) }
            do {
                let computation = try LaneComputation(network: network, numerics: numerics)
                let plan = computation.plan(samples: samples, mode: .training)
                plannedByteCount = plan.plannedByteCount + 4 * (gradients.count + images.count)
                plan.factoredProducts = dense?.member(number)
                if isProfiled { profile = StepProfile(network: network, batch: samples) }
                finished.signal()
                while let step = next() {
                    if step == StepBenchmark.warmUp { plan.profile = profile }
                    let dropout = Dropout(seed: 1, step: UInt32(step), samples: labels.indices.map(UInt32.init))
                    try labels.withUnsafeBufferPointer { labels in
                        let result = try computation.train(
                            ShardInput(
                                samples: samples, images: images.base, labels: labels.baseAddress!,
                                stepSamples: stepSamples, dropout: dropout),
                            parameters: parameters.base, gradients: gradients.base)
                        factors = DenseFactors(
                            samples: samples, x: result.factors.x.baseAddress!, d: result.factors.d.baseAddress!)
                    }
                    finished.signal()
                }
            } catch {
                failure = error
            }
            finished.signal()
        }
    }

    func begin(step: Int) {
        self.step = step
        started.signal()
    }

    /// Waits until the lane is ready for its first step, and after each `begin` until the step is done.
    func wait() { finished.wait() }

    /// Ends the thread, once `wait` has returned.
    func end() {
        guard failure == nil else { return }
        step = nil
        started.signal()
        finished.wait()
    }

    private func next() -> Int? {
        started.wait()
        return step
    }
}
