import Testing

@testable import ClusterLogic

@Test func aWorkersWorkIsCountedAndTimed() {
    var statistics = WorkerStatistics()
    #expect(statistics.median == nil && statistics.p95 == nil)
    for second in 1...100 { statistics.finished(second % 10 == 0 ? .audit : .result, in: .seconds(second)) }
    #expect(statistics.shards == 90 && statistics.audits == 10)
    #expect(statistics.median == .seconds(51) && statistics.p95 == .seconds(96))
}

@Test func onlyTheLastDurationsAreRemembered() {
    var durations = RecentDurations(capacity: 3)
    for second in [9, 9, 1, 2, 2] { durations.append(.seconds(second)) }
    #expect(durations.quantile(0) == .seconds(1))
    #expect(durations.quantile(0.5) == .seconds(2) && durations.quantile(1) == .seconds(2))
}

@Test(arguments: [1, 5, 64]) func theQuantilesAreThoseOfTheSortedDurations(capacity: Int) {
    var durations = RecentDurations(capacity: capacity)
    var all: [Duration] = []
    var dice = Dice(seed: 1)
    for _ in 0..<200 {
        all.append(dice.milliseconds(0...20))
        durations.append(all.last!)
        let sorted = all.suffix(capacity).sorted()
        #expect(durations.quantile(0.5) == sorted[sorted.count / 2])
    }
}

@Test func theSchedulerKeepsTimeByName() {
    var world = Scenario("a")
    world.open(shards: 2)
    world.time = .seconds(3)
    world.result(of: "a", "0.0")
    world.time = .seconds(4)
    world.result(of: "a", "0.1")
    // The second waited for its lane, which is not its fault.
    #expect(world.scheduler.statistics["a"]?.shards == 2)
    #expect(world.scheduler.statistics["a"]?.median == .seconds(3))
    #expect(world.scheduler.recent.quantile(0) == .seconds(1))
}
