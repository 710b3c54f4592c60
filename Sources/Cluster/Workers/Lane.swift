import AttentionUNet
import Foundation
import Messages
import Parameters
import Programs
import Synchronization
import TensorCore
import Training
import Transport
import ZeroMQ

/// A shard to compute, with all it needs.
package struct LaneTask: Sendable {
    let assignment: Header.Assignment
    /// The run, and so the placement, that it belongs to.
    let run: UInt64
    /// Images, labels, and weights if the samples have any.
    let tensors: [Message]
    let parameters: ArrivingParameters
    /// The servers' parts of the parameters, each to get a push of its own.
    let ranges: [Range<Int>]

    package init(
        assignment: Header.Assignment, run: UInt64, tensors: [Message], parameters: ArrivingParameters,
        ranges: [Range<Int>]
    ) {
        (self.assignment, self.run, self.tensors, self.parameters, self.ranges) = (
            assignment, run, tensors, parameters, ranges
        )
    }
}

/// What a lane has computed.
package struct LaneAnswer: Sendable {
    package enum Content: Sendable {
        /// The lane waits for a product.
        case request(ProductRequest)
        /// A product was not to be had: the shard is another's, or nobody's any more.
        case givenUp
        /// A piece of a gradient that is still being computed.
        case piece(Piece)
        /// Shards whose gradients are sent as one sum, often a single shard; and for each parameter server the digest
        /// of what is sent of the sum.
        case pushes([Shard], gradients: [UInt64])
        /// The shard is part of a sum that waits for others.
        case added
        case audited([UInt64])
        case scores(Message)
        /// A result that must not be used.
        case failure(String)
        /// The lane itself has failed.
        case end(String)
    }

    package struct Piece: Sendable {
        package let server: Int
        /// In the server's part.
        package let first: Int
        package let floats: FloatFrame
        let digest: UInt64
    }

    /// What is said of a shard to each parameter server.
    package struct Shard: Sendable {
        let id: ShardAttempt
        package let result: Header.TrainingResult
        package let pushes: [Push]
    }

    package struct Push: Sendable {
        /// Of the shard's own gradient, and of all that it gave.
        package let gradient: UInt64
        package let digest: UInt64
        /// The gradient in shared memory; and x and d where the worker multiplies.
        package let floats: [FloatFrame]
        /// What the parameter server reads until it has taken the step, beside them.
        let lent: FloatFrame?
        /// Where they lie one behind the other, for those who can read it.
        let memory: Header.Memory?
    }

    let lane: Int
    let run: UInt64
    /// Of a piece: the attempt at the first shard of its sum.
    let id: ShardAttempt
    let content: Content
}

/// A computing thread of a worker: it takes tasks one by one and puts its answers into a mailbox.
final class Lane: Sendable {
    let index: Int
    private let next = Mutex<LaneTask?>(nil)
    private let given = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Gradients go by `sums`, if there are any.
    init(
        _ index: Int, _ configuration: WorkerConfiguration, corruptEvery: Int?, sums: GradientSums?,
        answers: Mailbox<LaneAnswer>
    ) {
        self.index = index
        Thread.start(named: "lane-\(index)") { [self] in
            defer { ended.signal() }
            do {
                let computation = try ShardComputation(
                    configuration, lane: "lane-\(index)", corruptEvery: corruptEvery,
                    ask: { answers.put(LaneAnswer(lane: index, run: $0.run, id: $0.id, content: .request($0))) },
                    send: { piece, task in
                        let id = task.assignment.id
                        guard let (id, piece) = sums.map({ $0.add(piece, of: id, run: task.run) }) ?? (id, piece) else {
                            return
                        }
                        answers.put(LaneAnswer(lane: index, run: task.run, id: id, content: .piece(piece)))
                    })
                while let task = take() {
                    let id = task.assignment.id
                    if task.assignment.kind == .train { sums?.begin(id, run: task.run) }
                    var content = try computation.compute(task)
                    if let sums, task.assignment.kind == .train {
                        if case .pushes(let shards, _) = content {
                            content = sums.finish(shards[0], run: task.run) ?? .added
                        } else {
                            sums.abandon(id, run: task.run)
                        }
                    }
                    answers.put(LaneAnswer(lane: index, run: task.run, id: id, content: content))
                }
            } catch {
                let nothing = ShardAttempt(round: 0, shard: 0, attempt: 0)
                answers.put(LaneAnswer(lane: index, run: 0, id: nothing, content: .end("\(error)")))
            }
        }
    }

    func give(_ task: LaneTask) {
        next.withLock { $0 = task }
        given.signal()
    }

    /// Ends the thread after the shard it computes.
    func stop() { given.signal() }

    /// False if the thread has not ended by then.
    func join(within time: DispatchTimeInterval) -> Bool {
        guard ended.wait(timeout: .now() + time) == .success else { return false }
        ended.signal()
        return true
    }

    private func take() -> LaneTask? {
        given.wait()
        return next.withLock { task in
            defer { task = nil }
            return task
        }
    }
}
