import Kernels
import Messages
import Parameters

extension FuzzTarget {
    /// The header frame of a message.
    static let header = FuzzTarget("header", seeds: headers.map { $0.encoded(run: 42) }) { bytes in
        let (header, run) = try Header.decode(bytes)
        let again = try header.encoded(run: run).withUnsafeBytes { try Header.decode($0) }
        // NaN differs from itself.
        promise("\(again)" == "\((header: header, run: run))", "\(header) comes back as \(again.header)")
    }

    private static let headers: [Header] = {
        let id = ShardAttempt(round: 1 << 40, shard: 7, attempt: 2)
        let result = Header.TrainingResult(samples: 8, correct: 5, lossSum: 5.25)
        let shard = Header.ShardResult(id: id, result: result, gradient: 3, digest: 1 << 63)
        let memory = Header.Memory(process: 77, descriptor: 9, serial: 1 << 50, count: 1 << 33)
        var join = Header.Join(role: .worker, name: "a", host: "höst", process: 12, build: "1.0", processor: "x")
        (join.lanes, join.fingerprint, join.kernels, join.endpoint) = (4, "abc", "avx2", "tcp://h:1")
        return [
            .join(join), .leave(finishing: [id, id]), .heartbeat(held: [id, id], sent: [id]), .scores(id),
            .audited(id, digests: [1, .max]), .failure(id, reason: "NaN"),
            .welcome(
                configuration: Array("{}\0{}".utf8), model: "m",
                servers: [.init(endpoint: "tcp://h:1", range: 0..<5), .init(endpoint: "x", range: 5..<1 << 40)]),
            .assignment(.init(kind: .train, id: id, version: 9, roundSamples: 100, samples: [1, 4_000_000_000])),
            .cancel(id), .refusal(reason: "no"), .stop(reason: "done"), .pull(version: .max, 7..<9, ofVelocity: true),
            .parameters(version: 3, first: 1 << 40, ofVelocity: false, memory: memory),
            .gradient(id, first: 1 << 40), .push([shard, shard], gradient: .max, memory: memory), .taken(id),
            .multiply(id, version: 3, samples: 8, isKept: true, core: 1, digest: 5, memory: memory),
            .multiplyTransposed(id, version: 3, digest: 4),
            .product(id, isTransposed: true, digest: 7, memory: memory), .place(7..<9, version: 3),
            .openRound(5, shards: 16, firstAttempt: 3), .apply(round: 5, firstAttempt: 9),
            .arrived(id, result, digest: 1 << 63), .rejected(id, reason: "torn"), .updated(version: 1),
        ]
    }()

    /// Rows of a factor without their zeros. The input's first two bytes are their number and length, the third is how
    /// far the rest is moved from an aligned address.
    static let packedRows = FuzzTarget("packed-rows", seeds: packedSeeds) { input in
        guard input.count >= 3 else { throw Refused() }
        let (rows, length, offset) = (Int(input[0] % 9), Int(input[1]), Int(input[2] % 8))
        let bytes = [UInt8](repeating: 0, count: offset) + input.dropFirst(3)
        let kinds = [Processor.plain, .current]
        let rooms = kinds.map { _ in FloatBuffer(count: rows * length + 1) }
        let taken = zip(kinds, rooms).map { processor, room in
            room.floats.update(repeating: .pi)
            let isTaken = bytes.withUnsafeBytes {
                PackedRows.unpack(
                    UnsafeRawBufferPointer(rebasing: $0[offset...]), rows: rows, length: length, into: room.base,
                    on: processor)
            }
            promise(room.base[rows * length] == .pi, "\(rows) rows of \(length) end where they must")
            return isTaken
        }
        promise(taken[0] == taken[1], "both loops take the same rows")
        guard taken[0] else { throw Refused() }
        promise(bits(rooms[0]) == bits(rooms[1]), "both loops unpack the same rows")
        let most = PackedRows.maximumByteCount(rows: rows, length: length)
        let packed = [UInt8](unsafeUninitializedCapacity: most) { room, count in
            count =
                most == 0
                ? 0
                : PackedRows.pack(
                    rooms[0].base, rows: rows, length: length, stride: length, into: room.baseAddress!)
        }
        promise(packed[...] == bytes[offset...], "only what pack makes is taken")
    }

    private static let packedSeeds: [[UInt8]] = [(1, 1), (2, 40), (8, 255), (0, 3)].map { rows, length in
        let x = FloatBuffer(count: max(1, rows * length))
        for i in 0..<rows * length { x.base[i] = i % 3 == 0 ? Float(i) : 0 }
        let room = PackedRows.maximumByteCount(rows: rows, length: length) + 1
        let packed = [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
            count = PackedRows.pack(x.base, rows: rows, length: length, stride: length, into: bytes.baseAddress!)
        }
        return [UInt8(rows), UInt8(length), 1] + packed
    }

    private static func bits(_ buffer: FloatBuffer) -> [UInt32] { buffer.floats.map(\.bitPattern) }
}
