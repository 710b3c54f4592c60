import Foundation
import Testing

/// Of each kind of world; scripts/simulate asks for more.
private let schedules = ProcessInfo.processInfo.environment["HBN_SCHEDULES"].flatMap { UInt64($0) } ?? 3200

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
    run(seeds: schedules * group / 8..<schedules * (group + 1) / 8, isGuarded: false)
}

@Test(arguments: 0..<4) func amongAnHonestMajorityNoWrongResultCounts(group: UInt64) {
    run(seeds: schedules / 4 * group / 4..<schedules / 4 * (group + 1) / 4, isGuarded: true)
}
