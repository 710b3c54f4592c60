import AttentionUNet
import Coordination
import Foundation
import Messages
import ParameterServing
import Parameters
import Programs
import Randomness
import TensorCore
import Training
import TrainingData
import Transport

/// Times training steps of a whole cluster on this machine: coordinator, parameter server and workers, with made-up
/// images.
public struct ClusterBenchmark: Sendable {
    public var model: ModelSettings
    public var shardSize: Int
    public var shardsPerStep: Int
    public var steps: Int

    public init(model: ModelSettings, shardSize: Int, shardsPerStep: Int, steps: Int) {
        self.model = model
        self.shardSize = shardSize
        self.shardsPerStep = shardsPerStep
        self.steps = steps
    }

    /// Samples a second of a cluster of local workers, by the median step.
    public func run(localWorkers: Int) throws -> Double {
        var seconds: [Double] = []
        try withCluster(.local(localWorkers), .server) { cluster in
            try cluster.wait(forWorkers: localWorkers, servers: 0)
            try train(on: cluster) { _, time in seconds.append(time) }
        }
        return Double(shardSize * shardsPerStep) / Array(seconds.dropFirst(Self.warmUp)).median
    }

    /// Trains with workers that `start` starts at an endpoint of this machine, over TCP as on many hosts, and writes
    /// what all threads did in the last two steps to a file. Returns the seconds of the last step.
    public func writeTimeline(to path: String, workers: Int, start: (_ endpoint: String) throws -> [Process]) throws
        -> Double
    {
        try Timeline.record(to: path) {
            var times: [(start: Double, seconds: Double)] = []
            let gathering = Gathering.listen(
                "tcp://127.0.0.1:*", minimumWorkers: workers, minimumServers: 0, key: nil)
            try withCluster(gathering, .server) { cluster in
                let children = try start(cluster.endpoint)
                defer { for child in children { child.terminate() } }
                try cluster.wait(forWorkers: workers, servers: 0)
                try train(on: cluster) { _, seconds in times.append((Timeline.now - seconds * 1e6, seconds)) }
            }
            return (times[times.count - 2].start, times.last!.seconds)
        }
    }

    /// What a coordinator spends when its workers cost nothing, and how fast it is then.
    public struct Spending: Codable, Sendable {
        public let workers: Int
        public let shards: Int
        /// Of all that were timed.
        public let shardsPerSecond: Double
        /// Processor time a shard of the thread that decides and sends: in microseconds.
        public let coordinatorMicroseconds: Double
        /// Of the whole process, with the parameter server's work and ZeroMQ's.
        public let processMicroseconds: Double
        /// The process's memory after a tenth of the steps, and after all of them.
        public let earlyMemoryBytes: Int
        public let lateMemoryBytes: Int

        enum CodingKeys: String, CodingKey {
            case workers, shards
            case shardsPerSecond = "shards_per_second"
            case coordinatorMicroseconds = "coordinator_microseconds_per_shard"
            case processMicroseconds = "process_microseconds_per_shard"
            case earlyMemoryBytes = "early_memory_bytes"
            case lateMemoryBytes = "late_memory_bytes"
        }
    }

    /// Measures this process as the coordinator of `workers` simulated ones, with so many further parameter servers.
    /// `start` starts all of them, at an endpoint.
    public func run(
        simulatedWorkers workers: Int, furtherServers: Int = 0, start: (_ endpoint: String) throws -> [Process]
    ) throws -> Spending {
        var spending: Spending?
        let gathering = Gathering.listen(
            "tcp://127.0.0.1:*", minimumWorkers: workers, minimumServers: furtherServers, key: nil)
        // Simulated workers have a gradient, and ask for nothing.
        try withCluster(gathering, .worker) { cluster in
            let children = try start(cluster.endpoint)
            defer { for child in children { child.terminate() } }
            try cluster.wait(forWorkers: workers, servers: furtherServers)
            let early = max(steps / 10, Self.warmUp)
            var began = (thread: 0.0, process: 0.0, memory: 0)
            var seconds = 0.0
            try train(on: cluster) { step, time in
                if step == early - 1 { began = (Self.threadSeconds, Self.processSeconds, Self.memory) }
                if step >= early { seconds += time }
            }
            let shards = (steps + Self.warmUp - early) * shardsPerStep
            spending = Spending(
                workers: workers, shards: shards, shardsPerSecond: Double(shards) / seconds,
                coordinatorMicroseconds: (Self.threadSeconds - began.thread) / Double(shards) * 1e6,
                processMicroseconds: (Self.processSeconds - began.process) / Double(shards) * 1e6,
                earlyMemoryBytes: began.memory, lateMemoryBytes: Self.memory)
        }
        return spending!
    }

    private static let warmUp = 2

    private func withCluster(_ gathering: Gathering, _ placement: DensePlacement, _ body: (Cluster) throws -> Void)
        throws
    {
        var configuration = Preset.quick.configuration
        configuration.model = model
        configuration.densePlacement = placement
        configuration.optimizer = .init()
        (configuration.shardSize, configuration.shardsPerStep) = (shardSize, shardsPerStep)
        let network = Network.attentionUNet(model)
        let layout = network.parameterLayout
        let images = FloatBuffer(count: shardSize * network.shape(of: network.input).count)
        CounterGenerator(seed: 1, purpose: .probe).fillUniform(images.floats)
        let classes = Int32(model.classes)
        try Cluster.use(
            gathering, configuration, layout, totalSteps: steps + Self.warmUp,
            from: ParameterSource(initial: layout, seed: 1),
            load: { samples, _ in ShardTensors(images: images, labels: samples.map { Int32($0) % classes }) }, body)
    }

    /// Trains so many steps, and tells the seconds of each.
    private func train(on cluster: Cluster, _ report: (_ step: Int, _ seconds: Double) -> Void) throws {
        let shards = (0..<shardsPerStep).map { shard in (0..<shardSize).map { UInt32(shard * shardSize + $0) } }
        for step in 0..<steps + Self.warmUp {
            let start = ContinuousClock.now
            let isLast = step == steps + Self.warmUp - 1
            _ = try Timeline.measure("step \(step)", on: "coordinator") {
                try cluster.train(step: UInt64(step), shards: shards, next: isLast ? nil : shards, epoch: 0)
            }
            report(step, start.duration(to: .now).seconds)
        }
    }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static var threadSeconds: Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }
    private static var processSeconds: Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    /// Resident bytes now.
    private static var memory: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}
