import Messages

/// What the scheduler knows of workers and shards.
extension Scheduler {
    struct Member: Sendable {
        let id: NodeID
        let lanes: Int
        let fingerprint: String
        /// It finishes what it has and is given nothing more.
        var isLeaving = false
        /// What it holds, in the order in which it was handed out.
        var tasks: [Task] = []
        /// What it says it has though it was taken from it: it had begun before the word came.
        var strays: Set<ShardAttempt> = []
        /// When it last said what it has.
        var lastHeartbeat: ContinuousClock.Instant?

        /// Lanes that can be given something. Strays that wait themselves are counted, until they are taken back.
        var freeLanes: Int { isLeaving ? 0 : max(lanes - strays.count - computed, 0) }
        var computed: Int { tasks.count(where: \.isComputed) }
        var waiting: Int { tasks.count(where: \.isWaiting) }

        /// Does it have a shard that is not yet on its way?
        func has(_ shard: Int, of round: UInt64) -> Bool {
            tasks.contains { $0.id.shard == shard && $0.id.round == round && !$0.isSent }
        }
    }

    struct Task: Sendable {
        let id: ShardAttempt
        let purpose: Purpose
        let assigned: ContinuousClock.Instant
        /// Since when it may be computed; nil while it waits for a lane, or for its round.
        var began: ContinuousClock.Instant?
        /// Computed and on its way.
        var isSent = false
        var heartbeatsMissed = 0

        var isWaiting: Bool { began == nil && !isSent }
        /// It has a lane.
        var isComputed: Bool { began != nil && !isSent }
    }

    struct OpenRound: Sendable {
        let number: UInt64
        var firstAttempt = 1
        var isClosing = false
        /// Whom each attempt was handed to, from attempt 1 on.
        var issued: [Issue] = []
        var shards: [Shard]
        var unsettled: Int
        /// Attempts whose results were found wrong.
        var convicted: Set<Int> = []
        /// Shards that may have nobody. What is in vain here is passed over when it is looked at.
        var queue: [Int] = []

        init(number: UInt64, shards: [Shard]) {
            self.number = number
            self.shards = shards
            unsettled = shards.count
        }
    }

    struct Issue: Sendable {
        let shard: Int
        let purpose: Purpose
        let node: NodeID
        let fingerprint: String
    }

    struct Shard: Sendable {
        var isReady = false
        let isAudited: Bool
        /// Attempts that are out.
        var holders = 0
        /// The attempt that was begun last; nil if all who have it have yet to begin.
        var latest: (attempt: Int, began: ContinuousClock.Instant)?
        /// For each part of the result, who came to which digest, in the order of arrival. The first is the one that
        /// counts.
        var votes: [[Vote]]
        var isSettled = false
        var isReported = false

        init(isAudited: Bool, votes: [[Vote]]) {
            self.isAudited = isAudited
            self.votes = votes
        }

        /// As it was before anybody had it.
        var renewed: Shard {
            var shard = Shard(isAudited: isAudited, votes: votes.map { _ in [] })
            shard.isReady = isReady
            return shard
        }

        /// Somebody has it, and is waited for.
        var isOwed: Bool { holders > 0 && !isSettled }
        var isUnbegun: Bool { isOwed && latest == nil }
        /// Nothing has come in yet.
        var isBlank: Bool { votes.allSatisfy(\.isEmpty) }
    }

    struct Vote: Sendable {
        let node: NodeID
        let fingerprint: String
        let attempt: Int
        let digest: UInt64
    }
}
