import Checkpoints
import Coordination
import Training

/// The files of a run's parameters: how they are written and read beside the cluster.
extension TrainingRun {
    var cursor: Cursor {
        Cursor(
            configuration: configuration, step: course.step, epoch: course.epoch, progress: course.progress)
    }

    func checkpoint() throws {
        countOtherBits()
        let (folder, kept) = (checkpoints, configuration.checkpointsKept)
        // Before these parameters are scored, they may be those of a model that has diverged.
        let isScored = !course.isScoringDue
        try write(
            withVelocity: configuration.optimizer.needsVelocity, to: folder.path(forStep: Int(course.step))
        ) { if isScored { try folder.prune(keeping: kept) } }
    }

    func pruneCheckpoints() {
        writer.afterwards { [checkpoints, kept = configuration.checkpointsKept] in
            try checkpoints.prune(keeping: kept)
        }
    }

    /// Writes a file beside the training, which waits only for what must come from other hosts. `afterwards` runs when
    /// the file is there.
    func write(
        withVelocity: Bool, to path: String, afterwards: @escaping @Sendable () throws -> Void = {}
    ) throws {
        try cluster.wait(for: "the disk, to write the checkpoints before") { writer.hasPlace }
        let snapshot = try cluster.snapshot(withVelocity: withVelocity)
        try writer.write(snapshot, to: path, cursor: cursor, afterwards: afterwards)
        if snapshot.isStreamed {
            try cluster.wait(for: "the parameter servers and the disk, to write \(path)") { writer.isIdle }
        }
    }

    func writeCheckpoint() throws {
        countOtherBits()
        try writeNow(
            cluster.snapshot(withVelocity: configuration.optimizer.needsVelocity),
            to: checkpoints.path(forStep: Int(course.step)))
    }

    /// Workers and servers hear from the coordinator meanwhile.
    func writeNow(_ snapshot: ParameterSnapshot, to path: String) throws {
        try writer.writeNow(snapshot, to: path, cursor: cursor) { isDone in
            try cluster.wait(for: "the disk, to write \(path)", until: isDone)
        }
    }

    /// The row that says so is written before the file is: what stopped the run may have come between.
    func keepBest() throws {
        let path = folder.path(.best)
        if let file = try? SafetensorsFile(path: path), file.metadata["step"] == "\(course.step)" { return }
        try writeNow(cluster.snapshot(withVelocity: false), to: path)
    }

    /// Copies what the run begins with into its folder. Workers and servers hear from the coordinator meanwhile.
    func keep(_ initial: InitialParameters) throws {
        let path = folder.path(.initial)
        try writer.afterAll {
            try cluster.wait(for: "the disk, to write \(path)", until: $0)
        } _: {
            try initial.write(to: path)
        }
    }

    /// The newest good checkpoint, or the beginning. Workers and servers hear from the coordinator while it is
    /// verified.
    func newestStartingPoint() throws -> StartingPoint {
        let initialParameters = folder.path(.initial)
        return try writer.afterAll {
            try cluster.wait(for: "the disk, to read the newest checkpoint", until: $0)
        } _: { [checkpoints, configuration, layout, log] in
            try StartingPoint(newestIn: checkpoints, layout, log: log)
                ?? StartingPoint(configuration, layout, initialParameters: initialParameters)
        }
    }

    func firstStartingPoint() throws -> StartingPoint {
        try StartingPoint(configuration, layout, initialParameters: folder.path(.initial))
    }
}
