import ClusterLogic
import Foundation
import Kernels
import Messages
import Parameters
import Testing

@testable import ClusterRuntime

/// Passes over a kernel, and what has come out of them by the shard that asked.
private struct Bench {
    let factored: FactoredKernel
    let passes: KernelPasses
    let blocks: Int
    private let wakeup = Wakeup()
    private let finished: Mailbox<KernelPasses.Product>

    init(_ factored: FactoredKernel, threads: Int, isAmongLanes: Bool = false) {
        self.factored = factored
        let dense = FactoredDense(depth: factored.rows, width: factored.width)
        blocks = dense.blocks
        finished = Mailbox(waking: wakeup)
        passes = KernelPasses(
            dense, .init(0..<blocks, of: blocks), threads: threads, isAmongLanes: isAmongLanes, finished: finished)
    }

    func product(_ shard: Int, isTransposed: Bool) -> KernelPasses.Product {
        let (one, width) = (factored.shards[shard], factored.width)
        return .init(
            ShardAttempt(round: isTransposed ? 1 : 0, shard: shard, attempt: 0), samples: one.samples,
            x: FloatFrame(one.x), d: isTransposed ? FloatFrame(one.d) : nil,
            result: FloatBuffer(count: one.samples * (isTransposed ? factored.rows : blocks * width)))
    }

    /// Waits for so many; by round and shard.
    func take(_ count: Int) async throws -> [[Int]: [Float]] {
        var results: [[Int]: [Float]] = [:]
        while results.count < count {
            for product in finished.takeAll() {
                let one = factored.shards[product.id.shard]
                let floats = product.d == nil ? one.samples * factored.width : product.result.count
                results[[Int(product.id.round), product.id.shard]] = Array(product.result.floats[..<floats])
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        return results
    }

    func takeWhatIsThere() -> Int { finished.takeAll().count }
}

/// Every product of every shard, one after the other.
private func alone(_ factored: FactoredKernel) async throws -> [[Int]: [Float]] {
    let bench = Bench(factored, threads: 1)
    defer { bench.passes.end() }
    bench.passes.start(factored.kernel)
    var results: [[Int]: [Float]] = [:]
    for isTransposed in [false, true] {
        for shard in factored.shards.indices {
            bench.passes.add(bench.product(shard, isTransposed: isTransposed))
            results.merge(try await bench.take(1)) { $1 }
        }
    }
    return results
}

@Test(.timeLimit(.minutes(1))) func productsAreThoseOfTheDefinition() async throws {
    let factored = FactoredKernel()
    let results = try await alone(factored)
    for (index, shard) in factored.shards.enumerated() {
        #expect(try relativeError(#require(results[[0, index]]), factored.product(shard)) < 1e-6)
        #expect(try relativeError(#require(results[[1, index]]), factored.transposedProduct(shard)) < 1e-6)
    }
}

@Test(.timeLimit(.minutes(1)), arguments: [(1, false), (3, false), (3, true)])
func aProductHasTheSameBitsWhateverElseIsAskedFor(threads: Int, isAmongLanes: Bool) async throws {
    let factored = FactoredKernel()
    let expected = try await alone(factored)
    let bench = Bench(factored, threads: threads, isAmongLanes: isAmongLanes)
    defer { bench.passes.end() }
    for _ in 0..<20 {
        let products = [false, true].flatMap { isTransposed in
            factored.shards.indices.map { bench.product($0, isTransposed: isTransposed) }
        }.shuffled()
        // Half of them wait already, and the others join them on the way.
        for product in products[..<3] { bench.passes.add(product) }
        bench.passes.start(factored.kernel)
        for product in products[3...] { bench.passes.add(product) }
        let results = try await bench.take(products.count)
        #expect(results == expected)
        bench.passes.stop()
    }
}

@Test(.timeLimit(.minutes(1))) func whatIsStoppedNeverFinishes() async throws {
    let factored = FactoredKernel()
    let bench = Bench(factored, threads: 2)
    defer { bench.passes.end() }
    bench.passes.add(bench.product(0, isTransposed: false))
    bench.passes.stop()
    bench.passes.start(factored.kernel)
    bench.passes.add(bench.product(1, isTransposed: false))
    let results = try await bench.take(1)
    #expect(Array(results.keys) == [[0, 1]])
    bench.passes.stop()
    // Between two kernels nothing is computed.
    bench.passes.add(bench.product(2, isTransposed: false))
    try await Task.sleep(for: .milliseconds(50))
    #expect(bench.takeWhatIsThere() == 0)
}
