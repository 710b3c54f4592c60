import Messages
import Reports
import Testing
import TrainingData

@testable import Runs

/// Five samples in shards of two, two of them a step: an epoch has two steps, the last with a single sample.
private func course(epochs: Int = 3, maximumSteps: Int? = nil) -> RunCourse {
    RunCourse(
        EpochSchedule(samples: [10, 11, 12, 13, 14], shardSize: 2, shardsPerStep: 2, seed: 4), epochs: epochs,
        maximumSteps: maximumSteps)
}

private func row(ofEpoch epoch: Int, step: Int, auc: Double?) -> EpochRecord {
    EpochRecord(
        epoch: epoch, step: step, trainingLoss: 1, trainingAccuracy: 1, validationLoss: nil, validationAccuracy: nil,
        validationAUC: auc, samples: 5, seconds: 1, ledgerDigest: "")
}

extension RunCourse {
    /// Takes the next step, each of whose samples has a loss of 2 and is called rightly.
    fileprivate mutating func go() {
        let next = next()
        let results = next.shards.map {
            Header.TrainingResult(samples: $0.count, correct: $0.count, lossSum: 2 * Double($0.count))
        }
        take(next, results, in: .seconds(3))
    }
}

@Test func anEpochHasEverySampleOnceAndKnowsWhatComesAfterEachStep() {
    var course = course()
    let first = course.next()
    #expect(first.epoch == 0 && first.place == 0 && first.shards.map(\.count) == [2, 2])
    course.go()
    let second = course.next()
    #expect(second.place == 1 && second.shards == first.following && second.following == nil)
    #expect(Set((first.shards + second.shards).flatMap { $0 }) == [10, 11, 12, 13, 14])
    #expect(!course.isAtEpochEnd && !course.isScoringDue)
    course.go()
    #expect(course.isAtEpochEnd && course.isScoringDue && course.trainedEpoch == 1 && course.epoch == 1)
    #expect(course.progress.samples == 5 && course.progress.loss == 2 && course.progress.accuracy == 1)
    #expect(course.progress.seconds == 6)
    #expect(course.ledgerDigest?.isEmpty == false)
    course.finishEpoch()
    #expect(!course.isScoringDue && course.recordedStep == 2 && course.progress.samples == 0)
    // Another order.
    let third = course.next()
    #expect(third.shards != first.shards && third.epoch == 1)
}

@Test(arguments: [(1, nil, 2), (3, nil, 6), (3, 5, 5), (3, 99, 6)] as [(Int, Int?, UInt64)])
func aRunEndsAfterItsEpochsOrItsSteps(epochs: Int, maximumSteps: Int?, steps: UInt64) {
    var course = course(epochs: epochs, maximumSteps: maximumSteps)
    #expect(course.totalSteps == steps)
    while !course.isDone {
        let next = course.next()
        #expect((next.following == nil) == (next.place == 1 || course.step == steps - 1))
        course.go()
        if course.isScoringDue { course.finishEpoch() }
    }
    #expect(course.step == steps && course.isAtEpochEnd && course.recordedStep == steps)
}

@Test func aRunThatEndsWithinAnEpochHasNotComeToEverySample() {
    var course = course(maximumSteps: 3)
    for _ in 0..<3 { course.go() }
    #expect(course.isScoringDue && course.ledgerDigest == "")
}

@Test func whatIsTakenUpWithinAnEpochGoesOnAsIfNothingHadHappened() {
    var whole = course()
    for _ in 0..<2 { whole.go() }
    whole.finishEpoch()
    whole.go()
    var resumed = course()
    _ = resumed.begin(after: 3, whole.progress, history: [row(ofEpoch: 1, step: 2, auc: 0.5)])
    let next = (resumed.next(), whole.next())
    #expect(next.0.shards == next.1.shards && resumed.recordedStep == 2)
    whole.go()
    resumed.go()
    #expect(resumed.ledgerDigest == whole.ledgerDigest && resumed.ledgerDigest?.isEmpty == false)
    #expect(resumed.progress.samples == 5)
}

@Test func anEpochThatEndedWithoutItsRowIsScoredAfterAll() {
    var done = course()
    for _ in 0..<2 { done.go() }
    var resumed = course()
    _ = resumed.begin(after: 2, done.progress, history: [])
    #expect(resumed.isScoringDue && resumed.trainedEpoch == 1 && resumed.progress.samples == 5)
    #expect(resumed.ledgerDigest == done.ledgerDigest)
}

/// (AUC of the epochs before, steps that are kept, whether the parameters then are the best)
@Test(
    arguments: [
        ([0.5], 2, true), ([0.5, 0.7], 4, true), ([0.7, 0.5], 4, false), ([0.7, 0.5], 2, true), ([0.5, 0.7], 3, false),
        ([nil], 2, false), ([], 0, false),
    ] as [([Double?], UInt64, Bool)])
func rowsBeyondTheCheckpointCountForNothing(aucs: [Double?], step: UInt64, isBest: Bool) {
    var course = course()
    let rows = aucs.enumerated().map { row(ofEpoch: $0 + 1, step: 2 * ($0 + 1), auc: $1) }
    let found = course.begin(after: step, EpochProgress(), history: rows)
    #expect(found == isBest)
    #expect(course.step == step && course.recordedStep == step / 2 * 2)
}
