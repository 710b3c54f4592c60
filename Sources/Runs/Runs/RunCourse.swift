import Messages
import Programs
import Reports
import TrainingData

/// How far a training has come: the steps it has taken, what those of the running epoch gave, and what comes next.
struct RunCourse {
    /// A step to be taken.
    struct Next {
        /// Counted from 0.
        let epoch: Int
        /// Within the epoch, from 0.
        let place: Int
        let shards: [[UInt32]]
        /// Those of the step after it, if the epoch has one.
        let following: [[UInt32]]?
    }

    let schedule: EpochSchedule
    let totalSteps: UInt64
    private(set) var step: UInt64 = 0
    private(set) var progress = EpochProgress()
    /// The step of the newest row of the history.
    private(set) var recordedStep: UInt64 = 0
    private var best = BestScore()
    /// Which samples the running epoch has come to.
    private var ledger = Ledger()
    /// Of the running epoch's samples; empty until it is known.
    private var order: [UInt32] = []

    init(_ schedule: EpochSchedule, epochs: Int, maximumSteps: Int?) {
        self.schedule = schedule
        let all = UInt64(epochs) * UInt64(schedule.stepsPerEpoch)
        totalSteps = maximumSteps.map { min(UInt64($0), all) } ?? all
    }

    /// Goes on after so many steps, whatever was trained beyond. `progress` is that of the epoch in which they end, at
    /// its end, too, as long as its row is not written. Returns whether the parameters are those of the best epoch so
    /// far.
    mutating func begin(after step: UInt64, _ progress: EpochProgress, history: [EpochRecord]) -> Bool {
        // Rows beyond belong to steps that are taken again, and are then replaced.
        let records = history.filter { $0.step <= Int(step) }
        (self.step, recordedStep) = (step, UInt64(records.last?.step ?? 0))
        (best, ledger, order) = (BestScore(of: records), Ledger(), [])
        if recordedStep < step {
            self.progress = progress
            let last = schedule.place(of: step - 1)
            order = schedule.order(epoch: last.epoch)
            for done in 0...last.step { ledger.record(schedule.shards(step: done, of: order)) }
        } else {
            self.progress = EpochProgress()
        }
        return step > 0 && recordedStep == step && records.last.map(best.isReached) == true
    }

    // MARK: Steps

    var isDone: Bool { step >= totalSteps }

    /// The epoch of the next step.
    var epoch: Int { schedule.place(of: step).epoch }

    /// The last step taken ends an epoch, or the run.
    var isAtEpochEnd: Bool {
        step > 0 && (step.isMultiple(of: UInt64(schedule.stepsPerEpoch)) || step == totalSteps)
    }

    mutating func next() -> Next {
        let place = schedule.place(of: step)
        if place.step == 0 || order.isEmpty { order = schedule.order(epoch: place.epoch) }
        let hasFollowing = place.step + 1 < schedule.stepsPerEpoch && step + 1 < totalSteps
        return Next(
            epoch: place.epoch, place: place.step, shards: schedule.shards(step: place.step, of: order),
            following: hasFollowing ? schedule.shards(step: place.step + 1, of: order) : nil)
    }

    /// A step is taken.
    mutating func take(_ next: Next, _ results: [Header.TrainingResult], in time: Duration) {
        step += 1
        progress.add(results, seconds: time.seconds)
        ledger.record(next.shards)
    }

    // MARK: Epochs

    /// The epoch is trained, and its row is not written yet.
    var isScoringDue: Bool { isAtEpochEnd && recordedStep < step }

    /// The epoch that is trained, counted from 1.
    var trainedEpoch: Int { schedule.place(of: step - 1).epoch + 1 }

    /// What tells of the samples that the epoch has come to; empty where the run ends within it. Nil if it has not come
    /// to each exactly once.
    var ledgerDigest: String? {
        step.isMultiple(of: UInt64(schedule.stepsPerEpoch)) ? ledger.digest(covering: schedule.samples) : ""
    }

    /// Is the epoch better than all before?
    mutating func isBest(_ record: EpochRecord) -> Bool { best.isBeaten(by: record) }

    /// The epoch's row is written.
    mutating func finishEpoch() {
        recordedStep = step
        (progress, ledger) = (EpochProgress(), Ledger())
    }
}
