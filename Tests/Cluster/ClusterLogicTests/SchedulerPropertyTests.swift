import Testing

/// Says which seeds fail. To see one again: `SimulatedCluster(seed: …, isGuarded: …).run()`.
private func run(seeds: Range<UInt64>, isGuarded: Bool) {
    var quietMoments = 0
    for seed in seeds {
        var cluster = SimulatedCluster(seed: seed, isGuarded: isGuarded)
        if let failure = cluster.run() { Issue.record("seed \(seed)\(isGuarded ? ", guarded" : ""): \(failure)") }
        quietMoments += cluster.quietMoments
    }
    #expect(quietMoments > seeds.count, "lanes were compared with the truth")
}

@Test(arguments: 0..<8) func whateverHappensEveryShardCountsOnceAndTheRunEnds(group: UInt64) {
    run(seeds: group * 400..<(group + 1) * 400, isGuarded: false)
}

@Test(arguments: 0..<4) func amongAnHonestMajorityNoWrongResultCounts(group: UInt64) {
    run(seeds: group * 200..<(group + 1) * 200, isGuarded: true)
}
