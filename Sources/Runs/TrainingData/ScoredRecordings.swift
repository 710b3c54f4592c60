import Datasets
import ElementaryFunctions
import Evaluation

/// Probabilities of a data set's windows, as predictions of its recordings.
public enum ScoredRecordings {
    /// `probabilities` are those of `samples`, in their order, `[classes]` each. A recording's score is the mean over
    /// its windows.
    public static func predictions(
        _ dataset: Dataset, samples: [UInt32], probabilities: [Float]
    ) throws -> [Prediction] {
        let classes = dataset.classes.count
        precondition(probabilities.count == samples.count * classes, "probabilities of other samples")
        let windows = samples.enumerated().map { index, sample in
            let recording = dataset.recordings[dataset.samples[Int(sample)].recording]
            return Prediction(
                file: recording.name, truth: recording.label,
                probabilities: probabilities[index * classes..<(index + 1) * classes].map(Double.init),
                group: recording.group, subject: recording.subject)
        }
        return try Prediction.averaging(windows: windows)
    }

    /// What the baselines, which read `training`'s labels, answer for the recordings of predictions.
    public static func baselines(
        for predictions: [Prediction], _ dataset: Dataset, training: some Sequence<Int>
    ) -> BaselineAnswers {
        let recordings = Set(training.map { dataset.samples[$0].recording }).sorted().map { dataset.recordings[$0] }
        return BaselineAnswers(
            for: predictions, reading: recordings.map { .init(truth: $0.label, group: $0.group) },
            classes: dataset.classes.count)
    }

    /// Loss and accuracy of the windows themselves, as they are trained on.
    public static func windowScores(
        _ dataset: Dataset, samples: [UInt32], probabilities: [Float]
    ) -> (loss: Double, accuracy: Double) {
        let classes = dataset.classes.count
        var (loss, correct) = (0.0, 0)
        for (index, sample) in samples.enumerated() {
            let row = probabilities[index * classes..<(index + 1) * classes]
            let label = dataset.samples[Int(sample)].label
            // As Keras clips probabilities in its loss.
            loss -= Elementary.log(Double(max(row[row.startIndex + label], 1e-7)))
            if row.mostProbable == label { correct += 1 }
        }
        let count = Double(max(samples.count, 1))
        return (loss / count, Double(correct) / count)
    }
}
