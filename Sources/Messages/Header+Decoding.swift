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
        case HBN__HEADER__BODY_JOIN:
            let body = header.join.pointee
            self = .join(
                Join(
                    name: String(cString: body.name), host: String(cString: body.host), process: Int(body.process),
                    lanes: Int(body.lanes), build: String(cString: body.build),
                    processor: String(cString: body.processor)))
        case HBN__HEADER__BODY_READY: self = .ready(lanes: Int(header.ready.pointee.lanes))
        case HBN__HEADER__BODY_HEARTBEAT: self = .heartbeat(idleLanes: Int(header.heartbeat.pointee.idle_lanes))
        case HBN__HEADER__BODY_SCORES:
            guard let id = ShardAttempt(header.scores.pointee.id) else { return nil }
            self = .scores(id, seconds: header.scores.pointee.seconds)
        case HBN__HEADER__BODY_FAILURE:
            guard let id = ShardAttempt(header.failure.pointee.id) else { return nil }
            self = .failure(id, reason: String(cString: header.failure.pointee.reason))
        case HBN__HEADER__BODY_WELCOME:
            let body = header.welcome.pointee
            self = .welcome(
                configuration: Array(
                    UnsafeBufferPointer(start: body.configuration.data, count: body.configuration.len)),
                parameterServer: String(cString: body.parameter_server))
        case HBN__HEADER__BODY_REFUSAL: self = .refusal(reason: String(cString: header.refusal.pointee.reason))
        case HBN__HEADER__BODY_ASSIGNMENT:
            let body = header.assignment.pointee
            guard let id = ShardAttempt(body.id) else { return nil }
            self = .assignment(
                Assignment(
                    kind: body.kind == HBN__ASSIGNMENT__KIND__TRAIN ? .train : .score, id: id, version: body.version,
                    roundSamples: Int(body.round_samples),
                    samples: Array(UnsafeBufferPointer(start: body.samples, count: body.n_samples))))
        case HBN__HEADER__BODY_STOP: self = .stop(reason: String(cString: header.stop.pointee.reason))
        case HBN__HEADER__BODY_PULL:
            let body = header.pull.pointee
            self = .pull(version: body.version, withVelocity: body.with_velocity != 0)
        case HBN__HEADER__BODY_PARAMETERS: self = .parameters(version: header.parameters.pointee.version)
        case HBN__HEADER__BODY_PUSH:
            let body = header.push.pointee
            guard let id = ShardAttempt(body.id), let result = TrainingResult(body.result) else { return nil }
            self = .push(id, result)
        case HBN__HEADER__BODY_OPEN_ROUND:
            let body = header.open_round.pointee
            self = .openRound(body.round, shards: Int(body.shards))
        case HBN__HEADER__BODY_ARRIVED:
            let body = header.arrived.pointee
            guard let id = ShardAttempt(body.id), let result = TrainingResult(body.result) else { return nil }
            self = .arrived(id, result, worker: String(cString: body.worker))
        case HBN__HEADER__BODY_UPDATED: self = .updated(version: header.updated.pointee.version)
        default: return nil
        }
    }
}

extension ShardAttempt {
    fileprivate init?(_ id: UnsafeMutablePointer<Hbn__Attempt>?) {
        guard let id = id?.pointee else { return nil }
        self.init(round: id.round, shard: Int(id.shard), attempt: Int(id.attempt))
    }
}

extension Header.TrainingResult {
    fileprivate init?(_ result: UnsafeMutablePointer<Hbn__Result>?) {
        guard let result = result?.pointee else { return nil }
        self.init(
            samples: Int(result.samples), correct: Int(result.correct), lossSum: result.loss_sum,
            seconds: result.seconds)
    }
}
