import AttentionUNet
import Messages
import Parameters
import TensorCore
import Training
import ZeroMQ

/// What the coordinator sends to every worker: all that decides a shard's bits beside its own inputs.
struct WorkerConfiguration: Codable, Sendable {
    let run: UInt64
    let seed: UInt64
    let model: ModelSettings
    let numerics: NumericsSettings
}

/// A computing thread of a worker.
///
/// It takes assignments from its socket one by one, `[header, images, labels, parameters]`, and answers each with the
/// message to send on: a push, scores, or a failure. It never waits for anything but the next assignment.
final class Lane {
    private let configuration: WorkerConfiguration
    private let computation: LaneComputation
    private let socket: Socket
    private var outgoing: [Int: BufferPool] = [:]

    /// To be made on the lane's own thread.
    init(configuration: WorkerConfiguration, socket: consuming Socket) throws {
        self.configuration = configuration
        self.socket = socket
        computation = try LaneComputation(
            network: .attentionUNet(configuration.model), numerics: configuration.numerics)
    }

    /// Computes until it is told to stop.
    func work() throws {
        while true {
            guard try socket.isReadable(within: .seconds(3600)), let envelope = try socket.receiveEnvelope() else {
                continue
            }
            switch envelope.header {
            case .assignment(let assignment):
                do {
                    try compute(assignment, envelope)
                } catch let problem as ShardProblem {
                    try socket.send(.failure(assignment.id, reason: problem.description), run: envelope.run)
                }
            case .stop: return
            default: preconditionFailure("a lane was sent \(envelope.header)")
            }
        }
    }

    private func compute(_ assignment: Header.Assignment, _ envelope: Envelope) throws {
        let samples = assignment.samples.count
        let shape = computation.network.shape(of: computation.network.input)
        let tensors = envelope.tensors
        guard samples > 0, assignment.roundSamples >= samples, tensors.count == 3,
            let images = FloatFrame(tensors[0], count: samples * shape.count),
            let parameters = FloatFrame(tensors[2], count: computation.layout.count)
        else { throw ShardProblem(description: "the assignment does not fit the model") }
        switch assignment.kind {
        case .train:
            let labels = try Self.labels(tensors[1], count: samples, classes: computation.network.classes)
            try train(assignment, images, labels, parameters, run: envelope.run)
        case .score: try score(assignment, images, parameters, run: envelope.run)
        }
    }

    private func train(
        _ assignment: Header.Assignment, _ images: FloatFrame, _ labels: [Int32], _ parameters: FloatFrame,
        run: UInt64
    ) throws {
        let began = ContinuousClock.now
        let samples = assignment.samples.count
        let layout = computation.layout
        let factored = layout.factored!
        let ends = [
            layout.gradientCount, layout.gradientCount + samples * factored.shape[0],
            layout.gradientCount + samples * (factored.shape[0] + factored.shape[1]),
        ]
        let buffer = outgoing[samples, default: BufferPool(count: ends[2])].take()
        let (outcome, factors) = try labels.withUnsafeBufferPointer { labels in
            try computation.train(
                ShardInput(
                    samples: samples, images: images.base, labels: labels.baseAddress!,
                    stepSamples: assignment.roundSamples,
                    dropout: Dropout(
                        seed: configuration.seed, step: UInt32(truncatingIfNeeded: assignment.id.round),
                        samples: assignment.samples)),
                parameters: parameters.base, version: assignment.version, gradients: buffer.base)
        }
        (buffer.base + ends[0]).update(from: factors.x.baseAddress!, count: factors.x.count)
        (buffer.base + ends[1]).update(from: factors.d.baseAddress!, count: factors.d.count)
        if let name = layout.firstNonFinite(in: buffer, factors: ends[0]..<ends[2]) {
            throw ShardProblem(description: "the gradient of \(name) is not finite")
        }
        let result = Header.TrainingResult(
            samples: samples, correct: outcome.correct, lossSum: outcome.lossSum,
            seconds: began.duration(to: .now).seconds)
        try socket.send(
            .push(assignment.id, result), run: run,
            tensors: [
                try buffer.frame(0..<ends[0]), try buffer.frame(ends[0]..<ends[1]), try buffer.frame(ends[1]..<ends[2]),
            ])
    }

    private func score(
        _ assignment: Header.Assignment, _ images: FloatFrame, _ parameters: FloatFrame, run: UInt64
    ) throws {
        let began = ContinuousClock.now
        let probabilities = try computation.score(
            samples: assignment.samples.count, images: images.base, parameters: parameters.base,
            version: assignment.version
        ) { row in
            guard row.allSatisfy(\.isFinite) else {
                throw ShardProblem(description: "the probabilities of a sample are not finite")
            }
            return try Message(UnsafeRawBufferPointer(row))
        }
        try socket.send(
            .scores(assignment.id, seconds: began.duration(to: .now).seconds), run: run, tensors: [probabilities])
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

extension ParameterLayout {
    /// The first tensor with an infinite or undefined gradient; `factors` are the factored kernel's.
    fileprivate func firstNonFinite(in buffer: FloatBuffer, factors: Range<Int>) -> String? {
        // Without its sign, a number's bits grow with it, and those of infinity are the first that are not finite. The
        // largest of whole numbers is found in vector registers, unlike a sum of floats, which has an order.
        func isFinite(_ range: Range<Int>) -> Bool {
            var largest: UInt32 = 0
            for i in range { largest = max(largest, buffer.base[i].magnitude.bitPattern) }
            return largest < Float.infinity.bitPattern
        }
        if isFinite(0..<gradientCount) && isFinite(factors) { return nil }
        return parameters.first { $0.role == .factored || !isFinite($0.range) }?.name
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
