import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Programs
import Transport
import ZeroMQ

public struct ParameterServerSettings: Sendable {
    public var link: LinkSettings
    /// Where workers reach it.
    public var listen: String

    public init(link: LinkSettings, listen: String) {
        self.link = link
        self.listen = listen
    }
}

/// `hbn-parameter-server`: one thread for the coordinator's messages, which never computes, and one that holds a part
/// of the parameters.
public final class ParameterServerNode {
    private let settings: ParameterServerSettings
    private let context: Context
    private let log: Logger
    private let doorkeeper: Doorkeeper
    private let link: CoordinatorLink
    private let interruption: Interruption
    private var server: Server?
    /// The run whose part was last received.
    private var placedRun: UInt64 = 0
    private var isLeaving = false

    /// The thread that holds the part, and the way to it.
    private final class Server {
        let thread: ServerThread
        let control: Socket

        init(_ thread: ServerThread, _ context: Context) throws {
            self.thread = thread
            control = try Socket(.pair, in: context, options: [.linger(.seconds(1))])
            try control.connect(to: thread.control)
        }
    }

    public init(_ settings: ParameterServerSettings, interruption: Interruption, log: Logger) throws {
        self.settings = settings
        self.interruption = interruption
        self.log = log
        context = try Wire.context(hasKey: settings.link.key != nil)
        doorkeeper = try Doorkeeper(settings.link.key, in: context, log: log)
        link = try CoordinatorLink(settings.link, context: context, waking: interruption.wakeup, log: log)
    }

    /// Serves until the coordinator says stop, or until it is asked to end and its part is placed elsewhere.
    public func serve() throws {
        defer {
            end()
            doorkeeper.end()
        }
        var nextHeartbeat = ContinuousClock.now
        var isJoined = false
        while true {
            let now = ContinuousClock.now
            if now >= nextHeartbeat {
                try isLeaving ? link.socket.offer(.leave(finishing: []), run: 0) : join()
                nextHeartbeat = now + Heartbeat.interval
            }
            if try link.isLost(whileJoined: isJoined, at: now) { isJoined = false }
            if interruption.requested != nil {
                guard isJoined else { return }
                if !isLeaving {
                    isLeaving = true
                    log.info("leaving when the part is placed elsewhere; a second signal ends at once")
                    nextHeartbeat = now
                }
            }
            try waitForMessages(until: nextHeartbeat)
            while let envelope = try link.receive() {
                switch envelope.header {
                case .stop(let reason):
                    log.info("\(reason)")
                    return
                case .welcome(let bytes, let model, _):
                    try begin(bytes, model: model)
                    isJoined = true
                    link.joined()
                case .heartbeat:
                    isJoined = true
                    // It comes on the same way as a part does, and so never before it.
                    if envelope.run != 0 && envelope.run != placedRun { try reportMissingPart(run: envelope.run) }
                case .place:
                    placedRun = envelope.run
                    fallthrough
                default: try server?.control.send(envelope.header, run: envelope.run, tensors: envelope.tensors)
                }
            }
            while let envelope = try server?.control.receiveEnvelope() {
                try link.socket.send(envelope.header, run: envelope.run, tensors: envelope.tensors)
            }
            try server?.thread.checkAlive()
            try doorkeeper.checkAlive()
        }
    }

    /// Asks to join, and says where workers reach this server once that is known; then it says that it is alive.
    private func join() throws {
        try link.join(as: .parameterServer) { $0.endpoint = server?.thread.endpoint ?? "" }
    }

    private func reportMissingPart(run: UInt64) throws {
        try link.socket.send(.failure(ServerFailure.lost.id, reason: "has not received its part"), run: run)
    }

    private func waitForMessages(until deadline: ContinuousClock.Instant) throws {
        var poller = Poller()
        link.addSockets(to: &poller)
        poller.add(fileDescriptor: interruption.wakeup.descriptor)
        if let server { poller.add(server.control) }
        _ = try poller.wait(timeout: ContinuousClock.now.duration(to: deadline))
        interruption.wakeup.drain()
    }

    /// Listens for workers, as large as the coordinator's model demands.
    private func begin(_ bytes: [UInt8], model: String) throws {
        guard let configuration = try? JSONDecoder().decode(ServerConfiguration.self, from: Data(bytes)),
            configuration.model.complaint == nil, !configuration.sharesMemory
        else { throw RunFailure(.clusterUnreachable, "the coordinator's configuration cannot be read; use one build") }
        guard server?.thread.configuration != configuration else { return }
        end()
        let thread = try ServerThread(
            configuration, in: context, listening: settings.listen, doorkeeper: doorkeeper, log: log)
        guard thread.model == model else {
            throw RunFailure(
                .clusterUnreachable,
                "the coordinator's model \(model.prefix(12)) is \(thread.model.prefix(12)) in this build; use one build"
            )
        }
        server = try Server(thread, context)
        let kernels = Processor.current.rawValue
        log.info(
            "joined \(settings.link.coordinator), kernels: \(kernels); listening for workers at \(thread.endpoint)")
        try join()
    }

    private func end() {
        guard let server else { return }
        try? server.control.offer(.stop(reason: ""), run: 0)
        server.thread.join()
        self.server = nil
    }
}
