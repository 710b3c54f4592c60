import ClusterLogic
import Digests
import Kernels
import Messages
import Parameters
import Programs
import TensorCore
import Transport

/// The products of a lane with a factored kernel that lies on the parameter servers: each is asked for its rows.
final class RemoteProducts: FactoredProducts {
    private let layout: ParameterLayout
    private let sharesMemory: Bool
    /// The lane's own, if it has one in the servers' machine.
    private let core: Int?
    private let ask: (ProductRequest) -> Void
    private let lane: String
    private let depth: Int
    private let width: Int
    private var task: LaneTask?
    private var parts: [Part] = []
    private var sum: SlicedSum?
    /// For X in memory that others read, by its size.
    private var shared: [Int: BufferPool] = [:]
    /// For X without its zeros.
    private var packed: [Int: BufferPool] = [:]
    /// Of the shard in work: X where others read it, and the factors' digests for each server of the task.
    private(set) var lent: FloatFrame?
    private(set) var xDigests: [UInt64] = []
    private(set) var dDigest: UInt64 = 0

    /// A server's rows.
    private struct Part {
        let server: Int
        let rows: Range<Int>
    }

    /// Made on the lane's thread.
    init(layout: ParameterLayout, sharesMemory: Bool, lane: String = "lane", ask: @escaping (ProductRequest) -> Void) {
        core = sharesMemory ? Cores.own : nil
        self.layout = layout
        self.sharesMemory = sharesMemory
        self.ask = ask
        self.lane = lane
        (depth, width) = (layout.factored!.shape[0], layout.factored!.shape[1])
    }

    /// The next products are for this task.
    func begin(_ task: LaneTask) {
        if self.task?.run != task.run {
            sum = SlicedSum(task.ranges.map { layout.blocks(in: $0) }, of: layout.blocks)
            parts = task.ranges.indices.map {
                Part(server: $0, rows: layout.rows(in: task.ranges[$0]))
            }.filter { !$0.rows.isEmpty }
        }
        self.task = task
        lent = nil
    }

    func forward(_ x: UnsafePointer<Float>, samples: Int, into sums: UnsafeMutablePointer<Float>) -> Bool {
        guard let task, let sum, let questions = try? ask(x, samples, task) else { return false }
        let request = ProductRequest(run: task.run, id: task.assignment.id, isTransposed: false, questions: questions)
        ask(request)
        guard let answers = wait(for: request) else { return false }
        let size = samples * width
        let all = FloatBuffer(count: parts.reduce(0) { $0 + sum.slices[$1.server].sums.count } * size)
        var places: [Int: UnsafeMutablePointer<Float>] = [:]
        for part in parts {
            let blocks = sum.slices[part.server].sums
            guard let answer = answers[part.server], answer.count == blocks.count * size else { return false }
            for (index, block) in blocks.enumerated() {
                let place = all.base + places.count * size
                place.update(from: answer.base + index * size, count: size)
                places[block] = place
            }
        }
        for merge in sum.merges { Kernels.add(places[merge.from]!, to: places[merge.into]!, count: size) }
        sums.update(from: places[0]!, count: size)
        withExtendedLifetime((all, answers)) {}
        return true
    }

    private func wait(for request: ProductRequest) -> [Int: FloatFrame]? {
        Timeline.measure("waits for head.dense1", on: lane) { request.wait() }
    }

    /// What each server is asked; its rows of X go with it, or lie where it can read them.
    private func ask(_ x: UnsafePointer<Float>, _ samples: Int, _ task: LaneTask) throws -> [ProductRequest.Question] {
        xDigests = task.ranges.map { digest(of: x, samples, layout.rows(in: $0)) }
        let isKept = task.assignment.kind != .score
        if sharesMemory {
            let buffer = try shared[samples, default: BufferPool(count: samples * depth, isShared: true)].take()
            buffer.base.update(from: x, count: samples * depth)
            lent = FloatFrame(buffer)
            return parts.map { part in
                question(part, samples, isKept, memory: buffer.memory, tensors: [])
            }
        }
        return try parts.map { part in
            let most = PackedRows.maximumByteCount(rows: samples, length: part.rows.count) / MemoryLayout<Float>.stride
            let buffer = try packed[most, default: BufferPool(count: most)].take()
            let bytes = PackedRows.pack(
                x + part.rows.lowerBound, rows: samples, length: part.rows.count, stride: depth, into: buffer.base)
            return question(
                part, samples, isKept, memory: nil,
                tensors: [FloatFrame(buffer, 0..<bytes / MemoryLayout<Float>.stride)])
        }
    }

    private func question(
        _ part: Part, _ samples: Int, _ isKept: Bool, memory: Header.Memory?, tensors: [FloatFrame]
    ) -> ProductRequest.Question {
        .init(
            server: part.server,
            header: .multiply(
                task!.assignment.id, version: task!.assignment.version, samples: samples, isKept: isKept,
                core: core, digest: xDigests[part.server], memory: memory), tensors: tensors)
    }

    private func digest(of x: UnsafePointer<Float>, _ samples: Int, _ rows: Range<Int>) -> UInt64 {
        var checksum = Checksum()
        for sample in 0..<samples {
            checksum.update(
                UnsafeRawBufferPointer(
                    UnsafeBufferPointer(start: x + sample * depth + rows.lowerBound, count: rows.count)))
        }
        return checksum.value
    }

    func backwardData(
        _ x: UnsafePointer<Float>, d: UnsafePointer<Float>, samples: Int, into dx: UnsafeMutablePointer<Float>
    ) -> Bool {
        guard let task else { return false }
        // It stays as it is for as long as it is being sent.
        let errors = FloatFrame(FloatBuffer(UnsafeBufferPointer(start: d, count: samples * width)))
        dDigest = errors.digest
        let header = Header.multiplyTransposed(
            task.assignment.id, version: task.assignment.version, digest: dDigest)
        let request = ProductRequest(
            run: task.run, id: task.assignment.id, isTransposed: true,
            questions: parts.map { .init(server: $0.server, header: header, tensors: [errors]) })
        ask(request)
        guard let answers = wait(for: request) else { return false }
        for part in parts {
            guard let answer = answers[part.server] else { return false }
            if sharesMemory {
                guard answer.count == samples * depth else { return false }
                dx.update(from: answer.base, count: answer.count)
            } else {
                let isWhole = PackedRows.scatter(
                    answer.floats, where: x + part.rows.lowerBound, stride: depth, rows: samples,
                    length: part.rows.count, into: dx + part.rows.lowerBound, stride: depth)
                guard isWhole else { return false }
            }
        }
        withExtendedLifetime(answers) {}
        return true
    }
}
