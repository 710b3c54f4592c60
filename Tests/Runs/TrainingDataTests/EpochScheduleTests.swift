import Digests
import Testing
import Training
import TrainingData

/// The number of samples, of samples a shard, and of shards a step.
private let sizes = [
    (1, 1, 1), (1, 8, 4), (7, 1, 1), (8, 4, 2), (9, 4, 2), (15, 4, 2), (16, 4, 2), (17, 4, 2), (100, 7, 3),
    (1000, 1, 64), (1003, 8, 4),
]

/// Sample numbers that are not their own places.
private func samples(_ count: Int) -> [UInt32] { (0..<UInt32(count)).map { 3 * $0 + 5 } }

@Test(arguments: sizes) func anEpochHasEverySampleOnce(count: Int, shardSize: Int, shardsPerStep: Int) {
    let samples = samples(count)
    let schedule = EpochSchedule(samples: samples, shardSize: shardSize, shardsPerStep: shardsPerStep, seed: 1)
    for epoch in 0..<3 {
        let order = schedule.order(epoch: epoch)
        let steps = (0..<schedule.stepsPerEpoch).map { schedule.shards(step: $0, of: order) }
        #expect(steps.flatMap { $0 }.flatMap { $0 } == order)
        #expect(order.sorted() == samples)
    }
}

@Test(arguments: sizes) func onlyAnEpochsLastStepAndShardAreShort(count: Int, shardSize: Int, shardsPerStep: Int) {
    let schedule = EpochSchedule(
        samples: samples(count), shardSize: shardSize, shardsPerStep: shardsPerStep, seed: 1)
    let order = schedule.order(epoch: 0)
    let steps = (0..<schedule.stepsPerEpoch).map { schedule.shards(step: $0, of: order) }
    #expect(steps.dropLast().allSatisfy { $0.count == shardsPerStep })
    #expect((1...shardsPerStep).contains(steps.last?.count ?? 0))
    let shards = steps.flatMap { $0 }
    #expect(shards.dropLast().allSatisfy { $0.count == shardSize })
    #expect((1...shardSize).contains(shards.last?.count ?? 0))
}

@Test func theOrderIsAFunctionOfSeedAndEpoch() {
    func order(seed: UInt64, epoch: Int) -> [UInt32] {
        EpochSchedule(samples: samples(200), shardSize: 2, shardsPerStep: 2, seed: seed).order(epoch: epoch)
    }
    let first = order(seed: 1, epoch: 0)
    #expect(order(seed: 1, epoch: 0) == first)
    for other in [order(seed: 1, epoch: 1), order(seed: 2, epoch: 0), order(seed: 1 + 1 << 32, epoch: 0), samples(200)]
    {
        // Two unrelated orders agree in one place on average.
        #expect(zip(first, other).count { $0 == $1 } < 10)
    }
}

@Test func theOrderDoesNotDependOnHowAnEpochIsCut() {
    let orders = [(1, 1), (8, 4), (3, 100)].map { shardSize, shardsPerStep in
        EpochSchedule(samples: samples(50), shardSize: shardSize, shardsPerStep: shardsPerStep, seed: 4)
            .order(epoch: 6)
    }
    #expect(Set(orders).count == 1)
}

@Test func aStepOfTheRunHasItsPlaceInAnEpoch() {
    let schedule = EpochSchedule(samples: samples(17), shardSize: 4, shardsPerStep: 2, seed: 1)
    #expect(schedule.stepsPerEpoch == 3)
    let places = (0..<7).map { schedule.place(of: $0) }
    #expect(places.map(\.epoch) == [0, 0, 0, 1, 1, 1, 2])
    #expect(places.map(\.step) == [0, 1, 2, 0, 1, 2, 0])
}

@Test func theLedgersDigestIsThatOfTheSamplesInTheirOrder() {
    var ledger = Ledger()
    ledger.record([[3, 1], [2]])
    ledger.record([[256]])
    let bytes: [UInt8] = [3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0]
    #expect(ledger.digest(covering: [1, 2, 3, 256]) == SHA256.digest(of: bytes))
}

@Test(arguments: [
    ([[1, 2]], "one is missing"), ([[1, 2], [3, 2]], "one came twice"), ([[1, 2, 2]], "one in place of another"),
    ([[1, 2, 3, 4]], "a foreign one"), ([], "nothing at all"),
]) func aLedgerThatDoesNotBalanceHasNoDigest(shards: [[UInt32]], why: String) {
    var ledger = Ledger()
    ledger.record(shards)
    #expect(ledger.digest(covering: [1, 2, 3]) == nil)
}
