import AttentionUNet
import Foundation
import Messages
import Parameters
import Synchronization
import TensorCore
import Training
import ZeroMQ

/// What the coordinator sends to every worker: all that decides a shard's bits beside its own inputs.
struct WorkerConfiguration: Codable, Hashable, Sendable {
    let seed: UInt64
    let model: ModelSettings
    let numerics: NumericsSettings
    /// Coordinator and workers are processes of this machine, and read each other's memory.
    let sharesMemory: Bool
    let densePlacement: DensePlacement
}

/// A shard to compute, with all it needs.
struct LaneTask: Sendable {
    let assignment: Header.Assignment
    /// The run, and so the placement, that it belongs to.
    let run: UInt64
    /// Images and labels.
    let tensors: [Message]
    let parameters: ArrivingParameters
    /// The servers' parts of the parameters, each to get a push of its own.
    let ranges: [Range<Int>]

    /// Tells these parameters from all that a lane has seen, those of other runs included: runs are numbered at random.
    var version: UInt64 { run &+ assignment.version }
}

/// What a lane has computed.
struct LaneAnswer: Sendable {
    enum Content: Sendable {
        /// The lane waits for a product.
        case request(ProductRequest)
        /// A product was not to be had: the shard is another's, or nobody's any more.
        case givenUp
        /// A piece of a gradient that is still being computed.
        case piece(Piece)
        /// A push for each parameter server.
        case pushes(Header.TrainingResult, [Push])
        case audited([UInt64])
        case scores(Message)
        /// A result that must not be used.
        case failure(String)
        /// The lane itself has failed.
        case end(String)
    }

    struct Piece: Sendable {
        let server: Int
        /// In the server's part.
        let first: Int
        let floats: FloatFrame
    }

    struct Push: Sendable {
        let digest: UInt64
        /// The gradient in shared memory; and x and d where the worker multiplies.
        let floats: [FloatFrame]
        /// What the parameter server reads until it has taken the step, beside them.
        let lent: FloatFrame?
        /// Where they lie one behind the other, for those who can read it.
        let memory: Header.Memory?
    }

    let lane: Int
    let run: UInt64
    let id: ShardAttempt
    let content: Content
}

/// A computing thread of a worker: it takes tasks one by one and puts its answers into a mailbox.
final class Lane: Sendable {
    let index: Int
    private let next = Mutex<LaneTask?>(nil)
    private let given = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(_ index: Int, _ configuration: WorkerConfiguration, corruptEvery: Int?, answers: Mailbox<LaneAnswer>) {
        self.index = index
        Wire.startThread(named: "lane-\(index)") { [self] in
            defer { ended.signal() }
            do {
                let computation = try ShardComputation(
                    configuration, lane: "lane-\(index)", corruptEvery: corruptEvery,
                    ask: { answers.put(LaneAnswer(lane: index, run: $0.run, id: $0.id, content: .request($0))) },
                    send: { piece, task in
                        answers.put(
                            LaneAnswer(lane: index, run: task.run, id: task.assignment.id, content: .piece(piece)))
                    })
                while let task = take() {
                    let content = try computation.compute(task)
                    answers.put(LaneAnswer(lane: index, run: task.run, id: task.assignment.id, content: content))
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
