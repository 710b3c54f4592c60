import Testing

/// Says which seeds fail. To see one again: `SimulatedCluster(seed: …, isGuarded: …).live()`.
private func run(seeds: Range<UInt64>, isGuarded: Bool) {
    var (quietMoments, placements) = (0, 0)
    for seed in seeds {
        var cluster = SimulatedCluster(seed: seed, isGuarded: isGuarded)
        if let failure = cluster.live() { Issue.record("seed \(seed)\(isGuarded ? ", guarded" : ""): \(failure)") }
        quietMoments += cluster.quietMoments
        placements += cluster.placements
    }
    #expect(isGuarded || placements > seeds.count, "parameters were placed anew")
    #expect(quietMoments > seeds.count, "lanes were compared with the truth")
}

@Test(arguments: 0..<8) func whateverHappensEveryShardCountsOnceAndTheRunEnds(group: UInt64) {
    run(seeds: group * 400..<(group + 1) * 400, isGuarded: false)
}

@Test(arguments: 0..<4) func amongAnHonestMajorityNoWrongResultCounts(group: UInt64) {
    run(seeds: group * 200..<(group + 1) * 200, isGuarded: true)
}
