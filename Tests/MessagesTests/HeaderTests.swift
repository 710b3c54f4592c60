import Testing

@testable import Messages

private let id = ShardAttempt(round: 1 << 40, shard: 7, attempt: 2)
private let result = Header.TrainingResult(samples: 8, correct: 5, lossSum: 5.25, seconds: 0.125)

@Test(
    arguments: [
        .join(.init(name: "a", host: "höst", process: 12, lanes: 4, build: "1.0", processor: "x")),
        .ready(lanes: 3), .heartbeat(idleLanes: 2), .scores(id, seconds: 0.5), .failure(id, reason: "NaN"),
        .welcome(configuration: Array("{}\0{}".utf8), parameterServer: "tcp://h:1"), .refusal(reason: "no"),
        .assignment(.init(kind: .score, id: id, version: 9, roundSamples: 100, samples: [1, 4_000_000_000])),
        .assignment(.init(kind: .train, id: id, version: 0, roundSamples: 0, samples: [])),
        .stop(reason: "done"), .pull(version: .max, withVelocity: true), .parameters(version: 3), .push(id, result),
        .openRound(5, shards: 16), .arrived(id, result, worker: "w"), .updated(version: 1),
    ] as [Header])
func everyHeaderComesBackAsItWasSent(header: Header) throws {
    let bytes = header.encoded(run: 42)
    let (decoded, run) = try bytes.withUnsafeBytes { try Header.decode($0) }
    #expect(decoded == header)
    #expect(run == 42)
}

@Test func aTornHeaderIsRefusedOrMeansSomethingElseButNeverCrashes() {
    let whole = Header.push(id, result).encoded(run: 42)
    for length in 0..<whole.count {
        let torn = try? whole[..<length].withUnsafeBytes { try Header.decode($0) }
        #expect(torn?.header != .push(id, result))
    }
}

@Test func noiseIsRefusedOrDecodedWithoutACrash() {
    var state: UInt64 = 88_172_645_463_325_252
    var refused = 0
    for _ in 0..<20_000 {
        var bytes = Header.arrived(id, result, worker: "worker").encoded(run: 1)
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
    var bytes = Header.heartbeat(idleLanes: 0).encoded(run: 1)
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
