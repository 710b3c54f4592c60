import Foundation
import Logging
import Optimization
import Parameters
import Synchronization
import ZeroMQ

/// The parameter server inside the coordinator's process, on a thread of its own.
final class ServerThread {
    /// Where workers reach it.
    let endpoint: String
    /// Where the coordinator reaches it, within the process.
    let control: String
    private let outcome = Outcome()

    private final class Outcome: Sendable {
        let ready = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let endpoint = Mutex("")
        let failure = Mutex<(any Error)?>(nil)
    }

    init(
        context: Context, endpoint: String, layout: ParameterLayout, optimizer: SGD, shardSize: Int,
        totalSteps: UInt64, run: UInt64, state: ParameterState, log: Logger
    ) throws {
        let control = "inproc://parameter-server-\(run)"
        self.control = control
        let outcome = outcome
        Wire.startThread(named: "parameters") {
            defer { outcome.ended.signal() }
            do {
                let factor = shardSize * (layout.factored?.shape.max() ?? 0)
                let limit = Wire.frameLimit(floats: max(layout.gradientCount, factor))
                let workers = try Socket(.router, in: context, options: Wire.options + Wire.routerOptions + [limit])
                let coordinator = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
                do {
                    try workers.bind(to: endpoint)
                    try coordinator.bind(to: control)
                    let bound = Wire.plain(try workers.lastEndpoint)
                    outcome.endpoint.withLock { $0 = bound }
                } catch {
                    throw RunFailure(.inputOutput, "parameter server: \(error)")
                }
                let server = ParameterServer(
                    layout: layout, optimizer: optimizer, totalSteps: totalSteps, run: run, state: state,
                    workers: workers, coordinator: coordinator, log: log)
                outcome.ready.signal()
                try server.serve()
            } catch {
                outcome.failure.withLock { $0 = error }
                outcome.ready.signal()
            }
        }
        outcome.ready.wait()
        self.endpoint = outcome.endpoint.withLock { $0 }
        try checkAlive()
    }

    /// Throws what ended the server, if something did.
    func checkAlive() throws {
        if let failure = outcome.failure.withLock({ $0 }) { throw failure }
    }

    func join() { outcome.ended.wait() }
}
