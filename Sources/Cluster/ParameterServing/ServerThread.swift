import AttentionUNet
import Foundation
import Logging
import Parameters
import Programs
import Synchronization
import TensorCore
import Training
import Transport
import ZeroMQ

/// A parameter server on a thread of its own: inside the coordinator, or of `hbn-parameter-server`.
package final class ServerThread {
    let configuration: ServerConfiguration
    /// The digest of the model's parameters.
    let model: String
    /// Where workers reach it.
    package let endpoint: String
    /// Where this process reaches it.
    package let control: String
    package let handover = Handover()
    private let outcome = Outcome()
    private static let numbers = Atomic(0)

    /// Where a server that is in the coordinator's process finds the floats of its part.
    package final class Handover: Sendable {
        private let source = Mutex<ParameterSource?>(nil)

        package func put(_ source: ParameterSource) { self.source.withLock { $0 = source } }

        func take() -> ParameterSource? {
            source.withLock { source in
                defer { source = nil }
                return source
            }
        }
    }

    private final class Outcome: Sendable {
        let ready = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let endpoint = Mutex("")
        let failure = Mutex<(any Error)?>(nil)
    }

    package init(
        _ configuration: ServerConfiguration, in context: Context, listening endpoint: String, doorkeeper: Doorkeeper?,
        log: Logger
    ) throws {
        self.configuration = configuration
        let name = "parameter-server-\(Self.numbers.add(1, ordering: .relaxed).newValue)"
        control = "inproc://\(name)"
        let layout = Network.attentionUNet(configuration.model).parameterLayout
        model = layout.digest
        let (outcome, control, handover) = (outcome, control, handover)
        Thread.start(named: "parameters") {
            defer { outcome.ended.signal() }
            do {
                let factor = configuration.shardSize * (layout.factored?.shape.max() ?? 0)
                // Rows without zeros have a bit more for each float when packed.
                let limit = Wire.frameLimit(
                    floats: max(layout.gradientCount, factor + factor / 32 + configuration.shardSize))
                let workers = try Wire.router(named: name, in: context, limit: limit, doorkeeper: doorkeeper)
                let coordinator = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
                do {
                    let bound = try workers.listen(at: endpoint)
                    try coordinator.bind(to: control)
                    outcome.endpoint.withLock { $0 = bound }
                } catch {
                    throw RunFailure(.inputOutput, "parameter server: \(error)")
                }
                let server = try ParameterServer(
                    configuration, layout: layout, workers: workers, coordinator: coordinator, handover: handover,
                    log: log)
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
    package func checkAlive() throws {
        if let failure = outcome.failure.withLock({ $0 }) { throw failure }
    }

    package func join() { outcome.ended.wait() }
}
