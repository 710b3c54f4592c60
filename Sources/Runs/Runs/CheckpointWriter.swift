import Checkpoints
import Coordination
import Foundation
import Kernels
import Logging
import Parameters
import Programs
import Synchronization
import Training
import TrainingData
import ZeroMQ

/// Where a run stands: what a checkpoint must hold beside the parameters to go on from there.
struct Cursor {
    let configuration: RunConfiguration
    let step: UInt64
    let epoch: Int
    let progress: EpochProgress

    func metadata() throws -> [String: String] {
        [
            "format": "heartbeatnet", "build": Program.build, "step": "\(step)", "epoch": "\(epoch)",
            "seed": "\(configuration.seed)",
            "configuration": String(decoding: try configuration.encoded(), as: UTF8.self),
            "progress": String(decoding: try JSONEncoder().encode(progress), as: UTF8.self),
        ]
    }
}

/// Parameters that are not written, for some of their numbers are infinite or none: the training has diverged.
struct NotFinite: Error {
    let step: UInt64
    let tensor: String
}

/// Writes parameters to files on a thread of its own, beside the training. What is not finite is not written.
///
/// A snapshot's floats are those of the parameter servers themselves, which leave them unchanged until they are
/// written; those of servers on other hosts come while the file is written.
final class CheckpointWriter {
    private let layout: ParameterLayout
    private let log: Logger
    private let queue = DispatchQueue(label: "checkpoints")
    private let pending = Pending()

    private let wakeup: Wakeup

    private final class Pending: Sendable {
        let count = Atomic(0)
        let divergence = Mutex<NotFinite?>(nil)
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, any Error>?>(nil)
    }

    /// On a disk slower than the training, snapshots must not pile up in memory.
    var hasPlace: Bool { pending.count.load(ordering: .relaxed) < 2 }

    /// Everything is written.
    var isIdle: Bool { pending.count.load(ordering: .acquiring) == 0 }

    /// Wakes whoever waits for a file.
    init(layout: ParameterLayout, waking wakeup: Wakeup, log: Logger) {
        self.layout = layout
        self.wakeup = wakeup
        self.log = log
    }

    /// Writes a file in the background. A failure is reported and the training goes on; the older files stay.
    /// `afterwards` runs when the file is there.
    func write(
        _ snapshot: ParameterSnapshot, to path: String, cursor: Cursor,
        afterwards: @escaping @Sendable () throws -> Void = {}
    ) throws {
        let metadata = try cursor.metadata()
        pending.count.add(1, ordering: .relaxed)
        queue.async { [layout, log, pending, wakeup] in
            defer {
                pending.count.subtract(1, ordering: .releasing)
                wakeup.call()
            }
            do {
                try Self.write(snapshot, to: path, layout: layout, metadata: metadata)
                try afterwards()
            } catch let divergence as NotFinite {
                pending.divergence.withLock { $0 = divergence }
            } catch {
                log.error("checkpoint not written: \(RunFailure(error)); training goes on, older checkpoints stay")
            }
        }
    }

    /// Throws if what was to be written was not finite.
    func checkFinite() throws {
        if let divergence = pending.divergence.withLock({ $0 }) { throw divergence }
    }

    /// Does something with the files when those that were to be written are there. A failure is reported.
    func afterwards(_ body: @escaping @Sendable () throws -> Void) {
        queue.async { [log] in
            do {
                try body()
            } catch {
                log.error("\(RunFailure(error)); training goes on")
            }
        }
    }

    /// Writes a file that must not fail, after all others. `wait` returns when what it is given has become true, which
    /// takes long for a large file.
    func writeNow(
        _ snapshot: ParameterSnapshot, to path: String, cursor: Cursor, waiting wait: (() -> Bool) throws -> Void
    ) throws {
        let metadata = try cursor.metadata()
        try afterAll(waiting: wait) { [layout] in
            try Self.write(snapshot, to: path, layout: layout, metadata: metadata)
        }
    }

    /// Does something with the files when all that were to be written are there, and returns what it gives.
    func afterAll<Value: Sendable>(
        waiting wait: (() -> Bool) throws -> Void, _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Value>()
        queue.async { [wakeup] in
            let result = Result { try body() }
            outcome.result.withLock { $0 = result }
            wakeup.call()
        }
        try wait { outcome.result.withLock { $0 != nil } }
        return try outcome.result.withLock { try $0!.get() }
    }

    func finish() { queue.sync {} }

    private static func write(
        _ snapshot: ParameterSnapshot, to path: String, layout: ParameterLayout, metadata: [String: String]
    ) throws {
        try ModelFile.write(
            to: path, layout: layout, withVelocity: snapshot.hasVelocity, metadata: metadata
        ) { range, ofVelocity, sink in
            try snapshot.read(range, ofVelocity: ofVelocity) { piece in
                guard areFinite(piece) else {
                    let name = layout.parameters.first { $0.range == range }?.name ?? "parameters"
                    throw NotFinite(step: snapshot.version, tensor: ofVelocity ? "the momentum of \(name)" : name)
                }
                try sink(piece)
            }
        }
    }
}
