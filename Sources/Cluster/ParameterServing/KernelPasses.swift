import ClusterLogic
import Foundation
import Kernels
import Messages
import Parameters
import Programs
import Transport

/// Passes over a server's rows of the factored kernel, for all shards that wait at one time together.
///
/// The kernel comes from memory, and reading it is what costs. So threads go round and round through its blocks of
/// rows, and a product that is asked for joins them wherever they are: each block is read once for all that still need
/// it. A product's bits depend on neither, for each block is a sum of its own, and these are added in a fixed tree.
///
/// Nor is the kernel read once more for its step: each block takes it when it is first needed.
final class KernelPasses: @unchecked Sendable {
    // Sendable: the condition guards the state; a product's numbers are written by whoever has the block.

    /// A product for one shard.
    ///
    /// `@unchecked Sendable`: what changes is guarded by the passes' condition. Each number of `result` is written by
    /// the one thread that has its block, and added or read only when `toEnd` has come to 0 under that condition, which
    /// orders memory.
    final class Product: @unchecked Sendable {
        let id: ShardAttempt
        let samples: Int
        let x: FloatFrame
        /// D, for D W^T; nil for X W.
        let d: FloatFrame?
        /// The core of the lane that waits for it, if that lane has one of its own in this machine.
        fileprivate(set) var core: Int?
        /// Block by block the sums `[blocks, samples, width]`; or D W^T, `[samples, rows]`.
        let result: FloatBuffer
        fileprivate var toBegin = 0
        fileprivate var toEnd = 0

        init(_ id: ShardAttempt, samples: Int, x: FloatFrame, d: FloatFrame?, core: Int?, result: FloatBuffer) {
            self.id = id
            self.samples = samples
            self.x = x
            self.d = d
            self.core = core
            self.result = result
        }
    }

    /// A step that the kernel has still to take, and the factors that it is taken from.
    struct Step {
        let step: FactoredStep
        let factors: [FloatFrame]
    }

    /// What a block must do before it is multiplied with.
    private enum Progress {
        case taken
        case waiting
        case inWork
    }

    let dense: FactoredDense
    private let slice: SlicedSum.Slice
    /// Whoever waits is a thread of this machine, whose core is idle meanwhile: others must not be taken from those
    /// that compute.
    private let isAmongLanes: Bool
    private let cores: Set<Int>
    private let finished: Mailbox<Product>
    private let condition = NSCondition()
    private var kernel: UnsafePointer<Float>?
    private var step: Step?
    private var progress: [Progress]
    /// Blocks that have not taken the step.
    private var left = 0
    private var products: [Product] = []
    private var nextBlock = 0
    private var busy = 0
    /// Does somebody wait for a block that is in work? Threads that are woken in vain take time from lanes.
    private var isAwaited = false
    private var hasEnded = false

    /// `dense` has the server's rows; `slice` are their blocks. There is a thread for each of the cores.
    init(
        _ dense: FactoredDense, _ slice: SlicedSum.Slice, cores: [Int], isAmongLanes: Bool, finished: Mailbox<Product>
    ) {
        self.dense = dense
        self.isAmongLanes = isAmongLanes
        self.cores = Set(cores)
        self.finished = finished
        self.slice = slice
        progress = Array(repeating: .taken, count: dense.blocks)
        for (index, core) in cores.enumerated() {
            Thread.start(named: "rows-\(index)") { [self] in run(on: core) }
        }
    }

    /// Computes with this kernel, which nobody else may touch until `stop`; with a step, with what it is after that.
    func start(_ kernel: UnsafePointer<Float>, after step: Step? = nil) {
        condition.withLock {
            self.kernel = kernel
            self.step = step
            if step != nil {
                progress = progress.map { _ in .waiting }
                left = progress.count
            }
            condition.broadcast()
        }
    }

    func add(_ product: Product) {
        condition.withLock {
            (product.toBegin, product.toEnd) = (dense.blocks, dense.blocks)
            if let core = product.core, !cores.contains(core) { product.core = nil }
            products.append(product)
            condition.broadcast()
        }
    }

    /// Is nothing needed any more of what the step was given?
    var hasTakenStep: Bool { condition.withLock { step == nil } }

    /// Forgets the products that are not finished. When it returns, the kernel has taken its step, and nobody reads it.
    func stop() {
        condition.withLock {
            products = []
            takeStepNow()
            kernel = nil
        }
    }

    /// When it returns, the kernel has taken its step.
    func takeStep() { condition.withLock { if step != nil { takeStepNow() } } }

    private func takeStepNow() {
        let current = kernel
        kernel = nil
        awaitThreads()
        if let step {
            nonisolated(unsafe) let step = step.step
            let blocks = progress.indices.filter { progress[$0] == .waiting }
            DispatchQueue.concurrentPerform(iterations: blocks.count) { dense.take(step, block: blocks[$0]) }
            for block in blocks { finishStep(of: block) }
        }
        kernel = current
        condition.broadcast()
    }

    /// Ends the threads, whatever is left to do.
    func end() {
        condition.withLock {
            (products, kernel) = ([], nil)
            // What a step is taken from must be there until nobody takes it any more.
            awaitThreads()
            step = nil
            hasEnded = true
            condition.broadcast()
        }
    }

    private func awaitThreads() {
        while busy > 0 {
            isAwaited = true
            condition.wait()
        }
    }

    private func run(on core: Int) {
        var scratch = FloatBuffer(count: 0)
        var isBound = false
        condition.lock()
        defer { condition.unlock() }
        while !hasEnded {
            guard let kernel, let block = blockToDo(on: core) else {
                condition.wait()
                continue
            }
            let group = products.filter { $0.toBegin > 0 }
            for product in group { product.toBegin -= 1 }
            let step = progress[block] == .waiting ? step?.step : nil
            if step != nil { progress[block] = .inWork }
            busy += 1
            // Else two threads may share one core while another is idle, for longer than a pass takes.
            let mustBind = !isBound && (!isAmongLanes || group.contains { $0.core == core })
            condition.unlock()
            if mustBind { Cores.bind(to: core) }
            isBound = isBound || mustBind
            compute(group, block, kernel, after: step, &scratch)
            condition.lock()
            busy -= 1
            if step != nil { finishStep(of: block) }
            if isAwaited {
                isAwaited = false
                condition.broadcast()
            }
            for product in group {
                product.toEnd -= 1
                guard product.toEnd == 0, let index = products.firstIndex(where: { $0 === product }) else { continue }
                products.remove(at: index)
                finish(product)
            }
        }
    }

    /// The block that a thread of this core should do next, if any.
    private func blockToDo(on core: Int) -> Int? {
        guard products.contains(where: { $0.toBegin > 0 }) else {
            return isAmongLanes || step == nil ? nil : progress.firstIndex(of: .waiting)
        }
        if isAmongLanes {
            guard products.contains(where: { $0.core == core }) || products.count(where: { $0.core == nil }) > busy
            else { return nil }
        }
        // Another thread has it, and it must have taken the step.
        guard progress[nextBlock] != .inWork else {
            isAwaited = true
            return nil
        }
        defer { nextBlock = (nextBlock + 1) % dense.blocks }
        return nextBlock
    }

    private func finishStep(of block: Int) {
        progress[block] = .taken
        left -= 1
        if left == 0 { step = nil }
    }

    private func compute(
        _ group: [Product], _ block: Int, _ kernel: UnsafePointer<Float>, after step: FactoredStep?,
        _ scratch: inout FloatBuffer
    ) {
        let width = dense.width
        let forward = group.filter { $0.d == nil }
        let count = forward.reduce(0) { $0 + $1.samples }
        if count > 0 {
            if scratch.count < count * width { scratch = FloatBuffer(count: count * width) }
            let samples = forward.flatMap { dense.samples($0.samples, x: $0.x.base) }
            dense.forward(samples, block: block, kernel: kernel, sums: scratch.base, after: step)
            var done = 0
            for product in forward {
                let size = product.samples * width
                (product.result.base + block * size).update(from: scratch.base + done, count: size)
                done += size
            }
        } else if let step {
            dense.take(step, block: block)
        }
        let backward = group.filter { $0.d != nil }
        if !backward.isEmpty {
            let samples = backward.flatMap {
                dense.samples($0.samples, x: $0.x.base, d: $0.d!.base, dx: $0.result.base)
            }
            dense.backwardData(samples, block: block, kernel: kernel)
        }
    }

    private func finish(_ product: Product) {
        if product.d == nil {
            let size = product.samples * dense.width
            let sums = product.result.base - slice.blocks.lowerBound * size
            for merge in slice.merges {
                Kernels.add(sums + merge.from * size, to: sums + merge.into * size, count: size)
            }
        }
        finished.put(product)
    }
}
