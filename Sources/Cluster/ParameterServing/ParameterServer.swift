import AttentionUNet
import ClusterLogic
import Foundation
import Kernels
import Logging
import Messages
import Optimization
import Parameters
import Programs
import TensorCore
import Training
import Transport
import ZeroMQ

/// Holds a part of the parameters, collects the shards' gradients, takes each step when it is told to, and gives the
/// new parameters to whoever asks.
///
/// One thread with two sockets: a router for the workers, and one for the coordinator, or for whoever passes its
/// messages on.
final class ParameterServer {
    let configuration: ServerConfiguration
    let layout: ParameterLayout
    let log: Logger
    let workers: Socket
    let coordinator: Socket
    private let handover: ServerThread.Handover
    var part: ParameterPart?
    /// The part that is still coming.
    private var arriving: ArrivingPart?
    /// What it is told, and what follows from that.
    var life: ServerLife
    private var waiting = WaitingPulls()
    /// What has come of gradients whose pushes have not, by its place in the part.
    var pieces: [ShardAttempt: [Int: FloatFrame]] = [:]
    var maps = SharedMemoryMaps()
    /// Who pushed what lies in shared memory, and is needed until the step is taken.
    var lenders: [ShardAttempt: NodeID] = [:]
    /// Whose factors the kernel's step is still taken from.
    private var used: [ShardAttempt] = []
    private var foreignPeers = FirstTimes<NodeID>()
    /// The rows of the factored kernel, if it is this server that multiplies with them.
    var kernel: PlacedKernel?
    /// Whatever asked for a product with parameters that are not there yet.
    private var early: [(peer: NodeID, envelope: Envelope)] = []
    let wakeup: Wakeup
    /// The coordinator's word to take a step, whose parameters are still being written to a file.
    private var delayed: Envelope?

    /// `workers` must be bound and `coordinator` connected; both were made on the calling thread.
    init(
        _ configuration: ServerConfiguration, layout: ParameterLayout, workers: consuming Socket,
        coordinator: consuming Socket, handover: ServerThread.Handover, log: Logger
    ) throws {
        wakeup = try Wakeup()
        self.configuration = configuration
        self.layout = layout
        self.workers = workers
        self.coordinator = coordinator
        self.handover = handover
        self.log = log
        life = ServerLife(mostShards: configuration.shardsPerStep)
    }

    /// Of the placement.
    var run: UInt64 { life.run }

    /// Serves until the coordinator says stop or the context is shut down.
    func serve() throws {
        defer { kernel = nil }  // Its threads read the part's memory, and end with it.
        var poller = Poller()
        poller.add(coordinator)
        poller.add(workers)
        poller.add(fileDescriptor: wakeup.descriptor)
        while true {
            _ = try poller.wait(timeout: delayed == nil ? nil : .milliseconds(20))
            wakeup.drain()
            if let again = delayed {
                delayed = nil
                guard try handle(again) else { return }
            }
            while true {
                for answer in try kernel?.takeAnswers() ?? [] { try send(answer) }
                if !used.isEmpty, kernel?.hasTakenStep != false { try giveBackFactors() }
                // The coordinator's messages come before each of the workers': it opens a round before it hands out
                // its shards.
                while let envelope = try coordinator.receiveEnvelope() {
                    guard try handle(envelope) else { return }
                }
                guard let (peer, result) = try workers.receiveFromPeer() else { break }
                switch result {
                case .success(let envelope): try handle(envelope, from: peer)
                case .failure(let error): reportForeign(peer, "\(error)")
                }
            }
        }
    }

    /// A message of the coordinator; false when it was the last.
    private func handle(_ envelope: Envelope) throws -> Bool {
        if case .stop = envelope.header { return false }
        if case .place(let range, let version) = envelope.header {
            try hold(range, version, run: envelope.run)
            return true
        }
        guard envelope.run == run else { return true }
        if arriving != nil, case .parameters(_, let first, let ofVelocity, _) = envelope.header {
            let isWhole = envelope.tensors.first.map { arriving!.take($0, first: first, ofVelocity: ofVelocity) }
            try isWhole == true ? begin(with: arriving!) : askForMore()
            return true
        }
        guard let part else { return true }
        switch envelope.header {
        case .openRound(let number, let shards, let firstAttempt):
            guard let forgotten = life.open(number, shards: shards, firstAttempt: firstAttempt) else {
                log.warning(
                    "step \(number) of \(shards) shards cannot be at step \(life.version); the order is ignored")
                return true
            }
            if !forgotten.isEmpty { part.forget() }
            try giveBack(forgotten)
            pieces = pieces.filter { life.expects($0.key) }
        case .apply(let round, let firstAttempt):
            switch life.apply(round, firstAttempt: firstAttempt, isLent: part.isLent) {
            case .ignore: return true
            case .wait:
                delayed = envelope
                return true
            case .missed:
                try coordinator.send(.failure(ServerFailure.lost.id, reason: "has missed a message"), run: run)
                return true
            case .take:
                guard try take(round, part) else { return true }
            case .tell: break
            }
            try coordinator.send(.updated(version: life.version), run: run)
            try publish()
            try handleTheEarly()
        case .pull(_, let range, let ofVelocity):
            kernel?.takeStep()
            let floats = part.floats(range.clamped(to: 0..<part.range.count), ofVelocity: ofVelocity)
            try coordinator.send(
                .parameters(
                    version: life.version, first: range.lowerBound, ofVelocity: ofVelocity, memory: nil),
                run: run, tensors: [try floats.message()])
        default: break
        }
        return true
    }

    /// Takes a step; false if its numbers cannot be used.
    private func take(_ round: UInt64, _ part: ParameterPart) throws -> Bool {
        if let name = part.overflow() {
            try coordinator.send(
                .failure(
                    ServerFailure.overflow(step: round).id, reason: "the sum of the gradients of \(name) is not finite"),
                run: run)
            return false
        }
        pieces = pieces.filter { $0.key.round > round }
        let unanswered = kernel?.stop() ?? []
        try giveBackFactors()
        let applied = try Timeline.measure("applies step \(round)", on: "parameters") {
            try part.apply(round, leavingKernel: kernel != nil)
        }
        life.take()
        startKernel(after: applied.kernelStep)
        if applied.kernelStep == nil { try giveBack(applied.pushes) } else { used = applied.pushes }
        for (id, peer) in unanswered {
            try workers.send(.rejected(id, reason: "its step is taken"), run: run, to: peer)
        }
        guard !applied.isFinite else { return true }
        try coordinator.send(
            .failure(ServerFailure.divergence(step: life.version).id, reason: "the parameters are not finite"), run: run
        )
        return false
    }

    /// Takes over a part of the parameters; what it held before is gone. Said again, with each heartbeat, it asks
    /// whether the part is there.
    private func hold(_ range: Range<Int>, _ version: UInt64, run: UInt64) throws {
        guard layout.canBePart(range, ofBlocks: configuration.densePlacement == .server),
            version <= configuration.totalSteps
        else {
            throw RunFailure(.clusterUnreachable, "the coordinator's parameters do not fit \(range) of step \(version)")
        }
        switch life.place(run: run, version: version) {
        case .tell: return try coordinator.send(.updated(version: life.version), run: run)
        case .askAgain:
            arriving?.noteHeartbeat()
            return try askForMore()
        case .fetch: break
        }
        // The kernel's threads read the part's memory, so it goes first.
        kernel = nil
        (part, arriving) = (nil, nil)
        (lenders, used, pieces) = ([:], [], [:])
        let new = try ArrivingPart(
            range, hasVelocity: configuration.optimizer.needsVelocity,
            shared: configuration.sharesMemory ? fetchedCount(of: range) : 0)
        if let source = handover.take() {
            try new.fill(from: source)
            return try begin(with: new)
        }
        arriving = new
        try askForMore()
    }

    private func askForMore() throws {
        while let piece = arriving?.next() {
            try coordinator.send(.pull(version: life.version, piece.range, ofVelocity: piece.ofVelocity), run: run)
        }
    }

    /// The part is whole.
    private func begin(with whole: ArrivingPart) throws {
        arriving = nil
        life.begin()
        part = ParameterPart(
            layout: layout, range: whole.range, optimizer: configuration.optimizer,
            totalSteps: configuration.totalSteps, state: whole.state)
        placeKernel(whole.range)
        try coordinator.send(.updated(version: life.version), run: run)
        // Who was quicker than the coordinator has asked already.
        waiting.forget(otherThan: run)
        try publish()
        try handleTheEarly()
    }

    private func handleTheEarly() throws {
        let early = early
        self.early = []
        for (peer, envelope) in early where envelope.run == run { try handle(envelope, from: peer) }
    }

    private func handle(_ envelope: Envelope, from peer: NodeID) throws {
        if case .pull(let version, let range, _) = envelope.header {
            let pull = WaitingPulls.Pull(run: envelope.run, version: version, range: range)
            guard envelope.run == run, let part, version <= life.version else {
                return waiting.add(pull, of: peer)
            }
            return try answer([pull], of: peer, from: part)
        }
        switch envelope.header {
        case .multiply(let id, let version, _, _, _, _, _), .multiplyTransposed(let id, let version, _):
            guard envelope.run == run, let part, version <= life.version else {
                // Its sender was told of a placement, or of a step, before this server was.
                if early.count == 256 { early.removeFirst() }
                return early.append((peer, envelope))
            }
            guard version == life.version else { return try decline(id, "its step is taken", to: peer) }
            guard let kernel else { return reportForeign(peer, "it asks for a product that is not computed here") }
            return try multiply(envelope, id, with: kernel, for: peer)
        default: break
        }
        guard envelope.run == run, let part else { return }  // A late message of a former run.
        switch envelope.header {
        case .gradient(let id, let first): takePiece(envelope, of: id, first: first, from: peer, part)
        case .push(let shards, let gradient, let memory):
            try take(envelope, shards, gradient, memory, from: peer, part)
        default: reportForeign(peer, "a message that is not for a parameter server")
        }
    }

    /// Tells those who lent memory that it is theirs again.
    private func giveBack(_ ids: [ShardAttempt]) throws {
        for id in ids {
            guard let lender = lenders.removeValue(forKey: id) else { continue }
            try workers.send(.taken(id), run: run, to: lender)
        }
    }

    /// The parameters of a part that workers fetch: they need no kernel that is not multiplied with by them.
    private func fetchedCount(of range: Range<Int>) -> Int {
        let count = configuration.densePlacement == .server ? layout.gradientCount : layout.count
        return range.clamped(to: 0..<count).count
    }

    private func giveBackFactors() throws {
        try giveBack(used)
        used = []
    }

    /// Answers the workers whose version is there.
    private func publish() throws {
        guard let part else { return }
        for peer in waiting.peers {
            try answer(waiting.takeDue(of: peer, run: run, version: life.version), of: peer, from: part)
        }
    }

    /// A worker that asks for an older version gets the newest, and learns that its shard is out of date.
    private func answer(_ pulls: [WaitingPulls.Pull], of peer: NodeID, from part: ParameterPart) throws {
        let state = part.state
        let memory = configuration.sharesMemory ? state.parameters.memory : nil
        let fetched = 0..<fetchedCount(of: part.range)
        for pull in pulls {
            let range = pull.range.clamped(to: fetched)
            // A copy: a peer that does not read must not keep the part from taking its next step in place.
            let tensors = memory == nil ? [try FloatFrame(FloatFrame(state.parameters, range).copy()).message()] : []
            // If it is not connected just now, it asks again.
            try workers.send(
                .parameters(version: life.version, first: range.lowerBound, ofVelocity: false, memory: memory),
                run: run, tensors: tensors, to: peer)
        }
    }

    func reportForeign(_ peer: NodeID, _ what: String) {
        guard foreignPeers.isFirst(peer) else { return }
        log.warning("\(peer): \(what); dropped, and what follows of its kind")
    }
}
