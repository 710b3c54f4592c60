import AttentionUNet
import Messages
import Parameters
import TensorCore
import Training
import ZeroMQ

/// Computes tasks of a lane, on the lane's own thread: from messages to messages.
final class ShardComputation {
    private let configuration: WorkerConfiguration
    private let computation: LaneComputation
    /// The products with the first dense layer's kernel, where the servers compute them.
    private let products: RemoteProducts?
    private var outgoing: [Int: BufferPool] = [:]
    private var corruption: Corruption?

    /// Products that the lane needs are asked for by `ask`.
    init(
        _ configuration: WorkerConfiguration, corruptEvery: Int?, ask: @escaping (ProductRequest) -> Void
    ) throws {
        self.configuration = configuration
        corruption = corruptEvery.map { Corruption(every: $0) }
        computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics)
        products =
            configuration.densePlacement == .worker
            ? nil : RemoteProducts(layout: computation.layout, sharesMemory: configuration.sharesMemory, ask: ask)
        computation.factoredProducts = products
    }

    func compute(_ task: LaneTask) throws -> LaneAnswer.Content {
        let assignment = task.assignment
        let samples = assignment.samples.count
        let shape = computation.network.shape(of: computation.network.input)
        guard samples > 0, assignment.roundSamples >= samples, task.tensors.count == 2,
            let images = FloatFrame(task.tensors[0], count: samples * shape.count),
            task.parameters.count == (products == nil ? computation.layout.count : computation.layout.gradientCount)
        else { return .failure("the assignment does not fit the model") }
        products?.begin(task)
        do {
            if assignment.kind == .score {
                return try score(assignment, images, task.parameters, version: task.version)
            }
            let labels = try Self.labels(task.tensors[1], count: samples, classes: computation.network.classes)
            let (result, pushes) = try train(task, images, labels)
            return assignment.kind == .audit ? .audited(pushes.map(\.digest)) : .pushes(result, pushes)
        } catch is LaneComputation.GivenUp {
            return .givenUp
        } catch let problem as ShardProblem {
            return .failure(problem.description)
        }
    }

    private func train(
        _ task: LaneTask, _ images: FloatFrame, _ labels: [Int32]
    ) throws -> (Header.TrainingResult, [LaneAnswer.Push]) {
        let assignment = task.assignment
        let samples = assignment.samples.count
        let layout = computation.layout
        let (depth, width) = (layout.factored!.shape[0], layout.factored!.shape[1])
        // Where the servers multiply, they have the factors already.
        let count = layout.gradientCount + (products == nil ? samples * (depth + width) : 0)
        // Only a single server can find all it needs behind each other.
        let isShared = configuration.sharesMemory && task.ranges.count == 1
        let buffer = try outgoing[samples, default: BufferPool(count: count, isShared: isShared)].take()
        let (outcome, factors) = try labels.withUnsafeBufferPointer { labels in
            try computation.train(
                ShardInput(
                    samples: samples, images: images.base, labels: labels.baseAddress!,
                    stepSamples: assignment.roundSamples,
                    dropout: Dropout(
                        seed: configuration.seed, step: UInt32(truncatingIfNeeded: assignment.id.round),
                        samples: assignment.samples)),
                parameters: task.parameters.base, version: task.version, gradients: buffer.base)
        }
        corruption?.strike(buffer, count: layout.gradientCount)
        if let name = layout.firstNonFinite(in: buffer.base, factors: [factors.x, factors.d]) {
            throw ShardProblem(description: "the gradient of \(name) is not finite")
        }
        let result = Header.TrainingResult(samples: samples, correct: outcome.correct, lossSum: outcome.lossSum)
        let gradients = task.ranges.map { FloatFrame(buffer, $0.clamped(to: 0..<layout.gradientCount)) }
        if let products {
            let none = FloatFrame(buffer, 0..<0).digest
            return (
                result,
                task.ranges.indices.map { server in
                    let hasRows = !layout.rows(in: task.ranges[server]).isEmpty
                    let digest = result.digest(
                        gradient: gradients[server], x: products.xDigests[server], d: hasRows ? products.dDigest : none)
                    return LaneAnswer.Push(
                        digest: digest, floats: [gradients[server]], lent: products.lent, memory: buffer.memory)
                }
            )
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
        let pushes = zip(gradients, x).map { gradient, x in
            let d = FloatFrame(buffer, end..<(x.count > 0 ? end + samples * width : end))
            return LaneAnswer.Push(
                digest: result.digest(gradient: gradient, x: x.digest, d: d.digest), floats: [gradient, x, d],
                lent: nil,
                memory: buffer.memory)
        }
        return (result, pushes)
    }

    private func score(
        _ assignment: Header.Assignment, _ images: FloatFrame, _ parameters: FloatFrame, version: UInt64
    ) throws -> LaneAnswer.Content {
        let probabilities = try computation.score(
            samples: assignment.samples.count, images: images.base, parameters: parameters.base,
            version: version
        ) { row in
            guard row.allSatisfy(\.isFinite) else {
                throw ShardProblem(description: "the probabilities of a sample are not finite")
            }
            return try Message(UnsafeRawBufferPointer(row))
        }
        return .scores(probabilities)
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
}

/// Flips a bit in every so-manyth gradient, as a faulty processor would: with this, tests see that it is found.
struct Corruption {
    let every: Int
    private var computed = 0

    init(every: Int) { self.every = every }

    mutating func strike(_ gradient: FloatBuffer, count: Int) {
        computed += 1
        guard computed.isMultiple(of: every) else { return }
        let victim = gradient.base + computed * 7919 % count
        victim.pointee = Float(bitPattern: victim.pointee.bitPattern ^ 1 << 20)
    }
}

extension ParameterLayout {
    /// The first tensor with an infinite or undefined gradient; `factors` are the factored kernel's.
    fileprivate func firstNonFinite(
        in gradient: UnsafePointer<Float>, factors: [UnsafeBufferPointer<Float>]
    ) -> String? {
        // Without its sign, a number's bits grow with it, and those of infinity are the first that are not finite. The
        // largest of whole numbers is found in vector registers, unlike a sum of floats, which has an order.
        func isFinite(_ floats: UnsafePointer<Float>, _ range: Range<Int>) -> Bool {
            var largest: UInt32 = 0
            for i in range { largest = max(largest, floats[i].magnitude.bitPattern) }
            return largest < Float.infinity.bitPattern
        }
        if isFinite(gradient, 0..<gradientCount) && factors.allSatisfy({ isFinite($0.baseAddress!, 0..<$0.count) }) {
            return nil
        }
        return parameters.first { $0.role == .factored || !isFinite(gradient, $0.range) }?.name
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
