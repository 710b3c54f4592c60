import Messages
import Testing

@testable import Coordination

/// A step whose last shard is short.
private let round = OpenRound(.train, number: 4, shards: [[7, 3], [5]], version: 4)

@Test(arguments: [(0, [7, 3]), (1, [5])] as [(Int, [UInt32])])
func anAssignmentHasItsShardsSamplesAndTheCountOfTheWholeStep(shard: Int, samples: [UInt32]) {
    let id = ShardAttempt(round: 4, shard: shard, attempt: 2)
    let assignment = round.assignment(id, isAudit: false)
    // The mean of the loss is over the three samples of the step, whatever their shards.
    #expect(assignment.roundSamples == 3 && assignment.samples == samples)
    #expect(assignment.kind == .train && assignment.version == 4 && assignment.id == id)
    #expect(round.assignment(id, isAudit: true).kind == .audit)
}

@Test func scoringIsNeverAudited() {
    let scoring = OpenRound(.score, number: .max, shards: [[1]], version: 9)
    let id = ShardAttempt(round: .max, shard: 0, attempt: 1)
    #expect(scoring.assignment(id, isAudit: true).kind == .score)
    #expect(scoring.name(ofShard: 0) == "shard 0 of the scoring after step 9")
}

@Test func aStepThatBeginsAnewForgetsItsResults() {
    var round = round
    round.training[0] = Header.TrainingResult(samples: 2, correct: 1, lossSum: 0.5)
    round.restart(firstAttempt: 6)
    #expect(round.training.allSatisfy { $0 == nil } && round.firstAttempt == 6)
}
