internal import CMessages
import Protobuf

#if canImport(Glibc)
    import Glibc
#endif

extension Header {
    /// The bytes of a header frame.
    public func encoded(run: UInt64) -> [UInt8] {
        let store = EncodingStore()
        let header = store.make(hbn__header__init) { header in
            header.protocol = protocolVersion
            header.run = run
            fill(&header, store)
        }
        return store.packed(header, size: hbn__header__get_packed_size, pack: hbn__header__pack)
    }

    private func fill(_ header: inout Hbn__Header, _ store: EncodingStore) {
        switch self {
        case .join(let join):
            header.body_case = HBN__HEADER__BODY_JOIN
            header.join = store.join(join)
        case .leave(let finishing):
            header.body_case = HBN__HEADER__BODY_LEAVE
            header.leave = store.make(hbn__leave__init) {
                ($0.finishing, $0.n_finishing) = store.list(finishing.map(store.attempt))
            }
        case .heartbeat(let held, let sent):
            header.body_case = HBN__HEADER__BODY_HEARTBEAT
            header.heartbeat = store.make(hbn__heartbeat__init) {
                ($0.held, $0.n_held) = store.list(held.map(store.attempt))
                ($0.sent, $0.n_sent) = store.list(sent.map(store.attempt))
            }
        case .scores(let id):
            header.body_case = HBN__HEADER__BODY_SCORES
            header.scores = store.make(hbn__scores__init) { $0.id = store.attempt(id) }
        case .audited(let id, let digests):
            header.body_case = HBN__HEADER__BODY_AUDITED
            header.audited = store.make(hbn__audited__init) {
                $0.id = store.attempt(id)
                ($0.digests, $0.n_digests) = store.numbers(digests)
            }
        case .failure(let id, let reason):
            header.body_case = HBN__HEADER__BODY_FAILURE
            header.failure = store.make(hbn__failure__init) {
                $0.id = store.attempt(id)
                $0.reason = store.string(reason)
            }
        case .welcome(let configuration, let model, let servers):
            header.body_case = HBN__HEADER__BODY_WELCOME
            header.welcome = store.make(hbn__welcome__init) {
                $0.configuration = store.bytes(configuration)
                $0.model = store.string(model)
                ($0.servers, $0.n_servers) = store.list(servers.map(store.server))
            }
        case .assignment(let assignment):
            header.body_case = HBN__HEADER__BODY_ASSIGNMENT
            header.assignment = store.assignment(assignment)
        case .cancel(let id):
            header.body_case = HBN__HEADER__BODY_CANCEL
            header.cancel = store.attempt(id)
        case .refusal(let reason):
            header.body_case = HBN__HEADER__BODY_REFUSAL
            header.refusal = store.make(hbn__refusal__init) { $0.reason = store.string(reason) }
        case .stop(let reason):
            header.body_case = HBN__HEADER__BODY_STOP
            header.stop = store.make(hbn__stop__init) { $0.reason = store.string(reason) }
        case .pull(let version, let range, let ofVelocity):
            header.body_case = HBN__HEADER__BODY_PULL
            header.pull = store.make(hbn__pull__init) {
                $0.version = version
                $0.of_velocity = ofVelocity ? 1 : 0
                $0.first = UInt64(range.lowerBound)
                $0.count = UInt64(range.count)
            }
        case .parameters(let version, let first, let ofVelocity, let memory):
            header.body_case = HBN__HEADER__BODY_PARAMETERS
            header.parameters = store.make(hbn__parameters__init) {
                $0.version = version
                $0.first = UInt64(first)
                $0.of_velocity = ofVelocity ? 1 : 0
                $0.memory = memory.map { store.memory($0) }
            }
        case .gradient(let id, let first):
            header.body_case = HBN__HEADER__BODY_GRADIENT
            header.gradient = store.make(hbn__gradient__init) {
                $0.id = store.attempt(id)
                $0.first = UInt64(first)
            }
        case .push(let shards, let gradient, let memory):
            header.body_case = HBN__HEADER__BODY_PUSH
            header.push = store.make(hbn__push__init) {
                ($0.shards, $0.n_shards) = store.list(shards.map(store.shard))
                $0.gradient = gradient
                $0.memory = memory.map { store.memory($0) }
            }
        case .taken(let id):
            header.body_case = HBN__HEADER__BODY_TAKEN
            header.taken = store.attempt(id)
        case .multiply(let id, let version, let samples, let isKept, let core, let digest, let memory):
            header.body_case = HBN__HEADER__BODY_MULTIPLY
            header.multiply = store.make(hbn__multiply__init) {
                $0.id = store.attempt(id)
                $0.version = version
                $0.samples = UInt32(clamping: samples)
                $0.is_kept = isKept ? 1 : 0
                $0.core = core.map { UInt32(clamping: $0 + 1) } ?? 0
                $0.digest = digest
                $0.memory = memory.map { store.memory($0) }
            }
        case .multiplyTransposed(let id, let version, let digest):
            header.body_case = HBN__HEADER__BODY_MULTIPLY_TRANSPOSED
            header.multiply_transposed = store.make(hbn__multiply_transposed__init) {
                $0.id = store.attempt(id)
                $0.version = version
                $0.digest = digest
            }
        case .product(let id, let isTransposed, let digest, let memory):
            header.body_case = HBN__HEADER__BODY_PRODUCT
            header.product = store.make(hbn__product__init) {
                $0.id = store.attempt(id)
                $0.is_transposed = isTransposed ? 1 : 0
                $0.digest = digest
                $0.memory = memory.map { store.memory($0) }
            }
        case .place(let range, let version):
            header.body_case = HBN__HEADER__BODY_PLACE
            header.place = store.make(hbn__place__init) {
                $0.first = UInt64(range.lowerBound)
                $0.end = UInt64(range.upperBound)
                $0.version = version
            }
        case .openRound(let number, let shards, let firstAttempt):
            header.body_case = HBN__HEADER__BODY_OPEN_ROUND
            header.open_round = store.make(hbn__open_round__init) {
                $0.round = number
                $0.shards = UInt32(clamping: shards)
                $0.first_attempt = UInt32(clamping: firstAttempt)
            }
        case .apply(let round, let firstAttempt):
            header.body_case = HBN__HEADER__BODY_APPLY
            header.apply = store.make(hbn__apply__init) {
                $0.round = round
                $0.first_attempt = UInt32(clamping: firstAttempt)
            }
        case .arrived(let id, let result, let digest):
            header.body_case = HBN__HEADER__BODY_ARRIVED
            header.arrived = store.make(hbn__arrived__init) {
                $0.id = store.attempt(id)
                $0.result = store.result(result)
                $0.digest = digest
            }
        case .rejected(let id, let reason):
            header.body_case = HBN__HEADER__BODY_REJECTED
            header.rejected = store.make(hbn__rejected__init) {
                $0.id = store.attempt(id)
                $0.reason = store.string(reason)
            }
        case .updated(let version):
            header.body_case = HBN__HEADER__BODY_UPDATED
            header.updated = store.make(hbn__updated__init) { $0.version = version }
        }
    }
}

extension EncodingStore {
    fileprivate func join(_ join: Header.Join) -> UnsafeMutablePointer<Hbn__Join> {
        make(hbn__join__init) {
            $0.role = join.role == .worker ? HBN__JOIN__ROLE__WORKER : HBN__JOIN__ROLE__PARAMETER_SERVER
            $0.name = string(join.name)
            $0.host = string(join.host)
            $0.process = UInt32(clamping: join.process)
            $0.build = string(join.build)
            $0.processor = string(join.processor)
            $0.kernels = string(join.kernels)
            $0.fingerprint = string(join.fingerprint)
            $0.lanes = UInt32(clamping: join.lanes)
            $0.endpoint = string(join.endpoint)
        }
    }

    fileprivate func assignment(_ assignment: Header.Assignment) -> UnsafeMutablePointer<Hbn__Assignment> {
        make(hbn__assignment__init) {
            $0.kind =
                switch assignment.kind {
                case .train: HBN__ASSIGNMENT__KIND__TRAIN
                case .score: HBN__ASSIGNMENT__KIND__SCORE
                case .audit: HBN__ASSIGNMENT__KIND__AUDIT
                }
            $0.id = attempt(assignment.id)
            $0.version = assignment.version
            $0.round_samples = UInt32(clamping: assignment.roundSamples)
            ($0.samples, $0.n_samples) = numbers(assignment.samples)
        }
    }

    fileprivate func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let (data, count) = numbers(bytes)
        return ProtobufCBinaryData(len: count, data: data)
    }

    fileprivate func attempt(_ id: ShardAttempt) -> UnsafeMutablePointer<Hbn__Attempt> {
        make(hbn__attempt__init) {
            $0.round = id.round
            $0.shard = UInt32(clamping: id.shard)
            $0.attempt = UInt32(clamping: id.attempt)
        }
    }

    fileprivate func result(_ result: Header.TrainingResult) -> UnsafeMutablePointer<Hbn__Result> {
        make(hbn__result__init) {
            $0.samples = UInt32(clamping: result.samples)
            $0.correct = UInt32(clamping: result.correct)
            $0.loss_sum = result.lossSum
        }
    }

    fileprivate func shard(_ shard: Header.ShardResult) -> UnsafeMutablePointer<Hbn__ShardResult> {
        make(hbn__shard_result__init) {
            $0.id = attempt(shard.id)
            $0.result = result(shard.result)
            $0.gradient = shard.gradient
            $0.digest = shard.digest
        }
    }

    fileprivate func memory(_ memory: Header.Memory) -> UnsafeMutablePointer<Hbn__Memory> {
        make(hbn__memory__init) {
            $0.process = UInt32(clamping: memory.process)
            $0.descriptor = UInt32(clamping: memory.descriptor)
            $0.serial = memory.serial
            $0.count = UInt64(memory.count)
        }
    }

    fileprivate func server(_ server: Header.Server) -> UnsafeMutablePointer<Hbn__Server> {
        make(hbn__server__init) {
            $0.endpoint = string(server.endpoint)
            $0.first = UInt64(server.range.lowerBound)
            $0.end = UInt64(server.range.upperBound)
        }
    }
}
