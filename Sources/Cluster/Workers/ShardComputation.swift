import AttentionUNet
import Kernels
import Messages
import Parameters
import TensorCore
import Training
import Transport
import ZeroMQ

/// Computes tasks of a lane, on the lane's own thread: from messages to messages.
package final class ShardComputation {
    private let configuration: WorkerConfiguration
    private let computation: LaneComputation
    /// The products with the first dense layer's kernel, where the servers compute them.
    private let products: RemoteProducts?
    private var outgoing: [Int: BufferPool] = [:]
    private var corruption: Corruption?
    private let pieces: [Range<Int>]
    private var packed = BufferPool(count: BFloat16.packedCount(GradientPieces.length))
    private let send: (_ piece: LaneAnswer.Piece, LaneTask) -> Void
    private let lane: String

    /// Products that the lane needs are asked for by `ask`; pieces of a gradient leave by `send`, before its shard is
    /// done. `lane` is what a timeline calls this one.
    package init(
        _ configuration: WorkerConfiguration, lane: String, corruptEvery: Int?, ask: @escaping (ProductRequest) -> Void,
        send: @escaping (LaneAnswer.Piece, LaneTask) -> Void
    ) throws {
        self.configuration = configuration
        (self.send, self.lane) = (send, lane)
        corruption = corruptEvery.map { Corruption(every: $0) }
        computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics)
        products =
            configuration.densePlacement == .worker
            ? nil
            : RemoteProducts(
                layout: computation.layout, sharesMemory: configuration.sharesMemory, lane: lane, ask: ask)
        computation.factoredProducts = products
        pieces = GradientPieces.ranges(in: 0..<computation.layout.gradientCount)
    }

    package func compute(_ task: LaneTask) throws -> LaneAnswer.Content {
        let assignment = task.assignment
        let samples = assignment.samples.count
        let shape = computation.network.shape(of: computation.network.input)
        guard samples > 0, assignment.roundSamples >= samples, (2...3).contains(task.tensors.count),
            let images = FloatFrame(task.tensors[0], count: samples * shape.count),
            task.parameters.floats.count
                == (products == nil ? computation.layout.count : computation.layout.gradientCount)
        else { return .failure("the assignment does not fit the model") }
        products?.begin(task)
        do {
            if assignment.kind == .score {
                return try score(assignment, images, task.parameters)
            }
            let labels = try Self.labels(task.tensors[1], count: samples, classes: computation.network.classes)
            let weights = try task.tensors.dropFirst(2).first.map { try Self.weights($0, count: samples) }
            let shard = try train(task, images, labels, weights)
            return assignment.kind == .audit
                ? .audited(shard.pushes.map(\.digest))
                : .pushes([shard], gradients: shard.pushes.map(\.gradient))
        } catch is LaneComputation.GivenUp {
            return .givenUp
        } catch let problem as ShardProblem {
            return .failure(problem.description)
        }
    }

    private func train(
        _ task: LaneTask, _ images: FloatFrame, _ labels: [Int32], _ weights: FloatFrame?
    ) throws -> LaneAnswer.Shard {
        let assignment = task.assignment
        let samples = assignment.samples.count
        let layout = computation.layout
        let (depth, width) = (layout.factored!.shape[0], layout.factored!.shape[1])
        // Where the servers multiply, they have the factors already.
        let count = layout.gradientCount + (products == nil ? samples * (depth + width) : 0)
        // Only a single server can find all it needs behind each other.
        let isShared = configuration.sharesMemory && task.ranges.count == 1
        let buffer = try outgoing[samples, default: BufferPool(count: count, isShared: isShared)].take()
        let error = corruption?.next(count: layout.gradientCount)
        var digests = task.ranges.map { _ in [UInt64]() }
        var left = pieces[...]
        let isRounded = configuration.numerics.gradientPrecision == .bf16
        // Nobody changes a piece any more: it is looked at, and leaves.
        func finish(_ piece: Range<Int>) throws {
            if let error, piece.contains(error) { Corruption.flip(buffer.base + error) }
            try layout.checkFinite(buffer.base, piece)
            if isRounded {
                BFloat16.round(buffer.base + piece.lowerBound, count: piece.count)
                try layout.checkFinite(buffer.base, piece)
            }
            for (server, range) in task.ranges.enumerated() where piece.overlaps(range) {
                let own = piece.clamped(to: range)
                let floats = FloatFrame(buffer, own)
                let digest = floats.digest
                digests[server].append(digest)
                if !isShared && assignment.kind == .train {
                    let sent = isRounded ? try pack(floats) : floats
                    let first = own.lowerBound - range.lowerBound
                    send(.init(server: server, first: first, floats: sent, digest: digest), task)
                }
            }
        }
        var began = Timeline.begin()
        var isBackward = false
        defer { Timeline.end("backward, shard \(assignment.id.shard)", from: isBackward ? began : nil, on: lane) }
        let (outcome, factors) = try labels.withUnsafeBufferPointer { labels in
            try computation.train(
                ShardInput(
                    samples: samples, images: images.base, labels: labels.baseAddress!, weights: weights?.base,
                    stepSamples: assignment.roundSamples,
                    dropout: Dropout(
                        seed: configuration.seed, step: UInt32(truncatingIfNeeded: assignment.id.round),
                        samples: assignment.samples)),
                parameters: task.parameters.floats.base,
                waiting: whenThere(task.parameters),
                gradients: buffer.base,
                settled: { first in
                    if !isBackward {
                        Timeline.end("forward, shard \(assignment.id.shard)", from: began, on: self.lane)
                        (began, isBackward) = (Timeline.begin(), true)
                    }
                    while let piece = left.last, piece.lowerBound >= first {
                        left.removeLast()
                        try finish(piece)
                    }
                })
        }
        for factor in [factors.x, factors.d] {
            guard areFinite(factor) else {
                throw ShardProblem(notFinite: layout.factored!)
            }
        }
        let result = Header.TrainingResult(samples: samples, correct: outcome.correct, lossSum: outcome.lossSum)
        // Read where they lie, or gone already.
        let gradients = task.ranges.map { range -> [FloatFrame] in
            isShared ? [FloatFrame(buffer, range.clamped(to: 0..<layout.gradientCount))] : []
        }
        // From the front, as they stand in the buffer.
        let own = digests.map { GradientPieces.digest(of: $0.reversed()) }
        if let products {
            let none = FloatFrame(buffer, 0..<0).digest
            let pushes = task.ranges.indices.map { server in
                let hasRows = !layout.rows(in: task.ranges[server]).isEmpty
                let digest = result.digest(
                    gradient: own[server], x: products.xDigests[server], d: hasRows ? products.dDigest : none)
                return LaneAnswer.Push(
                    gradient: own[server], digest: digest, floats: gradients[server], lent: products.lent,
                    memory: buffer.memory)
            }
            return .init(id: assignment.id, result: result, pushes: pushes)
        }
        // x is cut into the servers' rows, each server's one behind the other, and d follows.
        var end = layout.gradientCount
        let x = task.ranges.map { range in
            let rows = layout.rows(in: range)
            for sample in 0..<samples {
                (buffer.base + end + sample * rows.count).update(
                    from: factors.x.baseAddress! + sample * depth + rows.lowerBound, count: rows.count)
            }
            defer { end += samples * rows.count }
            return FloatFrame(buffer, end..<end + samples * rows.count)
        }
        (buffer.base + end).update(from: factors.d.baseAddress!, count: factors.d.count)
        let pushes = task.ranges.indices.map { server in
            let x = x[server]
            let d = FloatFrame(buffer, end..<(x.count > 0 ? end + samples * width : end))
            return LaneAnswer.Push(
                gradient: own[server], digest: result.digest(gradient: own[server], x: x.digest, d: d.digest),
                floats: gradients[server] + [x, d], lent: nil, memory: buffer.memory)
        }
        return .init(id: assignment.id, result: result, pushes: pushes)
    }

    private func pack(_ floats: FloatFrame) throws -> FloatFrame {
        let packed = try packed.take()
        BFloat16.pack(floats.base, count: floats.count, into: packed.base)
        return FloatFrame(packed, 0..<BFloat16.packedCount(floats.count))
    }

    /// Waits for so many of the parameters, as `ArrivingParameters.wait` does.
    private func whenThere(_ parameters: ArrivingParameters) -> (_ count: Int) -> Bool {
        { [lane] count in
            if parameters.count >= count { return true }
            return Timeline.measure("waits for parameters", on: lane) { parameters.wait(for: count) }
        }
    }

    private func score(
        _ assignment: Header.Assignment, _ images: FloatFrame, _ parameters: ArrivingParameters
    ) throws -> LaneAnswer.Content {
        let probabilities = try computation.score(
            samples: assignment.samples.count, images: images.base, parameters: parameters.floats.base,
            waiting: whenThere(parameters)
        ) { row in
            guard row.allSatisfy(\.isFinite) else {
                throw ShardProblem(description: "the probabilities of a sample are not finite")
            }
            return try Message(UnsafeRawBufferPointer(row))
        }
        return .scores(probabilities)
    }

    private static func weights(_ frame: Message, count: Int) throws -> FloatFrame {
        guard let weights = FloatFrame(frame, count: count), weights.floats.allSatisfy({ $0 >= 0 && $0.isFinite })
        else {
            throw ShardProblem(description: "the weights do not fit the samples")
        }
        return weights
    }

    private static func labels(_ frame: Message, count: Int, classes: Int) throws -> [Int32] {
        guard frame.count == count * MemoryLayout<Int32>.stride else {
            throw ShardProblem(description: "the labels do not fit the samples")
        }
        let labels = frame.withUnsafeBytes { bytes in
            (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
        }
        guard labels.allSatisfy({ (0..<Int32(classes)).contains($0) }) else {
            throw ShardProblem(description: "a label is not one of \(classes) classes")
        }
        return labels
    }
}

/// A shard that cannot be computed, or whose result must not be used.
private struct ShardProblem: Error {
    let description: String

    init(description: String) { self.description = description }
    init(notFinite parameter: Parameter) { description = "the gradient of \(parameter.name) is not finite" }
}

/// Flips a bit in every so-manyth gradient, as a faulty processor would: with this, tests see that it is found.
struct Corruption {
    let every: Int
    private var computed = 0

    init(every: Int) { self.every = every }

    /// Where the next gradient of `count` floats is to be wrong, if it is.
    mutating func next(count: Int) -> Int? {
        computed += 1
        return computed.isMultiple(of: every) ? computed * 7919 % count : nil
    }

    static func flip(_ victim: UnsafeMutablePointer<Float>) {
        victim.pointee = Float(bitPattern: victim.pointee.bitPattern ^ 1 << 20)
    }
}

extension ParameterLayout {
    /// Throws if a tensor has an infinite or undefined gradient within a range.
    fileprivate func checkFinite(_ gradient: UnsafePointer<Float>, _ range: Range<Int>) throws {
        func isFinite(_ part: Range<Int>) -> Bool {
            areFinite(UnsafeBufferPointer(start: gradient + part.lowerBound, count: part.count))
        }
        guard !isFinite(range) else { return }
        throw ShardProblem(notFinite: parameters.first { !isFinite($0.range.clamped(to: range)) } ?? parameters[0])
    }
}
