import AttentionUNet
import Augmentation
import Datasets
import Evaluation
import Parameters
import Programs
import Reports
import Spectrograms
import TensorCore
import Training
import TrainingData

extension RunConfiguration {
    /// What was trained on what, for the report.
    func facts(of dataset: Dataset) -> [RunReport.Fact] {
        let layout = Network.attentionUNet(model).parameterLayout
        let wasGivenPictures = dataset.isOfPictures && dataset.digest == dataDigest
        let windows = self.dataset.windowSeconds.map { "windows of \($0) s" } ?? "whole recordings"
        return [
            .init("Data", data.name),
            .init("Recordings", "\(dataset.recordings.count), \(dataset.skipped.count) skipped"),
            .init("Pictures", "\(dataset.samples.count)" + (dataset.isOfPictures ? "" : ", of \(windows)")),
            .init("Looked for", questionText),
            .init("Split and counted", "\(dataset.unit)"),
            .init("Model", "attention U-Net, \(model.height)x\(model.width)x3, \(model.baseFilters) base filters"),
            .init("Parameters", layout.count.grouped),
            .init("Dense layers", "\(model.denseLayers) of \(model.denseWidth), dropout \(model.dropout)"),
            .init("Batch", "\(shardsPerStep) shards of \(shardSize)"),
            .init(
                "Optimizer",
                "SGD, learning rate \(optimizer.learningRate) (\(optimizer.decay.rawValue)), momentum \(optimizer.momentum)"
            ),
            .init("Augmentation", augmentation.summary),
            .init("Seed", "\(seed)"),
        ] + (wasGivenPictures ? [] : signalFacts) + balanceFacts
            + (initialParameters.map { [.init("Initial parameters", "a file's, with the digest \($0)")] } ?? [])
    }

    /// What differs from the notebook's way from a sound to a picture.
    private var signalFacts: [RunReport.Fact] {
        let spectrogram = dataset.spectrogram
        let usual = SpectrogramSettings(height: spectrogram.height, width: spectrogram.width)
        let signal = [
            (spectrogram.fftSize, spectrogram.hop, spectrogram.mels) == (usual.fftSize, usual.hop, usual.mels)
                ? nil
                : "\(spectrogram.mels) mel bands of \(spectrogram.fftSize) samples, every \(spectrogram.hop)",
            spectrogram.channels == .mel ? "decibels in each channel" : nil,
            spectrogram.band.map { "band-pass \($0.low) to \($0.high) Hz" },
            spectrogram.removesSpikes == true ? "spikes removed" : nil,
            spectrogram.levelsBands == true ? "bands levelled" : nil,
        ].compactMap(\.self)
        return signal.isEmpty ? [] : [.init("Signal", signal.joined(separator: ", "))]
    }

    private var balanceFacts: [RunReport.Fact] {
        balance.map { [.init("Balance", "\($0.rawValue): its classes count alike in the loss")] } ?? []
    }
}

extension AugmentationSettings {
    /// As a person reads them; of most, nothing is said while they are off.
    var summary: String {
        func shift(_ range: Double, _ axis: String) -> String? {
            range == 0 ? nil : "\(axis) shift \(range)" + (range < 1 ? "" : " pixels")
        }
        let fill = fillMode == .constant ? "fill constant \(fillValue)" : "fill \(fillMode.rawValue)"
        let masks = "\(timeMasks) time and \(frequencyMasks) frequency masks of at most \(maskSize)"
        let parts = [
            "shear \(shearRange)°", "zoom \(zoomRange)", horizontalFlip ? "horizontal flip" : nil,
            verticalFlip ? "vertical flip" : nil, rotationRange == 0 ? nil : "rotation \(rotationRange)°",
            shift(widthShiftRange, "width"), shift(heightShiftRange, "height"), fillMode == .nearest ? nil : fill,
            timeMasks + frequencyMasks == 0 ? nil : masks,
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}

extension RunConfiguration {
    /// What is tested with, where anything is.
    var testText: String { testData ?? heldOut.map { "\($0)" } ?? "the data's own test part" }

    /// Which classes are told from which.
    var questionText: String {
        Contrast.only(between: classes, positive: positiveClass)?.name ?? "each of \(classes.joined(separator: ", "))"
    }
}

extension DataSource {
    /// As a person names it.
    var name: String {
        switch self {
        case .synthetic(let recordings, let seed): "\(recordings) synthetic recordings, seed \(seed)"
        case .path(let path): path
        }
    }
}

extension ClassificationMetrics {
    /// The few lines that a person reads first.
    var summary: [String] {
        let interval =
            self.aucInterval.map { " (95 % interval \($0.lower.text(decimals: 3)) to \($0.upper.text(decimals: 3)))" }
            ?? ""
        guard self.count > 0 else {
            return [
                "no recordings were held out, so there is no score: there are too few, or --validation-fraction is 0"
            ]
        }
        let people = patients > 0 ? " of \(patients) patient\(patients == 1 ? "" : "s")" : ""
        var lines = [
            "\(self.count) recordings\(people): AUC \(self.auc.text(decimals: 3))\(interval), "
                + "accuracy \(self.accuracy.text(decimals: 3)), sensitivity \(self.sensitivity.text(decimals: 3)), "
                + "specificity \(self.specificity.text(decimals: 3)), MAcc \(self.macc.text(decimals: 3))"
        ]
        if self.auc == nil, let label = self.confusionMatrix.onlyClass {
            lines.append(
                "  all of them are \(classes[label]), so that AUC, MAcc and what asks for the other answer cannot be said"
            )
        } else {
            let absent = classes.indices.filter { self.confusionMatrix.support(of: $0) == 0 }.map { classes[$0] }
            if !absent.isEmpty {
                lines.append("  none of them is \(absent.joined(separator: " or ")), of which nothing can be said")
            }
        }
        if let threshold, let point = self.atThreshold {
            lines.append(
                "  at the threshold \(threshold.value.text(decimals: 3)) chosen on the validation part"
                    + (threshold.isInSample ? ", which is among these: " : ": ")
                    + "sensitivity \(point.sensitivity.value.text(decimals: 3)), specificity \(point.specificity.value.text(decimals: 3)), "
                    + "MAcc \(point.macc.text(decimals: 3))")
        }
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "  \(name): \(group.count) recordings, AUC \(group.auc.text(decimals: 3)), MAcc \(group.macc.text(decimals: 3))"
            )
        }
        if let baselines {
            lines.append(
                "  knowing only the site: MAcc \(baselines.majorityClassOfGroup.macc.text(decimals: 3)); "
                    + "always the same class: MAcc \(baselines.majorityClass.macc.text(decimals: 3))")
        }
        return lines
    }
}
