import Testing

/// To see one again: `SimulatedCluster(seed: …).run()`.
@Test(arguments: 0..<8) func whateverHappensEveryShardCountsOnceAndTheRunEnds(group: UInt64) {
    for seed in group * 400..<(group + 1) * 400 {
        var cluster = SimulatedCluster(seed: seed)
        if let failure = cluster.run() { Issue.record("seed \(seed): \(failure)") }
    }
}

@Test(arguments: 0..<4) func amongAnHonestMajorityNoWrongResultCounts(group: UInt64) {
    for seed in group * 200..<(group + 1) * 200 {
        var cluster = SimulatedCluster(seed: seed, isGuarded: true)
        if let failure = cluster.run() { Issue.record("guarded seed \(seed): \(failure)") }
    }
}
