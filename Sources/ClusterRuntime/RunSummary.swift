import AttentionUNet
import Datasets
import Evaluation
import Parameters
import Reports
import Training

extension RunConfiguration {
    /// What was trained on what, for the report.
    func facts(of dataset: Dataset, layout: ParameterLayout) -> [RunReport.Fact] {
        let windows = self.dataset.windowSeconds.map { "\($0) s" } ?? "whole recordings"
        return [
            .init("Data", data.name),
            .init("Recordings", "\(dataset.recordings.count), \(dataset.skipped.count) skipped"),
            .init("Windows", "\(dataset.samples.count) of \(windows)"),
            .init("Held out", "\((100 * validationFraction).rounded(0)) % of the recordings, never trained on"),
            .init("Model", "attention U-Net, \(model.height)x\(model.width)x3, \(model.baseFilters) base filters"),
            .init("Parameters", layout.count.grouped),
            .init("Dense layers", "\(model.denseLayers) of \(model.denseWidth), dropout \(model.dropout)"),
            .init("Batch", "\(shardsPerStep) shards of \(shardSize)"),
            .init(
                "Optimizer",
                "SGD, learning rate \(optimizer.learningRate) (\(optimizer.decay.rawValue)), momentum \(optimizer.momentum)"
            ),
            .init(
                "Augmentation",
                "shear \(augmentation.shearRange)°, zoom \(augmentation.zoomRange)"
                    + (augmentation.horizontalFlip ? ", horizontal flip" : "")),
            .init("Seed", "\(seed)"),
        ] + (initialParameters.map { [.init("Initial parameters", "a file's, with the digest \($0)")] } ?? [])
    }
}

extension DataSource {
    /// As a person names it.
    var name: String {
        switch self {
        case .synthetic(let recordings, let seed): "\(recordings) synthetic recordings, seed \(seed)"
        case .folder(let path): path
        }
    }
}

extension ClassificationMetrics {
    /// The few lines that a person reads first.
    var summary: [String] {
        func text(_ value: Double?) -> String { value.map { $0.rounded(3) } ?? "undefined" }
        let interval = aucInterval.map { " (95 % interval \($0.lower.rounded(3)) to \($0.upper.rounded(3)))" } ?? ""
        guard scores.count > 0 else {
            return ["no recordings were held out (--validation-fraction 0), so there is no score"]
        }
        var lines = [
            "\(scores.count) recordings: AUC \(text(scores.auc))\(interval), "
                + "accuracy \(text(scores.accuracy)), sensitivity \(text(scores.sensitivity)), "
                + "specificity \(text(scores.specificity)), MAcc \(text(scores.macc))"
        ]
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name): \(group.count) recordings, AUC \(text(group.auc)), MAcc \(text(group.macc))")
        }
        if let baselines {
            lines.append(
                "  knowing only the site: MAcc \(text(baselines.majorityClassOfGroup.macc)); "
                    + "always the same class: MAcc \(text(baselines.majorityClass.macc))")
        }
        return lines
    }
}
