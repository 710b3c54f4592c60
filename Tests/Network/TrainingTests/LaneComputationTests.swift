import Dispatch
import Examples
import Foundation
import Parameters
import Synchronization
import TensorCore
import Testing
import Training

/// The samples of a step's shards; the last is short.
private let sizes = [3, 3, 2]
private let pixels = SmallRun.model.height * SmallRun.model.width * 3
private let initial = SmallRun.layout.initialParameters(seed: 5)

/// Compared outside of expectations, which would describe millions of numbers where they differ.
private struct Gradient: Equatable {
    let outcome: ShardOutcome
    let gradients, x, d: [Float]
}

extension LaneComputation {
    /// The gradient of a shard as a part of a step of `stepSamples`, by default of all shards.
    fileprivate func gradient(
        _ shard: Int, parameters: FloatBuffer = initial, stepSamples: Int = sizes.reduce(0, +),
        dropoutStep: UInt32? = 6
    ) throws -> Gradient {
        let images = SmallRun.numbers(sizes[shard] * pixels, item: UInt32(shard))
        let labels = (0..<Int32(sizes[shard])).map { ($0 + Int32(shard)) % 2 }
        let samples = (0..<UInt32(sizes[shard])).map { 10 * UInt32(shard) + $0 }
        let gradients = FloatBuffer(count: layout.gradientCount)
        return try images.withUnsafeBufferPointer { images in
            try labels.withUnsafeBufferPointer { labels in
                let input = ShardInput(
                    samples: sizes[shard], images: images.baseAddress!, labels: labels.baseAddress!,
                    stepSamples: stepSamples,
                    dropout: dropoutStep.map { Dropout(seed: 1, step: $0, samples: samples) })
                let (outcome, factors) = try train(
                    input, parameters: parameters.base, gradients: gradients.base)
                return Gradient(
                    outcome: outcome, gradients: Array(gradients.floats), x: Array(factors.x), d: Array(factors.d))
            }
        }
    }
}

private func lane(_ algorithm: ConvolutionAlgorithm = .winograd) throws -> LaneComputation {
    try LaneComputation(network: SmallRun.network, numerics: SmallRun.numerics(algorithm))
}

@Test(arguments: ConvolutionAlgorithm.allCases)
func lanesGiveTheSameBitsInWhateverOrderTheyCompute(_ algorithm: ConvolutionAlgorithm) throws {
    let alone = try lane(algorithm)
    let wanted = try sizes.indices.map { try alone.gradient($0) }
    let orders = [[2, 0, 1], [1, 1, 2, 0], [0, 2, 0, 1]]
    let results = Mutex<[(shard: Int, gradient: Gradient)]>([])
    DispatchQueue.concurrentPerform(iterations: orders.count) { index in
        guard let lane = try? lane(algorithm) else { return }
        for shard in orders[index] {
            guard let gradient = try? lane.gradient(shard) else { return }
            results.withLock { $0.append((shard, gradient)) }
        }
    }
    let found = results.withLock { $0 }
    #expect(found.count == orders.joined().count)
    for (shard, gradient) in found {
        let isEqual = gradient == wanted[shard]
        #expect(isEqual, "shard \(shard)")
    }
}

/// Halving a power of two is exact, so every number must be half of what it was, to the bit.
@Test func aShardsGradientIsScaledByTheStepsSamples() throws {
    let lane = try lane()
    let whole = try lane.gradient(0, stepSamples: sizes[0])
    let half = try lane.gradient(0, stepSamples: 2 * sizes[0])
    let isHalf = half.gradients == whole.gradients.map { $0 / 2 } && half.d == whole.d.map { $0 / 2 }
    let hasTheSameInput = half.x == whole.x
    #expect(half.outcome == whole.outcome)
    #expect(isHalf)
    #expect(hasTheSameInput)
}

@Test func shardsStatisticsSumToTheMeanWeightedBySamples() throws {
    let lane = try lane()
    let total = sizes.reduce(0, +)
    let alone = try sizes.indices.map { try lane.gradient($0, stepSamples: sizes[$0]) }
    let parts = try sizes.indices.map { try lane.gradient($0) }
    for parameter in SmallRun.layout.parameters where parameter.role == .statistic {
        for i in parameter.range {
            let sum = parts.reduce(0) { $0 + Double($1.gradients[i]) }
            let mean =
                sizes.indices.reduce(0) { $0 + Double(sizes[$1]) * Double(alone[$1].gradients[i]) } / Double(total)
            let size = sizes.indices.reduce(0) { max($0, abs(Double(alone[$1].gradients[i]))) }
            // Three products and one division in float32.
            #expect(abs(sum - mean) <= 4e-7 * size, "\(parameter.name)")
        }
    }
}

@Test func theOutcomeCountsWhatTheProbabilitiesSay() throws {
    let lane = try lane()
    let outcome = try lane.gradient(0).outcome
    let probabilities = Array(lane.plan(samples: sizes[0], mode: .training).probabilities)
    let labels = (0..<sizes[0]).map { $0 % 2 }
    let rows = labels.indices.map { Array(probabilities[2 * $0..<2 * $0 + 2]) }
    let loss = zip(rows, labels).reduce(0) { $0 - log(Double($1.0[$1.1])) }
    #expect(outcome.samples == sizes[0])
    #expect(outcome.correct == zip(rows, labels).count { $0[$1] > 0.5 })
    #expect(abs(outcome.lossSum - loss) < 1e-6)
}

@Test func dropoutIsADrawOfTheStep() throws {
    let lane = try lane()
    let first = try lane.gradient(0, dropoutStep: 6)
    let areEqual = try [7, nil, 6].map { try lane.gradient(0, dropoutStep: $0) == first }
    #expect(areEqual == [false, false, true])
}

@Test func aLaneThatKeepsAttentionShowsWhatEachGateLetsThroughAndComputesTheSame() throws {
    let parameters = SmallRun.layout.initialParameters(seed: 5)
    // A gate that sees nothing lets the same share of everything through.
    for i in try #require(SmallRun.layout["decoder.2.attention.psi.kernel"]).range { parameters.floats[i] = 0 }
    parameters.floats[try #require(SmallRun.layout["decoder.2.attention.psi.bias"]).offset] = 0.7
    let lane = try LaneComputation(
        network: SmallRun.network, numerics: SmallRun.numerics(.winograd), keepsAttention: true)
    let image = SmallRun.numbers(pixels, item: 1)
    let (probabilities, maps) = try image.withUnsafeBufferPointer {
        try lane.look(at: $0.baseAddress!, parameters: ModelParameters(parameters))
    }
    let plain = try image.withUnsafeBufferPointer {
        try LaneComputation(network: SmallRun.network, numerics: SmallRun.numerics(.winograd)).score(
            samples: 1, images: $0.baseAddress!, parameters: parameters.base
        ) { Array($0) }
    }
    #expect(probabilities == plain)
    #expect(maps.map(\.name) == (1...4).reversed().map { "decoder.\($0).attention.mask" })
    #expect(maps.map { [$0.height, $0.width] } == [[1, 2], [2, 4], [4, 8], [8, 16]])
    #expect(maps[2].factors.allSatisfy { abs($0 - 1 / (1 + exp(-0.7))) < 1e-6 })
    #expect(Set(maps[3].factors).count > 100 && maps[3].factors.allSatisfy { (0...1).contains($0) })
}

@Test func parametersThatAreNoNumbersGiveALossThatIsNone() throws {
    let diverged = FloatBuffer(count: SmallRun.layout.count)
    diverged.floats.update(repeating: .nan)
    let outcome = try lane().gradient(0, parameters: diverged).outcome
    #expect(outcome.lossSum.isNaN)
    #expect(outcome.correct == 0)
}
