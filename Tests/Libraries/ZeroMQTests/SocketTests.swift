import Foundation
import Testing
import ZeroMQ

@Test func aPortInUseIsNamedWithARemedy() throws {
    let context = try Context()
    let first = try Socket(.router, in: context)
    try first.bind(to: "tcp://127.0.0.1:*")
    let endpoint = try first.lastEndpoint
    let second = try Socket(.router, in: context)
    let error = try #require(throws: ZeroMQError.self) { try second.bind(to: endpoint) }
    #expect(error.code == EADDRINUSE)
    #expect(error.call == "zmq_bind")
    #expect(error.description.hasPrefix(endpoint))
    #expect(error.description.contains("choose another port"))
}

@Test(arguments: ["", "tcp://", "carrier-pigeon://loft", "tcp://no such host:5555", "tcp://127.0.0.1"])
func aWrongEndpointIsAnErrorOfOneLine(endpoint: String) throws {
    let socket = try Socket(.dealer, in: Context())
    let error = try #require(throws: ZeroMQError.self) { try socket.bind(to: endpoint) }
    #expect(error.description.hasPrefix(endpoint + ": zmq_bind: "))
    #expect(!error.description.contains("\n"))
}

@Test func theSystemChoosesAPortAndTheEndpointTellsIt() throws {
    let socket = try Socket(.router, in: Context())
    try socket.bind(to: "tcp://127.0.0.1:0")
    let port = try #require(try socket.lastEndpoint.split(separator: ":").last.flatMap { Int($0) })
    #expect(port > 0 && port < 65536)
}

@Test func everyOptionIsAccepted() throws {
    let router = try Socket(
        .router, in: Context(),
        options: [
            .linger(.seconds(1)), .linger(nil), .sendHighWaterMark(10), .receiveHighWaterMark(0), .routingID([1]),
            .routerMandatory(true), .routerHandover(true), .maximumFrameSize(5 << 32), .ipv6(true),
            .heartbeatInterval(.seconds(1)), .heartbeatTimeout(.seconds(5)), .immediate(true),
            .reconnectInterval(.milliseconds(50)), .maximumReconnectInterval(.seconds(2)),
            .tcpKeepalive(idle: .seconds(20), interval: .seconds(5)), .handshakeInterval(.seconds(10)),
        ])
    try router.bind(to: "inproc://options")
    let subscriber = try Socket(.sub, in: Context(), options: [.subscribe([])])
    try subscriber.bind(to: "inproc://options")
}

@Test(arguments: [0, 256]) func aRoutingIDOfAWrongLengthIsAnError(count: Int) throws {
    let id = [UInt8](repeating: 1, count: count)
    let error = try #require(throws: ZeroMQError.self) {
        _ = try Socket(.dealer, in: Context(), options: [.routingID(id)])
    }
    #expect(error.description.hasPrefix("routingID"))
}

@Test func shuttingDownWakesAThreadThatWaits() throws {
    let context = try Context()
    let ended = DispatchSemaphore(value: 0)
    let thread = Thread {
        do throws(ZeroMQError) {
            let socket = try Socket(.pull, in: context)
            try socket.bind(to: "inproc://waiting")
            _ = try socket.receive()
        } catch {
            if error.isTermination { ended.signal() }
        }
    }
    thread.start()
    #expect(ended.wait(timeout: .now() + 0.05) == .timedOut)
    context.shutdown()
    #expect(ended.wait(timeout: .now() + 5) == .success)
}
