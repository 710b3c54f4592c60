/// The version of the protocol in proto/heartbeat.proto. Raised with every change that an older peer would misread.
public let protocolVersion: UInt32 = 9

/// Which computation of which shard: a result counts only if all three agree.
public struct ShardAttempt: Hashable, Sendable, CustomStringConvertible {
    /// The step in training, the number of the scoring round otherwise.
    public let round: UInt64
    public let shard: Int
    public let attempt: Int

    public init(round: UInt64, shard: Int, attempt: Int) {
        self.round = round
        self.shard = shard
        self.attempt = attempt
    }

    public var description: String { "shard \(shard) of round \(round), attempt \(attempt)" }
}

/// A header, as Swift values. What each means stands in proto/heartbeat.proto.
public enum Header: Hashable, Sendable {
    case join(Join)
    case leave(finishing: [ShardAttempt])
    case heartbeat(held: [ShardAttempt], sent: [ShardAttempt])
    case scores(ShardAttempt)
    case audited(ShardAttempt, digests: [UInt64])
    case failure(ShardAttempt, reason: String)
    case welcome(configuration: [UInt8], model: String, servers: [Server])
    case assignment(Assignment)
    case cancel(ShardAttempt)
    case refusal(reason: String)
    case stop(reason: String)
    case pull(version: UInt64, Range<Int>, ofVelocity: Bool)
    case parameters(version: UInt64, first: Int, ofVelocity: Bool, memory: Memory?)
    case gradient(ShardAttempt, first: Int)
    case push([ShardResult], gradient: UInt64, memory: Memory?)
    case taken(ShardAttempt)
    case multiply(
        ShardAttempt, version: UInt64, samples: Int, isKept: Bool, core: Int?, digest: UInt64, memory: Memory?)
    case multiplyTransposed(ShardAttempt, version: UInt64, digest: UInt64)
    case product(ShardAttempt, isTransposed: Bool, digest: UInt64, memory: Memory?)
    case place(Range<Int>, version: UInt64)
    case openRound(UInt64, shards: Int, firstAttempt: Int)
    case apply(round: UInt64, firstAttempt: Int)
    case arrived(ShardAttempt, TrainingResult, digest: UInt64)
    case rejected(ShardAttempt, reason: String)
    case updated(version: UInt64)

    public struct Join: Hashable, Sendable {
        public enum Role: Hashable, Sendable {
            case worker
            case parameterServer
        }

        public var role: Role
        public var name: String
        public var host: String
        public var process: Int
        public var build: String
        public var processor: String
        /// The kind of processor that its kernels are compiled for.
        public var kernels = ""
        /// The digest of what it makes of a fixed probe.
        public var fingerprint = ""
        /// Of a worker.
        public var lanes = 0
        /// Of a parameter server: where workers reach it.
        public var endpoint = ""

        public init(role: Role, name: String, host: String, process: Int, build: String, processor: String) {
            self.role = role
            self.name = name
            self.host = host
            self.process = process
            self.build = build
            self.processor = processor
        }
    }

    /// A parameter server and its part of the flat buffer of parameters.
    public struct Server: Hashable, Sendable {
        public let endpoint: String
        public let range: Range<Int>

        public init(endpoint: String, range: Range<Int>) {
            self.endpoint = endpoint
            self.range = range
        }
    }

    public struct Assignment: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case train
            case score
            /// As `train`, but only the digests are wanted.
            case audit
        }

        public let kind: Kind
        public let id: ShardAttempt
        /// Of the parameters to compute with: the number of steps applied to them.
        public let version: UInt64
        public let roundSamples: Int
        public let samples: [UInt32]

        public init(kind: Kind, id: ShardAttempt, version: UInt64, roundSamples: Int, samples: [UInt32]) {
            self.kind = kind
            self.id = id
            self.version = version
            self.roundSamples = roundSamples
            self.samples = samples
        }
    }

    /// What a shard's training gave, beside the gradient.
    public struct TrainingResult: Hashable, Sendable {
        public let samples: Int
        public let correct: Int
        public let lossSum: Double

        public init(samples: Int, correct: Int, lossSum: Double) {
            self.samples = samples
            self.correct = correct
            self.lossSum = lossSum
        }
    }

    /// What a shard's push says of it.
    public struct ShardResult: Hashable, Sendable {
        public let id: ShardAttempt
        public let result: TrainingResult
        /// Of its own gradient.
        public let gradient: UInt64
        /// Of all that the shard gave.
        public let digest: UInt64

        public init(id: ShardAttempt, result: TrainingResult, gradient: UInt64, digest: UInt64) {
            self.id = id
            self.result = result
            self.gradient = gradient
            self.digest = digest
        }
    }

    /// Floats in memory that processes of one machine share: a file descriptor of one of them.
    public struct Memory: Hashable, Sendable {
        public let process: Int
        public let descriptor: Int
        /// Another file under the same descriptor has another.
        public let serial: UInt64
        public let count: Int

        public init(process: Int, descriptor: Int, serial: UInt64, count: Int) {
            self.process = process
            self.descriptor = descriptor
            self.serial = serial
            self.count = count
        }
    }
}

/// A header that cannot be read.
public struct HeaderError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case tooLarge(Int)
        case malformed
        /// The peer speaks this version.
        case foreignProtocol(UInt32)
        case empty
    }

    public let reason: Reason

    public init(reason: Reason) { self.reason = reason }

    public var description: String {
        switch reason {
        case .tooLarge(let bytes): "a header of \(bytes) bytes is larger than \(maximumHeaderSize)"
        case .malformed: "a header is not a HeartBeatNet message"
        case .foreignProtocol(let version):
            "the peer speaks protocol \(version), this build protocol \(protocolVersion): use one build everywhere"
        case .empty: "a header has no body this build knows"
        }
    }
}

/// A header carries numbers, names and at most a configuration.
public let maximumHeaderSize = 1 << 20
