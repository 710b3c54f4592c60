internal import CMessages

#if canImport(Glibc)
    import Glibc
#endif

extension Header {
    /// The bytes of a header frame.
    public func encoded(run: UInt64) -> [UInt8] {
        let store = EncodingStore()
        var header = Hbn__Header()
        hbn__header__init(&header)
        header.protocol = protocolVersion
        header.run = run
        fill(&header, store)
        var bytes = [UInt8](repeating: 0, count: hbn__header__get_packed_size(&header))
        let written = bytes.withUnsafeMutableBufferPointer { hbn__header__pack(&header, $0.baseAddress) }
        precondition(written == bytes.count, "protobuf-c wrote \(written) of \(bytes.count) bytes")
        return bytes
    }

    private func fill(_ header: inout Hbn__Header, _ store: EncodingStore) {
        switch self {
        case .join(let join):
            header.body_case = HBN__HEADER__BODY_JOIN
            header.join = store.make(hbn__join__init) {
                $0.name = store.string(join.name)
                $0.host = store.string(join.host)
                $0.process = UInt32(clamping: join.process)
                $0.lanes = UInt32(clamping: join.lanes)
                $0.build = store.string(join.build)
                $0.processor = store.string(join.processor)
            }
        case .ready(let lanes):
            header.body_case = HBN__HEADER__BODY_READY
            header.ready = store.make(hbn__ready__init) { $0.lanes = UInt32(clamping: lanes) }
        case .heartbeat(let idleLanes):
            header.body_case = HBN__HEADER__BODY_HEARTBEAT
            header.heartbeat = store.make(hbn__heartbeat__init) { $0.idle_lanes = UInt32(clamping: idleLanes) }
        case .scores(let id, let seconds):
            header.body_case = HBN__HEADER__BODY_SCORES
            header.scores = store.make(hbn__scores__init) {
                $0.id = store.attempt(id)
                $0.seconds = seconds
            }
        case .failure(let id, let reason):
            header.body_case = HBN__HEADER__BODY_FAILURE
            header.failure = store.make(hbn__failure__init) {
                $0.id = store.attempt(id)
                $0.reason = store.string(reason)
            }
        case .welcome(let configuration, let parameterServer):
            header.body_case = HBN__HEADER__BODY_WELCOME
            header.welcome = store.make(hbn__welcome__init) {
                $0.configuration = store.bytes(configuration)
                $0.parameter_server = store.string(parameterServer)
            }
        case .refusal(let reason):
            header.body_case = HBN__HEADER__BODY_REFUSAL
            header.refusal = store.make(hbn__refusal__init) { $0.reason = store.string(reason) }
        case .assignment(let assignment):
            header.body_case = HBN__HEADER__BODY_ASSIGNMENT
            header.assignment = store.make(hbn__assignment__init) {
                $0.kind = assignment.kind == .train ? HBN__ASSIGNMENT__KIND__TRAIN : HBN__ASSIGNMENT__KIND__SCORE
                $0.id = store.attempt(assignment.id)
                $0.version = assignment.version
                $0.round_samples = UInt32(clamping: assignment.roundSamples)
                ($0.samples, $0.n_samples) = store.numbers(assignment.samples)
            }
        case .stop(let reason):
            header.body_case = HBN__HEADER__BODY_STOP
            header.stop = store.make(hbn__stop__init) { $0.reason = store.string(reason) }
        case .pull(let version, let withVelocity):
            header.body_case = HBN__HEADER__BODY_PULL
            header.pull = store.make(hbn__pull__init) {
                $0.version = version
                $0.with_velocity = withVelocity ? 1 : 0
            }
        case .parameters(let version):
            header.body_case = HBN__HEADER__BODY_PARAMETERS
            header.parameters = store.make(hbn__parameters__init) { $0.version = version }
        case .push(let id, let result):
            header.body_case = HBN__HEADER__BODY_PUSH
            header.push = store.make(hbn__push__init) {
                $0.id = store.attempt(id)
                $0.result = store.result(result)
            }
        case .openRound(let round, let shards):
            header.body_case = HBN__HEADER__BODY_OPEN_ROUND
            header.open_round = store.make(hbn__open_round__init) {
                $0.round = round
                $0.shards = UInt32(clamping: shards)
            }
        case .arrived(let id, let result, let worker):
            header.body_case = HBN__HEADER__BODY_ARRIVED
            header.arrived = store.make(hbn__arrived__init) {
                $0.id = store.attempt(id)
                $0.result = store.result(result)
                $0.worker = store.string(worker)
            }
        case .updated(let version):
            header.body_case = HBN__HEADER__BODY_UPDATED
            header.updated = store.make(hbn__updated__init) { $0.version = version }
        }
    }
}

/// The C structures of one message, freed together when it is encoded.
private final class EncodingStore {
    private var allocations: [UnsafeMutableRawPointer] = []

    deinit {
        for allocation in allocations { allocation.deallocate() }
    }

    func make<Body>(
        _ initialize: (UnsafeMutablePointer<Body>?) -> Void, _ fill: (inout Body) -> Void
    ) -> UnsafeMutablePointer<Body> {
        let body: UnsafeMutablePointer<Body> = allocate(1)
        initialize(body)
        fill(&body.pointee)
        return body
    }

    func attempt(_ id: ShardAttempt) -> UnsafeMutablePointer<Hbn__Attempt> {
        make(hbn__attempt__init) {
            $0.round = id.round
            $0.shard = UInt32(clamping: id.shard)
            $0.attempt = UInt32(clamping: id.attempt)
        }
    }

    func result(_ result: Header.TrainingResult) -> UnsafeMutablePointer<Hbn__Result> {
        make(hbn__result__init) {
            $0.samples = UInt32(clamping: result.samples)
            $0.correct = UInt32(clamping: result.correct)
            $0.loss_sum = result.lossSum
            $0.seconds = result.seconds
        }
    }

    /// A copy that ends in a zero byte.
    func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy: UnsafeMutablePointer<CChar> = allocate(bytes.count)
        for (i, byte) in bytes.enumerated() { copy[i] = byte }
        return copy
    }

    func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let (data, count) = numbers(bytes)
        return ProtobufCBinaryData(len: count, data: data)
    }

    func numbers<Number>(_ numbers: [Number]) -> (UnsafeMutablePointer<Number>, Int) {
        let copy: UnsafeMutablePointer<Number> = allocate(numbers.count)
        for (i, number) in numbers.enumerated() { copy[i] = number }
        return (copy, numbers.count)
    }

    private func allocate<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        allocations.append(UnsafeMutableRawPointer(pointer))
        return pointer
    }
}
