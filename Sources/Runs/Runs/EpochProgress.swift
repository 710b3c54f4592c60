import Messages
import Programs

/// What the steps of the running epoch gave so far. Travels in checkpoints, so that a resumed epoch reports the same.
struct EpochProgress: Codable {
    var lossSum = 0.0
    var correct = 0
    var samples = 0
    var seconds = 0.0

    var loss: Double { samples > 0 ? lossSum / Double(samples) : 0 }
    var accuracy: Double { samples > 0 ? Double(correct) / Double(samples) : 0 }

    /// Adds a step's shards, in their order.
    mutating func add(_ results: [Header.TrainingResult], seconds: Double) {
        for result in results {
            lossSum += result.lossSum
            correct += result.correct
            samples += result.samples
        }
        self.seconds += seconds
    }
}
