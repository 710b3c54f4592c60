import ClusterLogic
import Foundation
import Kernels
import Messages
import Parameters

/// Passes over a server's rows of the factored kernel, for all shards that wait at one time together.
///
/// The kernel comes from memory, and reading it is what costs. So threads go round and round through its blocks of rows, and
/// a product that is asked for joins them wherever they are: each block is read once for all that still need it. A
/// product's bits depend on neither, for each block is a sum of its own, and these are added in a fixed tree.
final class KernelPasses: @unchecked Sendable {
    // Sendable: the condition guards the state; a product's numbers are written by whoever has the block.

    /// A product for one shard.
    final class Product: @unchecked Sendable {
        let id: ShardAttempt
        let samples: Int
        let x: FloatFrame
        /// D, for D W^T; nil for X W.
        let d: FloatFrame?
        /// Block by block the sums `[blocks, samples, width]`; or D W^T, `[samples, rows]`.
        let result: FloatBuffer
        fileprivate var toBegin = 0
        fileprivate var toEnd = 0

        init(_ id: ShardAttempt, samples: Int, x: FloatFrame, d: FloatFrame?, result: FloatBuffer) {
            self.id = id
            self.samples = samples
            self.x = x
            self.d = d
            self.result = result
        }
    }

    let dense: FactoredDense
    private let slice: SlicedSum.Slice
    /// Whoever waits is a thread of this machine, whose core is idle meanwhile: more threads than that would take cores from
    /// others that compute.
    private let isAmongLanes: Bool
    private let finished: Mailbox<Product>
    private let condition = NSCondition()
    private var kernel: UnsafePointer<Float>?
    private var products: [Product] = []
    private var nextBlock = 0
    private var busy = 0
    private var hasEnded = false

    /// `dense` has the server's rows; `slice` are their blocks.
    init(
        _ dense: FactoredDense, _ slice: SlicedSum.Slice, threads: Int, isAmongLanes: Bool, finished: Mailbox<Product>
    ) {
        self.dense = dense
        self.isAmongLanes = isAmongLanes
        self.finished = finished
        self.slice = slice
        for thread in 0..<threads { Wire.startThread(named: "rows-\(thread)") { [self] in run() } }
    }

    /// Computes with this kernel, which stays as it is until `stop`.
    func start(_ kernel: UnsafePointer<Float>) {
        condition.withLock { self.kernel = kernel }
    }

    func add(_ product: Product) {
        condition.withLock {
            (product.toBegin, product.toEnd) = (dense.blocks, dense.blocks)
            products.append(product)
            condition.broadcast()
        }
    }

    /// Forgets what is not finished. When it returns, nobody reads the kernel.
    func stop() {
        condition.withLock {
            products = []
            while busy > 0 { condition.wait() }
            kernel = nil
        }
    }

    /// Ends the threads.
    func end() {
        stop()
        condition.withLock {
            hasEnded = true
            condition.broadcast()
        }
    }

    private func run() {
        var scratch = FloatBuffer(count: 0)
        condition.lock()
        defer { condition.unlock() }
        while !hasEnded {
            guard let kernel, products.contains(where: { $0.toBegin > 0 }), !isAmongLanes || busy < products.count
            else {
                condition.wait()
                continue
            }
            let block = nextBlock
            nextBlock = (nextBlock + 1) % dense.blocks
            let group = products.filter { $0.toBegin > 0 }
            for product in group { product.toBegin -= 1 }
            busy += 1
            condition.unlock()
            compute(group, block, kernel, &scratch)
            condition.lock()
            busy -= 1
            if busy == 0 { condition.broadcast() }
            for product in group {
                product.toEnd -= 1
                guard product.toEnd == 0, let index = products.firstIndex(where: { $0 === product }) else { continue }
                products.remove(at: index)
                finish(product)
            }
        }
    }

    private func compute(
        _ group: [Product], _ block: Int, _ kernel: UnsafePointer<Float>, _ scratch: inout FloatBuffer
    ) {
        let width = dense.width
        let forward = group.filter { $0.d == nil }
        let count = forward.reduce(0) { $0 + $1.samples }
        if count > 0 {
            if scratch.count < count * width { scratch = FloatBuffer(count: count * width) }
            let samples = forward.flatMap { dense.samples($0.samples, x: $0.x.base) }
            dense.forward(samples, block: block, kernel: kernel, sums: scratch.base)
            var done = 0
            for product in forward {
                let size = product.samples * width
                (product.result.base + block * size).update(from: scratch.base + done, count: size)
                done += size
            }
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
