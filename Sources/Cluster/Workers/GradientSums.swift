import ClusterLogic
import Kernels
import Messages
import Synchronization
import Transport

/// Adds the gradients of shards that lanes of one worker compute at the same time, so that their sum travels in the
/// place of each.
///
/// Which shards are added is decided when the first of them has a piece to send: the largest complete sub-tree of the
/// step's additions that is being computed here, and of which nothing has left. No lane waits for another: who brings a
/// piece last adds it.
final class GradientSums: Sendable {
    /// A shard of a run's placement.
    private struct Key: Hashable {
        let run: UInt64
        let id: ShardAttempt
    }

    private struct State {
        /// Computed, and nothing of them has left.
        var begun: Set<Key> = []
        var sums: [Key: GradientSum] = [:]
        /// Computed, while others of their sums are not.
        var waiting: Set<Key> = []
    }

    private let state = Mutex(State())

    /// A lane begins to compute a shard's gradient; `finish` or `abandon` must follow.
    func begin(_ id: ShardAttempt, run: UInt64) {
        state.withLock { _ = $0.begun.insert(Key(run: run, id: id)) }
    }

    /// Takes a piece of a shard's gradient, which nobody else changes any more. Returns what is to be sent now, and
    /// under which attempt.
    func add(_ piece: LaneAnswer.Piece, of id: ShardAttempt, run: UInt64) -> (id: ShardAttempt, LaneAnswer.Piece)? {
        let sum = sum(with: id, run: run)
        return sum.add(piece, of: id.shard).map { (sum.members[0], $0) }
    }

    /// A shard is computed, and all of its pieces have been added. Returns the push of its sum, once it can be sent.
    func finish(_ shard: LaneAnswer.Shard, run: UInt64) -> LaneAnswer.Content? {
        let key = Key(run: run, id: shard.id)
        let sum = sum(with: shard.id, run: run)
        return state.withLock { state in
            // Under the lock, so that who waits is noted before the last one comes.
            let content = sum.finish(shard)
            state.sums[key] = nil
            if content != nil {
                state.waiting.subtract(sum.members.map { Key(run: run, id: $0) })
            } else if !sum.isAbandoned {
                state.waiting.insert(key)
            }
            return content
        }
    }

    /// A shard came to nothing, and so do those that it was to be added to.
    func abandon(_ id: ShardAttempt, run: UInt64) {
        state.withLock { state in
            let key = Key(run: run, id: id)
            state.begun.remove(key)
            guard let sum = state.sums.removeValue(forKey: key) else { return }
            sum.abandon()
            state.waiting.subtract(sum.members.map { Key(run: run, id: $0) })
        }
    }

    /// What is computed and waits for the other shards of its sum.
    func waiting(for run: UInt64) -> [ShardAttempt] {
        state.withLock { $0.waiting.filter { $0.run == run }.map(\.id) }
    }

    private func sum(with id: ShardAttempt, run: UInt64) -> GradientSum {
        state.withLock { state in
            if let sum = state.sums[Key(run: run, id: id)] { return sum }
            let others = state.begun.filter { $0.run == run && $0.id.round == id.round }.map(\.id)
            let byShard = Dictionary(others.map { ($0.shard, $0) }) { first, _ in first }
            let subtree = Subtree(with: id.shard, among: Set(byShard.keys))
            let sum = GradientSum(subtree, members: subtree.shards.map { $0 == id.shard ? id : byShard[$0]! })
            for member in sum.members.map({ Key(run: run, id: $0) }) {
                state.begun.remove(member)
                state.sums[member] = sum
            }
            return sum
        }
    }
}

/// The sum of the gradients of a sub-tree's shards, on its way through the lanes of a worker.
final class GradientSum: Sendable {
    let subtree: Subtree
    /// In the order of the shards.
    let members: [ShardAttempt]

    private struct Place: Hashable {
        let server: Int
        let first: Int
        let subtree: Subtree
    }

    private struct State {
        /// Sums of pieces that wait for their neighbours.
        var waiting: [Place: FloatFrame] = [:]
        /// The digests of the pieces that were sent, by server and place.
        var sent: [Int: [Int: UInt64]] = [:]
        var finished: [Int: LaneAnswer.Shard] = [:]
        var isAbandoned = false
    }

    private let state = Mutex(State())

    init(_ subtree: Subtree, members: [ShardAttempt]) {
        (self.subtree, self.members) = (subtree, members)
    }

    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    func abandon() {
        state.withLock {
            $0 = State()
            $0.isAbandoned = true
        }
    }

    /// Adds a shard's piece to those that it can be added to now. Returns the piece of the whole sum, if that is it.
    func add(_ piece: LaneAnswer.Piece, of shard: Int) -> LaneAnswer.Piece? {
        func place(_ subtree: Subtree) -> Place { Place(server: piece.server, first: piece.first, subtree: subtree) }
        var floats = piece.floats
        var reached = Subtree(with: shard, among: [])
        while reached != subtree {
            let neighbour: FloatFrame? = state.withLock { state in
                if let neighbour = state.waiting.removeValue(forKey: place(reached.neighbour)) { return neighbour }
                if !state.isAbandoned { state.waiting[place(reached)] = floats }
                return nil
            }
            guard let neighbour else { return nil }
            let (left, right) = reached.isLeft ? (floats, neighbour) : (neighbour, floats)
            // Both were taken out under the lock, so that this thread alone has them: the sum lies where the left one
            // was.
            Kernels.add(
                left.base, right.base, into: UnsafeMutablePointer(mutating: left.base), count: left.count)
            (floats, reached) = (left, reached.parent)
        }
        let whole = LaneAnswer.Piece(
            server: piece.server, first: piece.first, floats: floats,
            digest: members.count > 1 ? floats.digest : piece.digest)
        return state.withLock { state in
            guard !state.isAbandoned else { return nil }
            state.sent[piece.server, default: [:]][piece.first] = whole.digest
            return whole
        }
    }

    /// One of its shards is computed. With the last of them there is a push.
    func finish(_ shard: LaneAnswer.Shard) -> LaneAnswer.Content? {
        state.withLock { state in
            guard !state.isAbandoned else { return nil }
            state.finished[shard.id.shard] = shard
            guard state.finished.count == members.count else { return nil }
            let digests = shard.pushes.indices.map { server in
                GradientPieces.digest(of: (state.sent[server] ?? [:]).sorted { $0.key < $1.key }.map(\.value))
            }
            return .pushes(members.map { state.finished[$0.shard]! }, gradients: digests)
        }
    }
}
