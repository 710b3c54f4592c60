import AttentionUNet
import ClusterLogic
import Foundation
import OneDNN
import Kernels
import Optimization
import Parameters
import Randomness
import TensorCore
import Training

/// Times whole training steps on this machine: forward, backward, reduction and update, on lanes as a worker has them.
public struct StepBenchmark: Sendable {
    public let model: ModelSettings
    public let batch: Int
    public let lanes: Int
    public let steps: Int

    public init(model: ModelSettings, batch: Int, lanes: Int, steps: Int) {
        self.model = model
        self.batch = batch
        self.lanes = lanes
        self.steps = steps
    }

    /// The contract's keys, in seconds, bytes and 10^9 floating-point operations a second.
    public struct Result: Codable, Sendable {
        public let samplesPerSecond: Double
        /// The median.
        public let stepSeconds: Double
        public let modelGflops: Double
        public let gemmPeakGflops: Double
        public let peakMemoryBytes: Int
        public let lanes: Int

        enum CodingKeys: String, CodingKey {
            case lanes
            case samplesPerSecond = "samples_per_second"
            case stepSeconds = "step_seconds"
            case modelGflops = "model_gflops"
            case gemmPeakGflops = "gemm_peak_gflops"
            case peakMemoryBytes = "peak_memory_bytes"
        }
    }

    public func run() throws -> Result {
        let network = Network.attentionUNet(model)
        let layout = network.parameterLayout
        let update = ParameterUpdate(layout: layout, optimizer: SGD())
        let parameters = layout.initialParameters(seed: 1)
        let shards = (0..<lanes).map { batch * ($0 + 1) / lanes - batch * $0 / lanes }.filter { $0 > 0 }
        let team = shards.enumerated().map { index, samples in
            BenchmarkLane(network: network, samples: samples, stepSamples: batch, parameters: parameters, number: index)
        }
        defer { for lane in team { lane.end() } }
        var seconds: [Double] = []
        for step in 0..<steps + 2 {
            let start = ContinuousClock.now
            for lane in team { lane.begin(version: UInt64(step)) }
            for lane in team { try lane.wait() }
            var tree = ReductionTree(shards: team.count)
            for index in team.indices {
                for merge in tree.insert(index) {
                    add(
                        team[merge.from].gradients.base, to: team[merge.into].gradients.base,
                        count: layout.gradientCount)
                }
            }
            update.apply(
                to: parameters, gradient: team[0].gradients.base, factors: team.map(\.factors!), velocity: nil,
                into: parameters)
            if step >= 2 { seconds.append(start.duration(to: .now).seconds) }
        }
        let median = seconds.sorted()[seconds.count / 2]
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Result(
            samplesPerSecond: Double(batch) / median, stepSeconds: median,
            modelGflops: Double(network.trainingOperationsPerSample * batch) / median / 1e9,
            gemmPeakGflops: Self.gemmPeak(lanes: lanes), peakMemoryBytes: usage.ru_maxrss * 1024, lanes: lanes)
    }

    /// The best of a few large matrix products on all lanes at once.
    private static func gemmPeak(lanes: Int) -> Double {
        let size = 1536
        let matrices = (0..<lanes).map { _ in (0..<3).map { _ in FloatBuffer(count: size * size) } }
        let best = (0..<4).map { _ in
            let start = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: lanes) { lane in
                computeOnThisThreadOnly()
                let matrices = matrices[lane]
                matrixProduct(size, size, size, matrices[0].base, matrices[1].base, into: matrices[2].base)
            }
            return start.duration(to: .now).seconds
        }.min()!
        return 2 * Double(size * size * size) * Double(lanes) / best / 1e9
    }
}

/// A lane with a shard of its own, computed whenever it is told to.
///
/// `@unchecked Sendable`: between `begin` and `wait` only the lane's thread touches the rest, otherwise only the
/// benchmark's; the semaphores order the two.
private final class BenchmarkLane: @unchecked Sendable {
    let gradients: FloatBuffer
    private(set) var factors: DenseFactors!
    private let started = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private var version: UInt64?
    private var failure: (any Error)?

    init(network: Network, samples: Int, stepSamples: Int, parameters: FloatBuffer, number: Int) {
        gradients = FloatBuffer(count: network.parameterLayout.gradientCount)
        Wire.startThread(named: "lane-\(number)") { [self] in
            let images = FloatBuffer(count: samples * network.shape(of: network.input).count)
            CounterGenerator(seed: 1, purpose: .probe, item: UInt32(number)).fillUniform(images.floats)
            let labels = (0..<samples).map { Int32($0 % network.classes) }
            do {
                let computation = try LaneComputation(network: network, numerics: NumericsSettings())
                while let version = next() {
                    let dropout = Dropout(seed: 1, step: UInt32(version), samples: labels.indices.map(UInt32.init))
                    let result = try labels.withUnsafeBufferPointer { labels in
                        try computation.train(
                            ShardInput(
                                samples: samples, images: images.base, labels: labels.baseAddress!,
                                stepSamples: stepSamples, dropout: dropout),
                            parameters: parameters.base, version: version, gradients: gradients.base)
                    }
                    factors = DenseFactors(
                        samples: samples, x: result.factors.x.baseAddress!, d: result.factors.d.baseAddress!)
                    finished.signal()
                }
            } catch {
                failure = error
            }
            finished.signal()
        }
    }

    func begin(version: UInt64) {
        self.version = version
        started.signal()
    }

    func wait() throws {
        finished.wait()
        if let failure { throw failure }
    }

    func end() {
        version = nil
        started.signal()
        finished.wait()
    }

    private func next() -> UInt64? {
        started.wait()
        return version
    }
}
