import Foundation
import Logging
import Programs
import Synchronization

/// The worker processes of `--local N`: started here, replaced when they die, ended with the run.
public final class LocalWorkers {
    private let executable: URL
    private let endpoint: String
    private let log: Logger
    private var workers: [Child] = []
    /// Called when a child has ended.
    private let wakeup: Wakeup

    private struct Child {
        let name: String
        let core: Int?
        var process: Process
        var started: ContinuousClock.Instant
        var quickDeaths = 0
        var replaceAt: ContinuousClock.Instant?
    }

    /// A child that lives for less than this, so many times in a row, will not do better.
    private static let quickDeath = Duration.seconds(5)
    private static let patience = 5

    /// Workers that need all cores keep to one each.
    init(count: Int, endpoint: String, waking wakeup: Wakeup, log: Logger) throws {
        executable = try Program.find("hbn-worker")
        self.endpoint = endpoint
        self.log = log
        self.wakeup = wakeup
        let cores = Cores.available
        for index in 1...max(count, 1) where count > 0 {
            let name = "local-\(index)"
            let core = cores.count == count ? cores[index - 1] : nil
            workers.append(Child(name: name, core: core, process: try launch(name, on: core), started: .now))
        }
    }

    deinit { end() }

    /// Reports the children that have ended since the last call, and replaces them.
    func replaceTheDead(at now: ContinuousClock.Instant) throws -> [(name: String, cause: String)] {
        var dead: [(name: String, cause: String)] = []
        for index in workers.indices {
            if let due = workers[index].replaceAt {
                guard now >= due else { continue }
                workers[index].process = try launch(workers[index].name, on: workers[index].core)
                workers[index].started = now
                workers[index].replaceAt = nil
            } else if !workers[index].process.isRunning {
                let process = workers[index].process
                let cause =
                    process.terminationReason == .uncaughtSignal
                    ? "signal \(process.terminationStatus)" : "exit code \(process.terminationStatus)"
                dead.append((workers[index].name, cause))
                let wasQuick = workers[index].started.duration(to: now) < Self.quickDeath
                workers[index].quickDeaths = wasQuick ? workers[index].quickDeaths + 1 : 0
                guard workers[index].quickDeaths < Self.patience else {
                    throw RunFailure(
                        .internalError, "local worker \(workers[index].name) ends at once every time (\(cause))")
                }
                workers[index].replaceAt = now + .seconds(workers[index].quickDeaths)
            }
        }
        return dead
    }

    /// Waits a little for the children to end by themselves, then ends them.
    func end() {
        let deadline = ContinuousClock.now + .seconds(5)
        for worker in workers where worker.replaceAt == nil {
            while worker.process.isRunning && ContinuousClock.now < deadline { usleep(5000) }
            if worker.process.isRunning { kill(worker.process.processIdentifier, SIGKILL) }
            worker.process.waitUntilExit()
        }
        workers = []
    }

    private func launch(_ name: String, on core: Int?) throws -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = [
            "--connect", endpoint, "--name", name, "--lanes", "1",
            "--parent", "\(ProcessInfo.processInfo.processIdentifier)",
        ]
        if let core { process.arguments! += ["--core", "\(core)"] }
        // The coordinator already says who joins and why somebody leaves.
        process.environment = ProcessInfo.processInfo.environment.merging(["HBN_LOG": "warning"]) { own, _ in own }
        process.terminationHandler = { [wakeup] _ in wakeup.call() }
        do {
            try process.run()
        } catch {
            throw RunFailure(
                .inputOutput,
                "cannot start \(executable.path): \(error.localizedDescription); raise the limits of processes and open files "
                    + "(ulimit -u, ulimit -n)")
        }
        log.debug("\(name) is process \(process.processIdentifier)")
        return process
    }
}
