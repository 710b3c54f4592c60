import ClusterLogic
import Dispatch
import Kernels
import Messages
import Optimization
import Parameters
import Transport
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
package final class ParameterPart {
    let layout: ParameterLayout
    let range: Range<Int>
    private let optimizer: SGD
    private let totalSteps: UInt64
    private(set) var state: ParameterState
    private var spare: FloatBuffer?
    /// The step that is collected, and the next one once it is announced.
    private var rounds: [UInt64: Round] = [:]
    /// The pushes of the step that is collected, by shard.
    private var pushes: [Int: PushedShard] = [:]
    /// The sums of complete sub-trees that wait for their neighbours, by their first shards.
    private var sums: [Int: Sum] = [:]
    private var buffers: BufferPool
    /// The pieces in which a shard's gradient comes: the floats of each, by its place in the part.
    let pieces: [Int: Int]
    private let places: [Int]

    /// What was pushed of a shard, as far as it concerns this part.
    struct PushedShard {
        let id: ShardAttempt
        let result: Header.TrainingResult
        let digest: UInt64
        let x: FloatFrame
        let d: FloatFrame
    }

    fileprivate enum Sum {
        /// In pieces.
        case received([FloatFrame])
        case added(FloatBuffer)
    }

    init(layout: ParameterLayout, range: Range<Int>, optimizer: SGD, totalSteps: UInt64, state: ParameterState) {
        precondition(state.parameters.count == range.count, "\(state.parameters.count) floats for \(range)")
        self.layout = layout
        self.range = range
        self.optimizer = optimizer
        self.totalSteps = totalSteps
        self.state = state
        let gradient = range.clamped(to: 0..<layout.gradientCount)
        buffers = BufferPool(count: gradient.count)
        pieces = Dictionary(
            uniqueKeysWithValues: GradientPieces.ranges(in: gradient).map {
                ($0.lowerBound - range.lowerBound, $0.count)
            })
        places = pieces.keys.sorted()
    }

    /// Floats of a push: those of a sample's x, those of its d.
    var pushCounts: (x: Int, d: Int) {
        let rows = layout.rows(in: range).count
        return (rows, rows > 0 ? layout.factored!.shape[1] : 0)
    }

    /// Collects the shards of a step; with a later first attempt it begins anew, and what was said before changes
    /// nothing. Returns the pushes that are forgotten.
    func open(_ number: UInt64, shards: Int, firstAttempt: Int) -> [ShardAttempt] {
        guard number >= state.version, rounds[number]?.firstAttempt != firstAttempt else { return [] }
        rounds[number] = Round(number: number, shards: shards, firstAttempt: firstAttempt)
        guard number == state.version else { return [] }
        defer { (pushes, sums) = ([:], [:]) }
        return pushes.values.map(\.id)
    }

    /// The push of a shard of the running step that counts.
    func counting(shard: Int) -> PushedShard? { pushes[shard] }

    /// What becomes of a push: of a shard, or of a sub-tree's shards in order and the sum of their gradients, in
    /// pieces.
    func receive(_ shards: [PushedShard], gradient: [FloatFrame]) throws -> Round.Reception {
        guard var round = rounds[state.version] else { return .ignore(reason: "no step is collected") }
        let digests = Dictionary(uniqueKeysWithValues: shards.map { ($0.id.shard, $0.digest) })
        let reception = round.receive(shards.map(\.id)) { pushes[$0.shard]?.digest == digests[$0.shard] }
        rounds[state.version] = round
        guard case .accept(let merges) = reception else { return reception }
        for shard in shards {
            // Of equal results the first is the one that counts.
            if pushes[shard.id.shard] == nil { pushes[shard.id.shard] = shard }
            sums[shard.id.shard] = nil
        }
        sums[shards[0].id.shard] = .received(gradient)
        for merge in merges { try add(merge) }
        return reception
    }

    /// On all cores: each number's sum is the same.
    private func add(_ merge: ReductionTree.Merge) throws {
        let part = sums.removeValue(forKey: merge.from)!
        let into = sums[merge.into]!
        let sum = if case .added(let sum) = into { sum } else { try buffers.take() }
        nonisolated(unsafe) let target = sum.base
        DispatchQueue.concurrentPerform(iterations: places.count) { [places, pieces] index in
            let place = places[index]
            // Where the target is the left one, each number is read before it is written.
            Kernels.add(
                into.piece(index, at: place), part.piece(index, at: place), into: target + place,
                count: pieces[place]!)
        }
        sums[merge.into] = .added(sum)
    }

    /// May the gradient of this attempt count, once it is here?
    func expects(_ id: ShardAttempt) -> Bool { rounds[id.round]?.mayCount(id) == true }

    /// How many attempts at a step's shards may be on their way at once.
    var mostAttempts: Int { 16 + 4 * rounds.values.reduce(0) { $0 + $1.shardCount } }

    /// Are all shards there of a step, as it was opened last?
    func isComplete(_ number: UInt64, firstAttempt: Int) -> Bool {
        guard number == state.version, let round = rounds[number] else { return false }
        return round.firstAttempt == firstAttempt && round.isComplete
    }

    /// Parts of more than 2 GiB are never held twice: their step waits until nobody reads them any more.
    package static func isTooLargeForTwo(_ floats: Int) -> Bool { floats > (2 << 30) / MemoryLayout<Float>.stride }

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
        let gradient = try whole(sums[0]!)
        update.apply(
            to: state.parameters, gradient: gradient.base, factors: left == nil ? factors : nil,
            velocity: state.velocity, into: updated)
        if updated !== state.parameters { spare = state.parameters }
        state.parameters = updated
        state.version += 1
        rounds[number] = nil
        (pushes, sums) = ([:], [:])
        return (shards.map(\.id), left)
    }
}

extension ParameterPart {
    /// A sum in one piece.
    private func whole(_ sum: Sum) throws -> FloatBuffer {
        if case .added(let buffer) = sum { return buffer }
        let buffer = try buffers.take()
        for (index, place) in places.enumerated() {
            (buffer.base + place).update(from: sum.piece(index, at: place), count: pieces[place]!)
        }
        return buffer
    }
}

extension ParameterPart.Sum {
    /// A piece, by its number and its place in the part.
    fileprivate func piece(_ index: Int, at place: Int) -> UnsafePointer<Float> {
        switch self {
        case .received(let pieces): pieces[index].base
        case .added(let buffer): UnsafePointer(buffer.base + place)
        }
    }
}
