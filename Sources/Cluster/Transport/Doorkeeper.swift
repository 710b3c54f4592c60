import Foundation
import Logging
import Programs
import Synchronization
import ZeroMQ

/// Decides, on a thread of its own, who may connect to the listening sockets of a context, and says who was refused.
///
/// CURVE by itself admits every client that knows the server's public key. ZeroMQ asks this one for each (ZAP, RFC 27),
/// and hands on no message of a connection before it is admitted.
package final class Doorkeeper: Sendable {
    static let domain = "heartbeatnet"

    let key: ClusterKey?
    private let door: Door

    /// To be made before the context's first socket listens. Without a key it only says whose handshakes fail.
    package init(_ key: ClusterKey?, in context: Context, log: Logger) throws {
        self.key = key
        let door = try Door(key, in: context, log: log)
        self.door = door
        Thread.start(named: "doorkeeper") { door.keep() }
        door.isOpen.wait()
        try checkAlive()
    }

    deinit { end() }

    /// Throws what ended it, if something did: nobody can connect any more.
    package func checkAlive() throws {
        if let failure = door.failure.withLock({ $0 }) {
            throw RunFailure(.internalError, "nobody can connect any more: \(failure)")
        }
    }

    /// Has the handshakes of a listening socket reported, until it stops reporting. On that socket's thread.
    func watch(_ socket: borrowing Socket, as name: String) throws {
        try socket.reportHandshakes(as: name)
        door.watched.put(name)
    }

    /// Returns when its sockets are closed; nobody is admitted any more. What it watches must have stopped reporting.
    package func end() {
        guard !door.mustClose.exchange(true, ordering: .relaxed) else { return }
        door.wakeup.call()
        door.mayLeave.signal()
        door.isClosed.wait()
    }
}

/// What the doorkeeper's thread has to do, and how others reach it.
private final class Door: Sendable {
    let isOpen = DispatchSemaphore(value: 0)
    let isClosed = DispatchSemaphore(value: 0)
    let mayLeave = DispatchSemaphore(value: 0)
    let mustClose = Atomic(false)
    let failure = Mutex<(any Error)?>(nil)
    let wakeup: Wakeup
    let watched: Mailbox<String>
    private let key: ClusterKey?
    private let context: Context
    private let log: Logger

    /// Noncopyable values do not go into arrays.
    private final class Monitor {
        let events: SocketMonitor
        var isOver = false

        init(of name: String, in context: Context) throws { events = try SocketMonitor(of: name, in: context) }
    }

    init(_ key: ClusterKey?, in context: Context, log: Logger) throws {
        wakeup = try Wakeup()
        (self.key, self.context, self.log) = (key, context, log)
        watched = Mailbox(waking: wakeup)
    }

    func keep() {
        defer { isClosed.signal() }
        var monitors: [Monitor] = []
        do {
            let door = try Socket(.router, in: context, options: [.linger(.zero)])
            try door.bind(to: "inproc://zeromq.zap.01")
            isOpen.signal()
            try serve(door, &monitors)
        } catch {
            failure.withLock { $0 = error }
            isOpen.signal()
            // The monitors must be there for as long as their sockets report.
            mayLeave.wait()
        }
    }

    private func serve(_ door: borrowing Socket, _ monitors: inout [Monitor]) throws {
        var complaints = Complaints(log: log)
        while !mustClose.load(ordering: .relaxed) {
            var poller = Poller()
            poller.add(door)
            poller.add(fileDescriptor: wakeup.descriptor)
            for monitor in monitors { poller.add(monitor.events.socket) }
            _ = try poller.wait()
            wakeup.drain()
            for name in watched.takeAll() { monitors.append(try Monitor(of: name, in: context)) }
            while let frames = try door.tryReceive() { try answer(frames, at: door, &complaints) }
            for monitor in monitors { try report(monitor, &complaints) }
            monitors.removeAll(where: \.isOver)
        }
    }

    private func report(_ monitor: Monitor, _ complaints: inout Complaints) throws {
        while let (event, endpoint) = try monitor.events.next() {
            switch event {
            case .connected, .reached, .retried, .lost: break
            case .ended: monitor.isOver = true
            case .failed, .abandoned:
                complaints.add(
                    "somebody could not connect to \(Wire.plain(endpoint)): "
                        + (key == nil
                            ? "it has a key, or is no node of a cluster"
                            : "it has no key, or another, or is no node of a cluster"))
            }
        }
    }

    private static func bytes(_ frame: Message) -> [UInt8] { frame.withUnsafeBytes { Array($0) } }

    /// An enquiry is: routing id, nothing, version, request, domain, address, identity, mechanism, credentials.
    private func answer(_ frames: [Message], at door: borrowing Socket, _ complaints: inout Complaints) throws {
        guard frames.count >= 8 else { return }
        let mechanism = Self.bytes(frames[7])
        let isAdmitted =
            mechanism == Array("CURVE".utf8) && frames.count == 9 && Self.bytes(frames[8]) == key?.pair.publicKey
            && Self.bytes(frames[4]) == Array(Doorkeeper.domain.utf8)
        if !isAdmitted {
            complaints.add(
                "\(String(decoding: Self.bytes(frames[5]), as: UTF8.self)) was refused: it has not the cluster's key")
        }
        let (status, text) = isAdmitted ? ("200", "OK") : ("400", "not the cluster's key")
        let answer = ["1.0", nil, status, text, "", ""]
        try door.send(frames[0...1] + answer.map { try $0.map { try Message(Array($0.utf8)) } ?? frames[3] })
    }
}

extension Wire {
    /// A router that is about to listen. It admits whom the doorkeeper does; without one, whoever reaches it. `name` is
    /// the socket's alone in the context.
    package static func router(
        named name: String, in context: Context, limit: SocketOption, doorkeeper: Doorkeeper?
    ) throws -> Socket {
        let socket = try Socket(
            .router, in: context, options: options + routerOptions + [limit] + listening(with: doorkeeper?.key))
        try doorkeeper?.watch(socket, as: name)
        return socket
    }
}

/// Warnings, each kind once, for peers may try again and again.
private struct Complaints {
    let log: Logger
    private var made: Set<String> = []
    private static let most = 1000

    init(log: Logger) { self.log = log }

    mutating func add(_ complaint: String) {
        guard made.count < Self.most, made.insert(complaint).inserted else { return }
        log.warning("\(complaint)")
        if made.count == Self.most { log.warning("so many could not connect that no more of them are named") }
    }
}
