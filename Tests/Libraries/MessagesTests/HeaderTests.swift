import Testing

@testable import Messages

private let id = ShardAttempt(round: 1 << 40, shard: 7, attempt: 2)
private let result = Header.TrainingResult(samples: 8, correct: 5, lossSum: 5.25)
private let shard = Header.ShardResult(id: id, result: result, gradient: 3, digest: 1 << 63)

private let memory = Header.Memory(process: 77, descriptor: 9, serial: 1 << 50, count: 1 << 33)

private var join: Header.Join {
    var join = Header.Join(role: .worker, name: "a", host: "höst", process: 12, build: "1.0", processor: "x")
    (join.lanes, join.fingerprint, join.kernels) = (4, "abc", "avx2")
    return join
}

private var serverJoin: Header.Join {
    var join = Header.Join(role: .parameterServer, name: "s", host: "h", process: 1, build: "1", processor: "x")
    join.endpoint = "tcp://h:1"
    return join
}

@Test(
    arguments: [
        .join(join), .join(serverJoin), .leave(finishing: []), .leave(finishing: [id, id]),
        .heartbeat(held: [], sent: []),
        .heartbeat(held: [id, .init(round: 0, shard: 0, attempt: 0)], sent: [id]), .scores(id),
        .audited(id, digests: [1, .max, 0]), .failure(id, reason: "NaN"),
        .welcome(
            configuration: Array("{}\0{}".utf8), model: "m",
            servers: [.init(endpoint: "tcp://h:1", range: 0..<5), .init(endpoint: "x", range: 5..<1 << 40)]),
        .assignment(.init(kind: .score, id: id, version: 9, roundSamples: 100, samples: [1, 4_000_000_000])),
        .assignment(.init(kind: .train, id: id, version: 0, roundSamples: 0, samples: [])),
        .assignment(.init(kind: .audit, id: id, version: 0, roundSamples: 0, samples: [3])), .cancel(id),
        .refusal(reason: "no"), .stop(reason: "done"), .pull(version: .max, 7..<9, ofVelocity: true),
        .parameters(version: 3, first: 0, ofVelocity: true, memory: nil),
        .parameters(version: 3, first: 1 << 40, ofVelocity: false, memory: memory),
        .gradient(id, first: 1 << 40), .push([], gradient: 1, memory: nil),
        .push([shard], gradient: .max, memory: memory), .push([shard, shard], gradient: 1, memory: nil), .taken(id),
        .place(7..<7, version: 3), .openRound(5, shards: 16, firstAttempt: 3),
        .apply(round: 5, firstAttempt: 9), .arrived(id, result, digest: 1 << 63), .rejected(id, reason: "torn"),
        .updated(version: 1),
    ] as [Header])
func everyHeaderComesBackAsItWasSent(header: Header) throws {
    let bytes = header.encoded(run: 42)
    let (decoded, run) = try bytes.withUnsafeBytes { try Header.decode($0) }
    #expect(decoded == header)
    #expect(run == 42)
}

@Test func aTornHeaderIsRefusedOrMeansSomethingElseButNeverCrashes() {
    let whole = Header.push([shard], gradient: 9, memory: memory).encoded(run: 42)
    for length in 0..<whole.count {
        let torn = try? whole[..<length].withUnsafeBytes { try Header.decode($0) }
        #expect(torn?.header != .push([shard], gradient: 9, memory: memory))
    }
}

@Test func noiseIsRefusedOrDecodedWithoutACrash() {
    var state: UInt64 = 88_172_645_463_325_252
    var refused = 0
    for _ in 0..<20_000 {
        var bytes = Header.welcome(
            configuration: [1, 2, 3], model: "m", servers: [.init(endpoint: "tcp://h:1", range: 2..<5)]
        ).encoded(run: 1)
        for _ in 0..<3 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes[Int(state % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: state >> 32)
        }
        if (try? bytes.withUnsafeBytes({ try Header.decode($0) })) == nil { refused += 1 }
    }
    #expect(refused > 1000)
}

@Test func anotherProtocolVersionIsNamed() {
    // Field 1 (protocol) is the first of the packed header: tag 0x08, then the version.
    var bytes = Header.heartbeat(held: [], sent: []).encoded(run: 1)
    #expect(bytes[0] == 0x08 && bytes[1] == UInt8(protocolVersion))
    bytes[1] = 99
    #expect(throws: HeaderError(reason: .foreignProtocol(99))) { try bytes.withUnsafeBytes { try Header.decode($0) } }
}

@Test func anOversizedHeaderIsRefusedBeforeItIsRead() {
    let bytes = [UInt8](repeating: 0, count: maximumHeaderSize + 1)
    #expect(throws: HeaderError(reason: .tooLarge(bytes.count))) {
        try bytes.withUnsafeBytes { try Header.decode($0) }
    }
}
