import AttentionUNet
import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Programs
import TensorCore
import Training
import Transport
import ZeroMQ

public struct WorkerSettings: Sendable {
    public var link: LinkSettings
    public var lanes: Int
    /// For tests: a bit of every so-manyth gradient is flipped.
    public var corruptEvery: Int?

    public init(link: LinkSettings, lanes: Int, corruptEvery: Int? = nil) {
        self.link = link
        self.lanes = lanes
        self.corruptEvery = corruptEvery
    }
}

/// A worker: one thread for messages, which never computes, and one for each lane.
///
/// It joins a coordinator, takes the shards it is given, fetches the parameters they need from the parameter servers,
/// and sends each lane's result on.
public final class Worker {
    private let settings: WorkerSettings
    private let context: Context
    private let log: Logger
    private let link: CoordinatorLink
    private let interruption: Interruption
    private let wakeup: Wakeup
    private let answers: Mailbox<LaneAnswer>
    private var lanes: LaneTeam?
    /// Lanes of another configuration, which end after the shards that they compute. Meanwhile this worker joins
    /// nobody: a shard may take longer than a coordinator waits for a sign of life.
    private var retiring: LaneTeam?
    private var session: WorkerSession?
    private var isLeaving = false

    public init(_ settings: WorkerSettings, interruption: Interruption, log: Logger) throws {
        self.settings = settings
        self.log = log
        self.interruption = interruption
        wakeup = interruption.wakeup
        answers = Mailbox(waking: wakeup)
        context = try Wire.context(hasKey: settings.link.key != nil)
        link = try CoordinatorLink(settings.link, context: context, waking: wakeup, log: log)
    }

    /// Works until the coordinator says stop, or until it is asked to end.
    public func work() throws {
        defer {
            session?.end()
            lanes?.stop()
            retiring?.stop()
        }
        var nextHeartbeat = ContinuousClock.now
        while true {
            let now = ContinuousClock.now
            if now >= nextHeartbeat {
                if retiring?.hasStopped() == true { retiring = nil }
                if let session { try session.sendHeartbeat() } else if retiring == nil { try join() }
                nextHeartbeat = now + Heartbeat.interval
            }
            if try link.isLost(whileJoined: session != nil, at: now) { endSession() }
            if interruption.requested != nil {
                guard try leave() else { return }
            }
            try waitForMessages(until: nextHeartbeat)
            while let envelope = try link.receive() {
                if case .stop(let reason) = envelope.header {
                    log.info("\(reason)")
                    return
                }
                try handle(envelope)
            }
            if retiring == nil {
                for answer in answers.takeAll() { try passOn(answer) }
            }
            try session?.receiveParameters()
        }
    }

    private func join() throws {
        try link.join(as: .worker) { $0.lanes = settings.lanes }
    }

    private func waitForMessages(until deadline: ContinuousClock.Instant) throws {
        var poller = Poller()
        link.addSockets(to: &poller)
        poller.add(fileDescriptor: wakeup.descriptor)
        session?.addSockets(to: &poller)
        _ = try poller.wait(timeout: ContinuousClock.now.duration(to: deadline))
        wakeup.drain()
    }

    private func handle(_ envelope: Envelope) throws {
        switch envelope.header {
        case .welcome(let bytes, let model, let servers):
            guard session?.run != envelope.run, retiring == nil else { return }
            // What is computed for the former run is for nobody.
            if isLeaving { return endSession() }
            try begin(run: envelope.run, try configuration(in: bytes, model: model), servers)
        case .assignment(let assignment):
            guard let session, session.run == envelope.run, !isLeaving else { return }
            try session.take(assignment, envelope.tensors)
        case .cancel(let id):
            guard let session, session.run == envelope.run else { return }
            session.cancel(id)
        case .leave:
            // The coordinator does not know this worker, or not any more.
            guard session?.run == envelope.run else { return }
            endSession()
            if !isLeaving { try join() }
        default: break
        }
    }

    /// Reads what the coordinator demands, and checks that this build can honour it.
    private func configuration(in bytes: [UInt8], model: String) throws -> WorkerConfiguration {
        guard let configuration = try? JSONDecoder().decode(WorkerConfiguration.self, from: Data(bytes)) else {
            throw RunFailure(.clusterUnreachable, "the coordinator's configuration cannot be read; use one build")
        }
        if let complaint = configuration.model.complaint {
            throw RunFailure(.clusterUnreachable, "the coordinator's model cannot be: \(complaint)")
        }
        let own = Network.attentionUNet(configuration.model).parameterLayout.digest
        guard own == model else {
            throw RunFailure(
                .clusterUnreachable,
                "the coordinator's model \(model.prefix(12)) is \(own.prefix(12)) in this build; use one build")
        }
        return configuration
    }

    /// Lanes that wait for a product of this session's servers wait no longer.
    private func endSession() {
        session?.end()
        session = nil
    }

    /// Takes part in a run, with the lanes there are if they were made for the same.
    private func begin(run: UInt64, _ configuration: WorkerConfiguration, _ servers: [Header.Server]) throws {
        session?.end()
        let isPlacedAnew = session != nil
        if let former = lanes, former.configuration != configuration {
            (lanes, session, retiring) = (nil, nil, former)
            former.beginToStop()
            guard former.hasStopped() else { return try link.socket.send(.leave(finishing: []), run: run) }
            retiring = nil
        }
        // What former lanes have computed last is for nobody.
        if lanes == nil {
            _ = answers.takeAll()
            lanes = LaneTeam(
                configuration, lanes: settings.lanes, corruptEvery: settings.corruptEvery, answers: answers)
        }
        session = try WorkerSession(
            run: run, servers: servers, lanes: lanes!, link: link, context: context, log: log, wakeup: wakeup)
        link.joined()
        // A welcome that was long on its way may be one to a run that takes this worker for lost: it learns so at once.
        try session!.sendHeartbeat()
        if isPlacedAnew { return log.info("the parameters are placed anew, on \(servers.count) servers") }
        let lanes = "\(settings.lanes) lane\(settings.lanes == 1 ? "" : "s")"
        log.info("joined \(settings.link.coordinator) with \(lanes), kernels: \(Processor.current.rawValue)")
    }

    private func passOn(_ answer: LaneAnswer) throws {
        if case .end(let reason) = answer.content {
            // Without its lane a worker is of no use, and the coordinator notices its end at once.
            throw RunFailure(.internalError, "lane \(answer.lane): \(reason)")
        }
        if case .request(let request) = answer.content {
            guard let session, session.run == request.run else { return request.giveUp() }
            return try session.ask(request)
        }
        if case .piece(let piece) = answer.content { return try session?.send(piece, answer) ?? () }
        lanes?.finished(answer)
        try session?.passOn(answer)
    }

    /// Says goodbye: what is not begun goes back, and what is begun is finished. False when all is done.
    private func leave() throws -> Bool {
        guard let session else { return false }
        if !isLeaving {
            isLeaving = true
            log.info("leaving after the shards that are begun; a second signal ends at once")
            try session.returnWaiting()
        }
        if !session.isIdle { return true }
        try link.socket.send(.leave(finishing: []), run: session.run)
        return false
    }
}
