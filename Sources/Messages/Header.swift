/// The version of the protocol in proto/heartbeat.proto. Raised with every change that an older peer would misread.
public let protocolVersion: UInt32 = 2

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
    case ready(lanes: Int)
    case heartbeat(idleLanes: Int)
    case scores(ShardAttempt, seconds: Double)
    case failure(ShardAttempt, reason: String)
    case welcome(configuration: [UInt8], parameterServer: String)
    case refusal(reason: String)
    case assignment(Assignment)
    case stop(reason: String)
    case pull(version: UInt64, withVelocity: Bool)
    case parameters(version: UInt64)
    case push(ShardAttempt, TrainingResult)
    case openRound(UInt64, shards: Int)
    case arrived(ShardAttempt, TrainingResult, worker: String)
    case updated(version: UInt64)

    public struct Join: Hashable, Sendable {
        public let name: String
        public let host: String
        public let process: Int
        public let lanes: Int
        public let build: String
        public let processor: String

        public init(name: String, host: String, process: Int, lanes: Int, build: String, processor: String) {
            self.name = name
            self.host = host
            self.process = process
            self.lanes = lanes
            self.build = build
            self.processor = processor
        }
    }

    public struct Assignment: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case train
            case score
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
        public let seconds: Double

        public init(samples: Int, correct: Int, lossSum: Double, seconds: Double) {
            self.samples = samples
            self.correct = correct
            self.lossSum = lossSum
            self.seconds = seconds
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
