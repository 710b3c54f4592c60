import Audio
import Datasets
import Evaluation
import Foundation
import Logging
import Parameters
import Programs
import Training
import TrainingData

extension RunConfiguration {
    /// The run is about these recordings. Throws if they cannot be balanced as it says.
    mutating func adopt(_ dataset: Dataset) throws {
        guard balance != .site || !dataset.groups.isEmpty else {
            throw RunFailure(.unusableArguments, "--balance site: the data has no sites; use --balance class")
        }
        classes = dataset.classes
        model.classes = dataset.classes.count
        dataDigest = dataset.digest
        pixelDigest = dataset.pixelDigest
        positiveClass = try positive(in: dataset)
    }

    /// The class that is looked for: as it was asked for, or as the data says. Throws where two classes leave it open.
    private func positive(in dataset: Dataset) throws -> String? {
        let names = dataset.classes
        if let positiveClass {
            let known =
                names.first { $0 == positiveClass } ?? names.first { $0.lowercased() == positiveClass.lowercased() }
            guard let known else {
                throw RunFailure(
                    .unusableArguments,
                    "--positive-class \(positiveClass): the classes are \(names.joined(separator: ", ")); give one of these"
                )
            }
            return known
        }
        if let known = dataset.positiveClass { return known }
        // A fold is of a cross-validation that has asked already, or was begun by a version that did not.
        guard names.count != 2 || Contrast.only(between: names) != nil || heldOut != nil else {
            throw RunFailure(
                .unusableArguments,
                "which class is looked for, \(names[0]) or \(names[1])? their names do not tell; give --positive-class "
                    + "\"\(names[0])\" or --positive-class \"\(names[1])\"")
        }
        return nil
    }

    /// Throws if the run in a folder was begun with other numerics than this build's: nobody can go on with its bits.
    func checkNumerics(ofRun folder: String, otherwise remedy: String) throws {
        guard numerics.version == NumericsSettings.currentVersion else {
            throw RunFailure(
                .badData,
                "\(folder): this run was begun with other numerics (\(numerics.version)) than this version's "
                    + "(\(NumericsSettings.currentVersion)), so its bits would change on the way; finish it with the version "
                    + "that began it, or \(remedy)")
        }
    }

    /// Throws if these are not the recordings that the run began with, or if other pictures have been made of them.
    func check(isStill dataset: Dataset) throws {
        guard dataDigest == nil || dataDigest == dataset.digest else {
            throw RunFailure(
                .badData,
                "\(data): is not what the run began with: recordings were added, removed or changed; restore them, or start "
                    + "another run with --config")
        }
        guard let pixelDigest else {
            throw RunFailure(
                .badData,
                "\(data): the run was begun by a version that did not note its pictures, so nobody can tell whether they are "
                    + "the same; start another run with --config")
        }
        guard pixelDigest == dataset.pixelDigest else {
            throw RunFailure(
                .badData,
                "\(data): the recordings are those that the run began with, but their pictures differ from those it began "
                    + "with: libraries of other versions, or for another processor, have made them (here "
                    + "\(SoundLibraries.versions)); go on where the run began, or start another run with --config")
        }
    }
}

/// What comes before a run: its data are read, and its model must fit.
extension TrainingRun {
    static func read(_ selection: DataSelection, _ settings: DatasetSettings, log: Logger) throws -> Dataset {
        let line = LockedProgressLine()
        let dataset = try Dataset(selection, settings: settings, logger: log) { done, all in
            line.update(LiveText(.init("reading recordings: \(done) of \(all)")))
        }
        if case .synthetic = selection.source { line.print("heart sounds made by the program (--data synthetic)") }
        line.print(
            "\(dataset.recordings.count) recordings, \(dataset.samples.count) windows, classes: "
                + dataset.classes.enumerated().map { label, name in
                    "\(name) (\(dataset.recordings.count { $0.label == label }))"
                }.joined(separator: ", "))
        for note in dataset.notes { log.warning("\(note)") }
        for (label, name) in dataset.classes.enumerated() {
            let lost = dataset.lost[label]
            let all = lost + dataset.recordings.count { $0.label == label }
            if lost * 4 > all { log.warning("class \(name): \(lost) of its \(all) recordings cannot be used") }
        }
        for file in dataset.skipped.prefix(10) { log.warning("skipped: \(file.reason)") }
        if dataset.skipped.count > 10 { log.warning("and \(dataset.skipped.count - 10) more files skipped") }
        return dataset
    }

    /// Refuses a model that cannot fit before any of it is allocated.
    static func checkMemory(for layout: ParameterLayout, _ configuration: RunConfiguration) throws {
        let needed = MemoryPlan(configuration).coordinator.total
        let present = ProcessInfo.processInfo.physicalMemory
        guard UInt64(needed) < present else {
            throw RunFailure(
                .unusableArguments,
                "training the model's \(layout.count.grouped) parameters needs \(needed >> 30) GiB in this process, the "
                    + "machine has \(present >> 30); choose a smaller height, width or base filters")
        }
        try SystemLimits.requireAddresses(forBytes: needed)
    }
}
