import Foundation
import Messages
import Parameters
import Testing

@testable import Programs
@testable import Transport
@testable import Workers

private let length = 100

private func attempt(_ shard: Int, round: UInt64 = 3) -> ShardAttempt {
    ShardAttempt(round: round, shard: shard, attempt: shard + 1)
}

/// Numbers whose sum depends on the order in which they are added.
private func gradient(of shard: Int, server: Int) -> [Float] {
    (0..<length).map { Float($0 + 1) * 0.1 + 1e-3 / Float(shard + 1) + Float(server) }
}

private func piece(of shard: Int, server: Int = 0, first: Int = 0) -> LaneAnswer.Piece {
    let floats = gradient(of: shard, server: server).withUnsafeBufferPointer { FloatFrame(FloatBuffer($0)) }
    return .init(server: server, first: first, floats: floats, digest: floats.digest)
}

private func shard(_ shard: Int) -> LaneAnswer.Shard {
    let push = LaneAnswer.Push(gradient: 1, digest: UInt64(shard), floats: [], lent: nil, memory: nil)
    return .init(
        id: attempt(shard), result: .init(samples: 1, correct: 0, lossSum: 0), pushes: [push, push])
}

/// Neighbours level by level.
private func treeSum(_ shards: Range<Int>, server: Int) -> [Float] {
    guard shards.count > 1 else { return gradient(of: shards.lowerBound, server: server) }
    let middle = shards.lowerBound + shards.count / 2
    return zip(
        treeSum(shards.lowerBound..<middle, server: server), treeSum(middle..<shards.upperBound, server: server)
    ).map { $0 + $1 }
}

private func isSame(_ piece: LaneAnswer.Piece?, _ floats: [Float]) -> Bool {
    piece?.floats.array.map(\.bitPattern) == floats.map(\.bitPattern)
}

@Test func lanesAtOnceGiveOneSumInTheOrderOfTheTree() throws {
    let sums = GradientSums()
    let sent = Mailbox<(id: ShardAttempt, piece: LaneAnswer.Piece)>(waking: try! Wakeup())
    let pushes = Mailbox<LaneAnswer.Content>(waking: try! Wakeup())
    for shard in 4..<8 { sums.begin(attempt(shard), run: 1) }
    DispatchQueue.concurrentPerform(iterations: 4) { lane in
        for server in 0..<2 {
            for first in [300, 200, 100, 0] {
                if let (id, piece) = sums.add(
                    piece(of: 4 + lane, server: server, first: first), of: attempt(4 + lane), run: 1)
                {
                    sent.put((id, piece))
                }
            }
        }
        if let content = sums.finish(shard(4 + lane), run: 1) { pushes.put(content) }
    }
    let pieces = sent.takeAll()
    #expect(pieces.count == 8 && pieces.allSatisfy { $0.id == attempt(4) })
    for (_, piece) in pieces {
        #expect(isSame(piece, treeSum(4..<8, server: piece.server)))
        #expect(piece.digest == piece.floats.digest)
    }
    guard case .pushes(let shards, let digests) = pushes.takeAll().first else {
        Issue.record("there is no push")
        return
    }
    #expect(shards.map(\.id) == (4..<8).map { attempt($0) })
    #expect(shards.map { $0.pushes[1].digest } == [4, 5, 6, 7])
    for server in 0..<2 {
        let own = pieces.filter { $0.piece.server == server }.sorted { $0.piece.first < $1.piece.first }
        #expect(digests[server] == GradientPieces.digest(of: own.map(\.piece.digest)))
    }
    #expect(sums.waiting(for: 1).isEmpty)
}

@Test func whoFinishesAtTheSameTimeIsNotWaitedForAfterwards() {
    for round in 0..<2000 {
        let sums = GradientSums()
        for shard in 0..<2 { sums.begin(attempt(shard), run: 1) }
        for shard in 0..<2 { _ = sums.add(piece(of: shard), of: attempt(shard), run: 1) }
        DispatchQueue.concurrentPerform(iterations: 2) { _ = sums.finish(shard($0), run: 1) }
        #expect(sums.waiting(for: 1).isEmpty, "in round \(round)")
    }
}

@Test func whatBeginsAfterThePiecesOfAnotherIsSentByItself() {
    let sums = GradientSums()
    sums.begin(attempt(0), run: 1)
    #expect(isSame(sums.add(piece(of: 0), of: attempt(0), run: 1)?.1, gradient(of: 0, server: 0)))
    sums.begin(attempt(1), run: 1)
    #expect(sums.add(piece(of: 1), of: attempt(1), run: 1)?.id == attempt(1))
    #expect(sums.finish(shard(0), run: 1) != nil)
}

@Test(arguments: [(attempt(1, round: 4), 1), (attempt(1), 2), (attempt(2), 1)] as [(ShardAttempt, UInt64)])
func anotherRoundOrRunOrAShardOfNoCommonSubtreeIsNotAdded(other: ShardAttempt, run: UInt64) {
    let sums = GradientSums()
    sums.begin(attempt(0), run: 1)
    sums.begin(other, run: run)
    #expect(sums.add(piece(of: 0), of: attempt(0), run: 1) != nil)
}

@Test func aSumWaitsForAllAndComesToNothingWithOneOfItsShards() {
    let sums = GradientSums()
    for shard in 0..<2 { sums.begin(attempt(shard), run: 1) }
    #expect(sums.add(piece(of: 0), of: attempt(0), run: 1) == nil)
    #expect(sums.finish(shard(0), run: 1) == nil)
    #expect(sums.waiting(for: 1) == [attempt(0)])
    #expect(sums.waiting(for: 2).isEmpty)
    sums.abandon(attempt(1), run: 1)
    #expect(sums.waiting(for: 1).isEmpty)
}

@Test func whatIsAddedToAnAbandonedShardIsNeverSent() {
    let sums = GradientSums()
    for shard in 0..<2 { sums.begin(attempt(shard), run: 1) }
    #expect(sums.add(piece(of: 0), of: attempt(0), run: 1) == nil)
    sums.abandon(attempt(0), run: 1)
    #expect(sums.add(piece(of: 1), of: attempt(1), run: 1) == nil)
    #expect(sums.finish(shard(1), run: 1) == nil)
    #expect(sums.waiting(for: 1).isEmpty)
}
