import Foundation
import Logging
import Programs
import Synchronization
import Testing
import ZeroMQ

@testable import Transport

/// (endpoint, where its host was reached, what others are told)
@Test(arguments: [
    ("tcp://*:5", "10.0.0.7", "tcp://10.0.0.7:5"), ("tcp://[::]:5", "fd00::7", "tcp://[fd00::7]:5"),
    ("tcp://0.0.0.0:5", "[::1]", "tcp://127.0.0.1:5"), ("tcp://*:5", "[::1]", "tcp://[::1]:5"),
    ("tcp://127.0.0.1:5", "::1", "tcp://127.0.0.1:5"), ("tcp://[::1]:5", "127.0.0.1", "tcp://[::1]:5"),
    ("tcp://127.0.0.1:5", "10.0.0.7", "tcp://10.0.0.7:5"), ("tcp://[::1]:5", "10.0.0.7", "tcp://10.0.0.7:5"),
    ("tcp://10.0.0.9:5", "10.0.0.7", "tcp://10.0.0.9:5"), ("ipc:///a", "10.0.0.7", "ipc:///a"),
])
func anEndpointIsToldAsOthersReachIt(endpoint: String, reached: String, told: String) {
    #expect(Wire.resolve(endpoint, reachedAt: reached) == told)
    #expect(Wire.resolve(endpoint, reachedAt: nil) == endpoint)
}

@Test(arguments: [
    ("127.0.0.1", true, true), ("[::1]", true, true), ("::1", true, true), ("[fe80::1%lo]", true, true),
    ("localhost", false, true), ("node-7.cluster_a.example", false, true), ("a", false, true),
    ("no such host", false, false), ("-a", false, false), ("", false, false), ("[::1", false, false),
    ("bücher.example", false, false), ("a;b", false, false),
])
func addressesNamesAndWhatIsNeitherAreToldApart(host: String, isAddress: Bool, isSpelledWell: Bool) {
    #expect(HostAddresses.isAddress(host) == isAddress)
    #expect(HostAddresses.isSpelledWell(host) == isSpelledWell)
}

@Test func aNameWithoutAnAddressIsAnError() {
    #expect(throws: HostAddresses.Failure.self) { try HostAddresses.find("nobody.invalid") }
}

@Test func whatListensAtANameListensAtEachOfItsAddresses() throws {
    let context = try Context()
    let server = try Socket(.pull, in: context, options: Wire.options + [.linger(.zero)])
    let endpoint = try server.listen(at: "tcp://localhost:*")
    let (host, port) = try #require(Wire.split(endpoint))
    #expect(host == "localhost" && UInt16(port) ?? 0 > 0)
    let addresses = try HostAddresses.find("localhost")
    for address in addresses where address != "[::1]" || HostAddresses.isHere(address) {
        let client = try Socket(.push, in: context, options: Wire.options + [.linger(.zero)])
        try client.connect(to: "tcp://\(address):\(port)")
        try client.send([Message(Array(address.utf8))])
        #expect(try server.isReadable(within: .seconds(10)))
        #expect(try server.receive().map(\.array) == [Array(address.utf8)])
    }
}

extension HostAddresses {
    /// Does this machine have the address?
    fileprivate static func isHere(_ address: String) -> Bool {
        guard let context = try? Context(), let socket = try? Socket(.pull, in: context, options: Wire.options) else {
            return false
        }
        return (try? socket.bind(to: "tcp://\(address):*")) != nil
    }
}

/// A node's link to a host whose addresses the test decides.
private final class NamedHost {
    private final class Addresses: Sendable {
        let list: Mutex<[String]>
        init(_ list: [String]) { self.list = Mutex(list) }
    }

    private let addresses: Addresses
    let context: Context
    private var link: CoordinatorLink?
    private let wakeup = try! Wakeup()

    init(_ addresses: [String]) throws {
        self.addresses = Addresses(addresses)
        context = try Context()
    }

    func move(to addresses: [String]) { self.addresses.list.withLock { $0 = addresses } }

    func listen(at address: String, port: String = "*") throws -> (socket: SocketBox, port: String) {
        let socket = try Socket(.router, in: context, options: Wire.options + Wire.routerOptions + [.linger(.zero)])
        try socket.bind(to: "tcp://\(address):\(port)")
        let port = try #require(Wire.split(try socket.lastEndpoint)?.port)
        return (SocketBox(socket), port)
    }

    func connect(toPort port: String) throws {
        var settings = LinkSettings(coordinator: "tcp://coordinator.example:\(port)", name: "node")
        settings.find = { [addresses] _ in
            let addresses = addresses.list.withLock { $0 }
            guard !addresses.isEmpty else { throw HostAddresses.Failure(description: "not known") }
            return addresses
        }
        link = try CoordinatorLink(settings, context: context, waking: wakeup, log: Logger(label: "test"))
    }

    /// Asks to join until somebody there has heard of it.
    func join(at coordinator: SocketBox) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            _ = try link!.isLost(whileJoined: false, at: .now)
            try link!.join(as: .worker) { _ in }
            if try coordinator.socket.isReadable(within: .milliseconds(20)) {
                guard let (_, result) = try coordinator.socket.receiveFromPeer(), case .join = try result.get().header
                else { continue }
                return true
            }
        }
        return false
    }

    var endpoint: String { link!.endpoint }
}

@Suite(.timeLimit(.minutes(1))) struct NamedHostTests {
    @Test(arguments: ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    func aCoordinatorIsReachedAtWhicheverAddressAnswers(address: String) throws {
        let host = try NamedHost(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
        let (coordinator, port) = try host.listen(at: address)
        try host.connect(toPort: port)
        #expect(try host.join(at: coordinator))
        #expect(host.endpoint == "tcp://\(address):\(port)")
    }

    @Test func aCoordinatorThatMovesIsFoundAtTheAddressThatItsNameHasNow() throws {
        let host = try NamedHost(["127.0.0.1"])
        var coordinator: SocketBox?
        let port: String
        (coordinator, port) = try host.listen(at: "127.0.0.1")
        try host.connect(toPort: port)
        #expect(try host.join(at: coordinator!))
        coordinator = nil
        host.move(to: ["127.0.0.4", "127.0.0.5"])
        let (moved, _) = try host.listen(at: "127.0.0.5", port: port)
        #expect(try host.join(at: moved))
        #expect(host.endpoint == "tcp://127.0.0.5:\(port)")
    }

    @Test func aNameThatIsNotKnownYetIsLookedUpAgain() throws {
        let host = try NamedHost([])
        let (coordinator, port) = try host.listen(at: "127.0.0.1")
        try host.connect(toPort: port)
        host.move(to: ["127.0.0.1"])
        #expect(try host.join(at: coordinator))
    }
}
