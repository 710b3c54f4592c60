import ClusterLogic
import Dispatch
import Kernels
import Messages
import Optimization
import Parameters
import Synchronization
import Transport
import ZeroMQ

/// Parameters: all of them, or a part of the flat buffer.
struct ParameterState {
    var parameters: FloatBuffer
    /// The optimizer's, in the same layout; nil without momentum.
    var velocity: FloatBuffer?
}

/// The part of the parameters that a server holds: it adds the shards' gradients in the fixed tree and takes the step.
package final class ParameterPart {
    let layout: ParameterLayout
    let range: Range<Int>
    private let optimizer: SGD
    private let totalSteps: UInt64
    private(set) var state: ParameterState
    private var spare: FloatBuffer?
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

    /// What was pushed of a shard of the running step that counts.
    func pushed(shard: Int) -> PushedShard? { pushes[shard] }

    /// Forgets what was pushed.
    func forget() { (pushes, sums) = ([:], [:]) }

    /// Keeps a push that counts: of a shard, or of a sub-tree's shards in order and the sum of their gradients, in
    /// pieces. Carries out the additions that it makes possible.
    func keep(_ shards: [PushedShard], gradient: [FloatFrame], adding merges: [ReductionTree.Merge]) throws {
        for shard in shards {
            // Of equal results the first is the one that counts.
            if pushes[shard.id.shard] == nil { pushes[shard.id.shard] = shard }
            sums[shard.id.shard] = nil
        }
        sums[shards[0].id.shard] = .received(gradient)
        for merge in merges { try add(merge) }
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

    /// The name of a parameter whose gradient's sum, of all shards, has an infinite or undefined number; nil if none
    /// has. The gradients of single shards are finite, but their sum may overflow: at a worker, or here.
    func overflow() -> String? {
        let sum = sums[0]!
        let bad = Mutex<Int?>(nil)
        DispatchQueue.concurrentPerform(iterations: places.count) { [places, pieces] index in
            nonisolated(unsafe) let piece = sum.piece(index, at: places[index])
            guard !areFinite(UnsafeBufferPointer(start: piece, count: pieces[places[index]]!)) else { return }
            bad.withLock { $0 = min($0 ?? index, index) }
        }
        guard let index = bad.withLock({ $0 }) else { return nil }
        let (place, floats) = (places[index], sum.piece(index, at: places[index]))
        let wrong = (0..<pieces[place]!).first { !floats[$0].isFinite }!
        return layout.parameters.first { $0.range.contains(range.lowerBound + place + wrong) }?.name
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

    /// What came of a step.
    struct Applied {
        /// Those that it was taken from.
        let pushes: [ShardAttempt]
        /// The factored kernel's step, for whoever passes over its rows to take.
        let kernelStep: KernelPasses.Step?
        /// Are the new parameters finite, those of the factored kernel apart?
        let isFinite: Bool
    }

    /// Takes the step that all shards are there for; if wanted and possible, all but that of the factored kernel.
    ///
    /// The old parameters may still be on their way to somebody; then the new ones get a buffer of their own.
    func apply(_ number: UInt64, leavingKernel: Bool) throws -> Applied {
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
        let isFinite = update.apply(
            to: state.parameters, gradient: gradient.base, factors: left == nil ? factors : nil,
            velocity: state.velocity, into: updated)
        if updated !== state.parameters { spare = state.parameters }
        state.parameters = updated
        forget()
        return Applied(pushes: shards.map(\.id), kernelStep: left, isFinite: isFinite)
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
