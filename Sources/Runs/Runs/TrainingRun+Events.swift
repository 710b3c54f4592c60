import Evaluation
import EventFiles
import Reports

/// What TensorBoard shows of a run.
extension TrainingRun {
    /// Events are an extra: where they cannot be written, training goes on.
    func report(_ values: [Event.Value]) {
        guard !values.isEmpty else { return }
        do {
            try events.append(values, step: Int(course.step))
        } catch {
            log.warning("\(error); training goes on")
        }
    }

    /// Spectrograms in the light of the attention gates, of what was called rightly and wrongly.
    func reportViews(of predictions: [Prediction], _ mistakes: [RunReport.Mistake], by viewer: ModelViewer) {
        do {
            let named =
                try viewer.bestExamples(among: predictions).map { ("examples/\($0.label)", $0.view) }
                + mistakes.enumerated().map { index, mistake in
                    ("mistakes/\(index + 1). \(mistake.truth), called \(mistake.called)", mistake.view)
                }
            let size = configuration.model
            report(named.flatMap { name, view in view.events(under: name, height: size.height, width: size.width) })
        } catch {
            log.warning("\(error); TensorBoard will not show what the model saw")
        }
    }
}

extension EpochRecord {
    /// What TensorBoard shows of an epoch.
    var events: [Event.Value] {
        let numbers: [(tag: String, value: Double?)] = [
            ("loss/training", trainingLoss), ("loss/validation", validationLoss),
            ("accuracy/training", trainingAccuracy), ("accuracy/validation", validationAccuracy),
            ("auc/validation", validationAUC), ("throughput/samples_per_second", samplesPerSecond),
        ]
        return numbers.compactMap { tag, value in value.map { .scalar(tag, $0) } }
    }
}

extension RunReport.View {
    /// The picture and what each gate let through of it.
    fileprivate func events(under name: String, height: Int, width: Int) -> [Event.Value] {
        [.picture("\(name)/spectrogram", png: picture, height: height, width: width)]
            + attention.map { .picture("\(name)/\($0.name)", png: $0.picture, height: height, width: width) }
    }
}
