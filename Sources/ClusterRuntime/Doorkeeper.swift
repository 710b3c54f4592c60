import Foundation
import Logging
import Synchronization
import ZeroMQ

/// Decides, on a thread of its own, who may connect to the listening sockets of a context, and says who was refused.
///
/// CURVE by itself admits every client that knows the server's public key. ZeroMQ asks this one for each (ZAP, RFC 27), and
/// hands on no message of a connection before it is admitted.
final class Doorkeeper: Sendable {
    static let domain = "heartbeatnet"

    private let key: ClusterKey?
    private let context: Context
    private let log: Logger
    private let wakeup = Wakeup()
    private let watched: Mailbox<String>
    private let mustEnd = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    /// To be made before the context's first socket listens. Without a key it only says whose handshakes fail.
    init(_ key: ClusterKey?, in context: Context, log: Logger) throws {
        (self.key, self.context, self.log) = (key, context, log)
        watched = Mailbox(waking: wakeup)
        let ready = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        Wire.startThread(named: "doorkeeper") { [self] in
            defer { ended.signal() }
            do {
                let door = try Socket(.router, in: context, options: [.linger(.zero)])
                try door.bind(to: "inproc://zeromq.zap.01")
                ready.signal()
                try serve(door)
            } catch {
                log.error("nobody can connect any more: \(error)")
                outcome.error.withLock { $0 = error }
                ready.signal()
            }
        }
        ready.wait()
        if let error = outcome.error.withLock({ $0 }) { throw error }
    }

    private final class Outcome: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    /// Has the handshakes of a listening socket reported. On that socket's thread.
    func watch(_ socket: borrowing Socket, as name: String) throws {
        try socket.reportHandshakes(as: name)
        watched.put(name)
    }

    /// Returns when its sockets are closed; nobody is admitted any more.
    func end() {
        mustEnd.store(true, ordering: .relaxed)
        wakeup.call()
        ended.wait()
    }

    private func serve(_ door: borrowing Socket) throws {
        // Noncopyable values do not go into arrays.
        final class Monitor {
            let events: SocketMonitor
            init(of name: String, in context: Context) throws { events = try SocketMonitor(of: name, in: context) }
        }
        var monitors: [Monitor] = []
        var complaints = Complaints(log: log)
        while !mustEnd.load(ordering: .relaxed) {
            var poller = Poller()
            poller.add(door)
            poller.add(fileDescriptor: wakeup.descriptor)
            for monitor in monitors { poller.add(monitor.events.socket) }
            _ = try poller.wait()
            wakeup.drain()
            for name in watched.takeAll() { monitors.append(try Monitor(of: name, in: context)) }
            while let frames = try door.tryReceive() { try answer(frames, at: door, &complaints) }
            for monitor in monitors {
                while let (event, endpoint) = try monitor.events.next() {
                    guard event != .connected else { continue }
                    complaints.add(
                        "somebody could not connect to \(Wire.plain(endpoint)): "
                            + (key == nil
                                ? "it has a key, or is no node of a cluster"
                                : "it has no key, or another, or is no node of a cluster"))
                }
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
            && Self.bytes(frames[4]) == Array(Self.domain.utf8)
        if !isAdmitted {
            complaints.add(
                "\(String(decoding: Self.bytes(frames[5]), as: UTF8.self)) was refused: it has not the cluster's key")
        }
        let (status, text) = isAdmitted ? ("200", "OK") : ("400", "not the cluster's key")
        let answer = ["1.0", nil, status, text, "", ""]
        try door.send(frames[0...1] + answer.map { try $0.map { try Message(Array($0.utf8)) } ?? frames[3] })
    }
}

/// Warnings, each kind once, for peers may try again and again.
private struct Complaints {
    let log: Logger
    private var made: Set<String> = []

    init(log: Logger) { self.log = log }

    mutating func add(_ complaint: String) {
        guard made.count < 1000, made.insert(complaint).inserted else { return }
        log.warning("\(complaint)")
    }
}
