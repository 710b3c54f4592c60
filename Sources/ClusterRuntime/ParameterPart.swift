import ClusterLogic
import Dispatch
import Kernels
import Messages
import Optimization
import Parameters
import ZeroMQ

/// The parameters after a number of steps: all of them, or a part of the flat buffer.
public struct ParameterState: Sendable {
    /// Steps applied.
    public var version: UInt64
    public var parameters: FloatBuffer
    /// The optimizer's, in the same layout; nil without momentum.
    public var velocity: FloatBuffer?

    public init(version: UInt64, parameters: FloatBuffer, velocity: FloatBuffer?) {
        self.version = version
        self.parameters = parameters
        self.velocity = velocity
    }
}

/// The part of the parameters that a server holds: it adds the shards' gradients in the fixed tree and takes the step.
final class ParameterPart {
    let layout: ParameterLayout
    let range: Range<Int>
    private let optimizer: SGD
    private let totalSteps: UInt64
    private(set) var state: ParameterState
    private var spare: FloatBuffer?
    /// The step that is collected, and the next one once it is announced.
    private var rounds: [UInt64: Round] = [:]
    /// The pushes of the step that is collected, by shard. The sum of a complete sub-tree is at its first shard.
    private var pushes: [Int: PushedShard] = [:]
    private var sums: BufferPool

    /// A shard's push as far as it concerns this part.
    struct PushedShard {
        let id: ShardAttempt
        let result: Header.TrainingResult
        let digest: UInt64
        fileprivate(set) var sum: Sum
        let x: FloatFrame
        let d: FloatFrame

        init(
            id: ShardAttempt, result: Header.TrainingResult, digest: UInt64, gradient: FloatFrame, x: FloatFrame,
            d: FloatFrame
        ) {
            self.id = id
            self.result = result
            self.digest = digest
            sum = .received(gradient)
            self.x = x
            self.d = d
        }
    }

    enum Sum {
        case received(FloatFrame)
        case added(FloatBuffer)
        case taken  // By the sum of a larger sub-tree.
    }

    init(layout: ParameterLayout, range: Range<Int>, optimizer: SGD, totalSteps: UInt64, state: ParameterState) {
        precondition(state.parameters.count == range.count, "\(state.parameters.count) floats for \(range)")
        self.layout = layout
        self.range = range
        self.optimizer = optimizer
        self.totalSteps = totalSteps
        self.state = state
        sums = BufferPool(count: range.clamped(to: 0..<layout.gradientCount).count)
    }

    /// Floats of a push: the gradient's, those of a sample's x, those of its d.
    var pushCounts: (gradient: Int, x: Int, d: Int) {
        let rows = layout.rows(in: range).count
        return (sums.count, rows, rows > 0 ? layout.factored!.shape[1] : 0)
    }

    /// Collects the shards of a step; with a later first attempt it begins anew, and what was said before changes nothing.
    /// Returns the pushes that are forgotten.
    func open(_ number: UInt64, shards: Int, firstAttempt: Int) -> [ShardAttempt] {
        guard number >= state.version, rounds[number]?.firstAttempt != firstAttempt else { return [] }
        rounds[number] = Round(number: number, shards: shards, firstAttempt: firstAttempt)
        guard number == state.version else { return [] }
        defer { pushes = [:] }
        return pushes.values.map(\.id)
    }

    /// The push of a shard of the running step that counts.
    func counting(shard: Int) -> PushedShard? { pushes[shard] }

    /// What becomes of a push.
    func receive(_ push: PushedShard) throws -> Round.Reception {
        guard var round = rounds[state.version] else { return .ignore(reason: "no step is collected") }
        let reception = round.receive(push.id)
        rounds[state.version] = round
        guard case .accept(let merges) = reception else { return reception }
        pushes[push.id.shard] = push
        for merge in merges { try add(merge) }
        return reception
    }

    private func add(_ merge: ReductionTree.Merge) throws {
        let part = pushes[merge.from]!.sum
        switch pushes[merge.into]!.sum {
        case .added(let sum): Self.inBlocks(sums.count) { Kernels.add(part.base + $0, to: sum.base + $0, count: $1) }
        case .received(let frame):
            let sum = try sums.take()
            Self.inBlocks(sums.count) {
                Kernels.add(frame.base + $0, part.base + $0, into: sum.base + $0, count: $1)
            }
            pushes[merge.into]!.sum = .added(sum)
        case .taken: preconditionFailure("the sum of shard \(merge.into) was added already")
        }
        pushes[merge.from]!.sum = .taken
    }

    /// On all cores: each number's sum is the same.
    private static func inBlocks(_ count: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        let block = 1 << 18
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: (count + block - 1) / block) {
            body($0 * block, min(block, count - $0 * block))
        }
    }

    /// Are all shards there of a step, as it was opened last?
    func isComplete(_ number: UInt64, firstAttempt: Int) -> Bool {
        guard number == state.version, let round = rounds[number] else { return false }
        return round.firstAttempt == firstAttempt && round.isComplete
    }

    /// Parts of more than 2 GiB are never held twice: their step waits until nobody reads them any more.
    static func isTooLargeForTwo(_ floats: Int) -> Bool { floats > (2 << 30) / MemoryLayout<Float>.stride }

    /// Must the next step wait until the parameters as they are have been read?
    var isLent: Bool {
        guard Self.isTooLargeForTwo(range.count) else { return false }
        return !isKnownUniquelyReferenced(&state.parameters)
            || state.velocity != nil && !isKnownUniquelyReferenced(&state.velocity!)
    }

    /// Floats of the part as they are now, which stay so for as long as the frame is held.
    func floats(_ range: Range<Int>, ofVelocity: Bool) -> FloatFrame {
        guard ofVelocity, let velocity = state.velocity else { return FloatFrame(state.parameters, range) }
        // A step changes the velocity where it is.
        let frame = FloatFrame(velocity, range)
        return Self.isTooLargeForTwo(self.range.count) ? frame : FloatFrame(frame.copy())
    }

    /// Takes the step that all shards are there for, and returns the pushes that it was taken from; and, if wanted and
    /// possible, the factored kernel's step, for whoever passes over its rows to take.
    ///
    /// The old parameters may still be on their way to somebody; then the new ones get a buffer of their own.
    func apply(
        _ number: UInt64, leavingKernel: Bool
    ) throws -> (pushes: [ShardAttempt], kernelStep: KernelPasses.Step?) {
        precondition(
            number == state.version && rounds[number]?.isComplete == true,
            "step \(number) applied at version \(state.version)")
        let shards = pushes.keys.sorted().map { pushes[$0]! }
        let factors = shards.map { DenseFactors(samples: $0.result.samples, x: $0.x.base, d: $0.d.base) }
        let update = ParameterUpdate(
            layout: layout, optimizer: optimizer.at(step: number, of: totalSteps), range: range)
        let updated: FloatBuffer
        if isKnownUniquelyReferenced(&state.parameters) {
            updated = state.parameters
        } else if spare != nil && isKnownUniquelyReferenced(&spare!) {
            updated = spare!
        } else {
            updated =
                state.parameters.descriptor == nil
                ? FloatBuffer(count: range.count)
                : try FloatBuffer.shared(state.parameters.sharedCount, count: range.count)
        }
        var left: KernelPasses.Step?
        if leavingKernel, updated === state.parameters {
            left = update.factoredStep(of: updated, factors: factors, velocity: state.velocity).map {
                KernelPasses.Step(step: $0, factors: shards.flatMap { [$0.x, $0.d] })
            }
        }
        update.apply(
            to: state.parameters, gradient: shards[0].sum.base, factors: left == nil ? factors : nil,
            velocity: state.velocity, into: updated)
        if updated !== state.parameters { spare = state.parameters }
        state.parameters = updated
        state.version += 1
        rounds[number] = nil
        pushes = [:]
        return (shards.map(\.id), left)
    }
}

extension ParameterPart.Sum {
    fileprivate var base: UnsafePointer<Float> {
        switch self {
        case .received(let frame): frame.base
        case .added(let buffer): UnsafePointer(buffer.base)
        case .taken: preconditionFailure("this sum was added to another")
        }
    }
}
