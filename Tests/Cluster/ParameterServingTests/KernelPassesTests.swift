import ClusterLogic
import Examples
import Foundation
import Kernels
import Messages
import Parameters
import Testing

@testable import ParameterServing
@testable import Programs
@testable import Transport

/// Passes over a kernel, and what has come out of them by the shard that asked.
private struct Bench {
    let factored: FactoredKernel
    let passes: KernelPasses
    let blocks: Int
    private let wakeup = try! Wakeup()
    private let finished: Mailbox<KernelPasses.Product>

    init(_ factored: FactoredKernel, cores: [Int], isAmongLanes: Bool = false) {
        self.factored = factored
        let dense = factored.dense
        blocks = dense.blocks
        finished = Mailbox(waking: wakeup)
        passes = KernelPasses(
            dense, .init(0..<blocks, of: blocks), cores: cores, isAmongLanes: isAmongLanes, finished: finished)
    }

    func product(_ shard: Int, isTransposed: Bool, core: Int? = nil) -> KernelPasses.Product {
        let (one, width) = (factored.shards[shard], factored.width)
        return .init(
            ShardAttempt(round: isTransposed ? 1 : 0, shard: shard, attempt: 0), samples: one.samples,
            x: FloatFrame(one.x), d: isTransposed ? FloatFrame(one.d) : nil, core: core,
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
    let bench = Bench(factored, cores: [0])
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

/// Threads, and the cores of the lanes that wait for products.
@Test(
    .timeLimit(.minutes(1)),
    arguments: [(1, nil), (3, nil), (3, [nil]), (3, [0, 1]), (1, [0, nil])] as [(Int, [Int?]?)])
func aProductHasTheSameBitsWhateverElseIsAskedFor(threads: Int, lanes: [Int?]?) async throws {
    let factored = FactoredKernel()
    let expected = try await alone(factored)
    let bench = Bench(factored, cores: Array(0..<threads), isAmongLanes: lanes != nil)
    defer { bench.passes.end() }
    for _ in 0..<20 {
        let products = [false, true].flatMap { isTransposed in
            factored.shards.indices.map { shard in
                bench.product(shard, isTransposed: isTransposed, core: lanes.flatMap { $0[shard % $0.count] })
            }
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
    let bench = Bench(factored, cores: [0, 1])
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

/// A block of 12 columns takes its step at once; those of 256 and 300 a few rows at a time.
@Test(.timeLimit(.minutes(1)), arguments: [(false, 12), (true, 256), (false, 256), (true, 300)], [false, true])
func theKernelTakesItsStepBeforeItIsMultipliedWith(
    optimizer: (hasMomentum: Bool, width: Int), isAmongLanes: Bool
) async throws {
    let (hasMomentum, width) = optimizer
    let (factored, eager) = (FactoredKernel(width: width), FactoredKernel(width: width))
    let sgd = SGDStep(learningRate: 0.1, momentum: hasMomentum ? 0.9 : 0, nesterov: false, kept: 0.99)
    func step(_ kernel: FactoredKernel, _ velocity: FloatBuffer) -> FactoredStep {
        kernel.step(sgd, velocity: hasMomentum ? velocity : nil)
    }
    let velocities = (
        FloatBuffer(count: factored.rows * factored.width), FloatBuffer(count: factored.rows * factored.width)
    )
    for block in 0..<eager.dense.blocks { eager.dense.take(step(eager, velocities.1), block: block) }
    let expected = try await alone(eager)

    // With products of all kinds that wait together, with one X W or one D W^T alone, and with none.
    for asked in [0..<6, 0..<1, 3..<4, 0..<0] {
        let lazy = FactoredKernel(width: width)
        velocities.0.floats.update(repeating: 0)
        let bench = Bench(lazy, cores: [0, 1, 2], isAmongLanes: isAmongLanes)
        defer { bench.passes.end() }
        let products = [false, true].flatMap { isTransposed in
            lazy.shards.indices.map { bench.product($0, isTransposed: isTransposed) }
        }
        for product in products[asked] { bench.passes.add(product) }
        bench.passes.start(lazy.kernel, after: .init(step: step(lazy, velocities.0), factors: []))
        let results = try await bench.take(asked.count)
        for (key, floats) in results { #expect(expected[key] == floats) }
        if !asked.isEmpty {
            #expect(bench.passes.hasTakenStep)
        } else {
            bench.passes.takeStep()
        }
        #expect(Array(lazy.parameters.floats) == Array(eager.parameters.floats))
        #expect(Array(velocities.0.floats) == Array(velocities.1.floats))
    }
}

@Test(.timeLimit(.minutes(1)), arguments: [false, true]) func stoppingTakesTheStepThatIsLeft(isAmongLanes: Bool)
    async throws
{
    let (lazy, eager) = (FactoredKernel(), FactoredKernel())
    let sgd = SGDStep(learningRate: 0.1, momentum: 0, nesterov: false, kept: 1)
    let bench = Bench(lazy, cores: [0, 1], isAmongLanes: isAmongLanes)
    defer { bench.passes.end() }
    // Again and again, with threads that are somewhere in the middle.
    for _ in 0..<10 {
        for block in 0..<eager.dense.blocks { eager.dense.take(eager.step(sgd), block: block) }
        bench.passes.start(lazy.kernel, after: .init(step: lazy.step(sgd), factors: []))
        bench.passes.add(bench.product(0, isTransposed: false))
        bench.passes.stop()
        #expect(bench.passes.hasTakenStep)
        #expect(Array(lazy.parameters.floats) == Array(eager.parameters.floats))
        _ = bench.takeWhatIsThere()
    }
}

@Test(.timeLimit(.minutes(1))) func aProductOfACoreWithoutAThreadIsComputedByAnother() async throws {
    let bench = Bench(FactoredKernel(), cores: [0], isAmongLanes: true)
    defer { bench.passes.end() }
    bench.passes.start(bench.factored.kernel)
    bench.passes.add(bench.product(0, isTransposed: false, core: 77))
    #expect(try await bench.take(1).count == 1)
}

@Test(.timeLimit(.minutes(1))) func endingInTheMiddleOfAStepReadsNoFactorThatIsGone() async throws {
    let factored = FactoredKernel()
    for _ in 0..<50 {
        let bench = Bench(factored, cores: [0, 1])
        do {
            // Memory that nobody else holds is unmapped with the last frame of it.
            let d = FloatFrame(FloatBuffer(count: factored.shards[0].samples * factored.width))
            let step = FactoredStep(
                factored.dense.samples(factored.shards[0].samples, x: factored.shards[0].x.base, d: d.base),
                sgd: SGDStep(learningRate: 0.1, momentum: 0, nesterov: false, kept: 1),
                kernel: UnsafeMutablePointer(mutating: factored.kernel), velocity: nil)
            bench.passes.start(factored.kernel, after: .init(step: step, factors: [d]))
        }
        bench.passes.end()
    }
}
