internal import CMessages

extension Header {
    /// Reads a header frame from outside.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(HeaderError) -> (header: Header, run: UInt64) {
        guard bytes.count <= maximumHeaderSize else { throw HeaderError(reason: .tooLarge(bytes.count)) }
        guard
            let header = hbn__header__unpack(nil, bytes.count, bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        else { throw HeaderError(reason: .malformed) }
        defer { hbn__header__free_unpacked(header, nil) }
        guard header.pointee.protocol == protocolVersion else {
            throw HeaderError(reason: .foreignProtocol(header.pointee.protocol))
        }
        guard let body = Header(header.pointee) else { throw HeaderError(reason: .empty) }
        return (body, header.pointee.run)
    }

    private init?(_ header: Hbn__Header) {
        switch header.body_case {
        case HBN__HEADER__BODY_JOIN: self = .join(Join(header.join.pointee))
        case HBN__HEADER__BODY_LEAVE:
            let body = header.leave.pointee
            self = .leave(finishing: attempts(body.finishing, body.n_finishing))
        case HBN__HEADER__BODY_HEARTBEAT:
            let body = header.heartbeat.pointee
            self = .heartbeat(held: attempts(body.held, body.n_held), sent: attempts(body.sent, body.n_sent))
        case HBN__HEADER__BODY_SCORES:
            guard let id = ShardAttempt(header.scores.pointee.id) else { return nil }
            self = .scores(id)
        case HBN__HEADER__BODY_AUDITED:
            let body = header.audited.pointee
            guard let id = ShardAttempt(body.id) else { return nil }
            self = .audited(id, digests: Array(UnsafeBufferPointer(start: body.digests, count: body.n_digests)))
        case HBN__HEADER__BODY_FAILURE:
            guard let id = ShardAttempt(header.failure.pointee.id) else { return nil }
            self = .failure(id, reason: String(cString: header.failure.pointee.reason))
        case HBN__HEADER__BODY_WELCOME:
            guard let welcome = Header(header.welcome.pointee) else { return nil }
            self = welcome
        case HBN__HEADER__BODY_ASSIGNMENT:
            guard let assignment = Assignment(header.assignment.pointee) else { return nil }
            self = .assignment(assignment)
        case HBN__HEADER__BODY_CANCEL:
            guard let id = ShardAttempt(header.cancel) else { return nil }
            self = .cancel(id)
        case HBN__HEADER__BODY_REFUSAL: self = .refusal(reason: String(cString: header.refusal.pointee.reason))
        case HBN__HEADER__BODY_STOP: self = .stop(reason: String(cString: header.stop.pointee.reason))
        case HBN__HEADER__BODY_PULL:
            let body = header.pull.pointee
            let (end, overflow) = body.first.addingReportingOverflow(body.count)
            guard !overflow, let range = range(body.first, end) else { return nil }
            self = .pull(version: body.version, range, ofVelocity: body.of_velocity != 0)
        case HBN__HEADER__BODY_PARAMETERS:
            let body = header.parameters.pointee
            guard let first = Int(exactly: body.first) else { return nil }
            self = .parameters(
                version: body.version, first: first, ofVelocity: body.of_velocity != 0, memory: Memory(body.memory))
        case HBN__HEADER__BODY_GRADIENT:
            let body = header.gradient.pointee
            guard let id = ShardAttempt(body.id), let first = Int(exactly: body.first) else { return nil }
            self = .gradient(id, first: first)
        case HBN__HEADER__BODY_PUSH:
            let body = header.push.pointee
            let shards = UnsafeBufferPointer(start: body.shards, count: body.n_shards).compactMap { ShardResult($0) }
            guard shards.count == body.n_shards else { return nil }
            self = .push(shards, gradient: body.gradient, memory: Memory(body.memory))
        case HBN__HEADER__BODY_TAKEN:
            guard let id = ShardAttempt(header.taken) else { return nil }
            self = .taken(id)
        case HBN__HEADER__BODY_MULTIPLY:
            let body = header.multiply.pointee
            guard let id = ShardAttempt(body.id) else { return nil }
            self = .multiply(
                id, version: body.version, samples: Int(body.samples), isKept: body.is_kept != 0,
                core: body.core == 0 ? nil : Int(body.core) - 1, digest: body.digest, memory: Memory(body.memory))
        case HBN__HEADER__BODY_MULTIPLY_TRANSPOSED:
            let body = header.multiply_transposed.pointee
            guard let id = ShardAttempt(body.id) else { return nil }
            self = .multiplyTransposed(id, version: body.version, digest: body.digest)
        case HBN__HEADER__BODY_PRODUCT:
            let body = header.product.pointee
            guard let id = ShardAttempt(body.id) else { return nil }
            self = .product(
                id, isTransposed: body.is_transposed != 0, digest: body.digest, memory: Memory(body.memory))
        case HBN__HEADER__BODY_PLACE:
            let body = header.place.pointee
            guard let range = range(body.first, body.end) else { return nil }
            self = .place(range, version: body.version)
        case HBN__HEADER__BODY_OPEN_ROUND:
            let body = header.open_round.pointee
            self = .openRound(body.round, shards: Int(body.shards), firstAttempt: Int(body.first_attempt))
        case HBN__HEADER__BODY_APPLY:
            let body = header.apply.pointee
            self = .apply(round: body.round, firstAttempt: Int(body.first_attempt))
        case HBN__HEADER__BODY_ARRIVED:
            let body = header.arrived.pointee
            guard let id = ShardAttempt(body.id), let result = TrainingResult(body.result) else { return nil }
            self = .arrived(id, result, digest: body.digest)
        case HBN__HEADER__BODY_REJECTED:
            guard let id = ShardAttempt(header.rejected.pointee.id) else { return nil }
            self = .rejected(id, reason: String(cString: header.rejected.pointee.reason))
        case HBN__HEADER__BODY_UPDATED: self = .updated(version: header.updated.pointee.version)
        default: return nil
        }
    }

    private init?(_ welcome: Hbn__Welcome) {
        var servers: [Server] = []
        for server in UnsafeBufferPointer(start: welcome.servers, count: welcome.n_servers) {
            guard let server = server?.pointee, let range = range(server.first, server.end) else { return nil }
            servers.append(Server(endpoint: String(cString: server.endpoint), range: range))
        }
        self = .welcome(
            configuration: bytes(welcome.configuration), model: String(cString: welcome.model), servers: servers)
    }
}

private func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
}

/// nil for one that cannot be.
private func range(_ first: UInt64, _ end: UInt64) -> Range<Int>? {
    guard let first = Int(exactly: first), let end = Int(exactly: end), first <= end else { return nil }
    return first..<end
}

private func attempts(_ list: UnsafeMutablePointer<UnsafeMutablePointer<Hbn__Attempt>?>?, _ count: Int)
    -> [ShardAttempt]
{
    UnsafeBufferPointer(start: list, count: count).compactMap { ShardAttempt($0) }
}

extension ShardAttempt {
    fileprivate init?(_ id: UnsafeMutablePointer<Hbn__Attempt>?) {
        guard let id = id?.pointee else { return nil }
        self.init(round: id.round, shard: Int(id.shard), attempt: Int(id.attempt))
    }
}

extension Header.Join {
    fileprivate init(_ body: Hbn__Join) {
        self.init(
            role: body.role == HBN__JOIN__ROLE__PARAMETER_SERVER ? .parameterServer : .worker,
            name: String(cString: body.name), host: String(cString: body.host), process: Int(body.process),
            build: String(cString: body.build), processor: String(cString: body.processor))
        kernels = String(cString: body.kernels)
        fingerprint = String(cString: body.fingerprint)
        lanes = Int(body.lanes)
        endpoint = String(cString: body.endpoint)
    }
}

extension Header.Assignment {
    fileprivate init?(_ body: Hbn__Assignment) {
        guard let id = ShardAttempt(body.id) else { return nil }
        let kind: Kind
        switch body.kind {
        case HBN__ASSIGNMENT__KIND__TRAIN: kind = .train
        case HBN__ASSIGNMENT__KIND__SCORE: kind = .score
        case HBN__ASSIGNMENT__KIND__AUDIT: kind = .audit
        default: return nil
        }
        self.init(
            kind: kind, id: id, version: body.version, roundSamples: Int(body.round_samples),
            samples: Array(UnsafeBufferPointer(start: body.samples, count: body.n_samples)))
    }
}

extension Header.TrainingResult {
    fileprivate init?(_ result: UnsafeMutablePointer<Hbn__Result>?) {
        guard let result = result?.pointee else { return nil }
        self.init(samples: Int(result.samples), correct: Int(result.correct), lossSum: result.loss_sum)
    }
}

extension Header.ShardResult {
    fileprivate init?(_ shard: UnsafeMutablePointer<Hbn__ShardResult>?) {
        guard let shard = shard?.pointee, let id = ShardAttempt(shard.id),
            let result = Header.TrainingResult(shard.result)
        else { return nil }
        self.init(id: id, result: result, gradient: shard.gradient, digest: shard.digest)
    }
}

extension Header.Memory {
    fileprivate init?(_ memory: UnsafeMutablePointer<Hbn__Memory>?) {
        guard let memory = memory?.pointee, let count = Int(exactly: memory.count) else { return nil }
        self.init(
            process: Int(memory.process), descriptor: Int(memory.descriptor), serial: memory.serial, count: count)
    }
}
