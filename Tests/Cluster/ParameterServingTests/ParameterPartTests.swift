import ClusterLogic
import Examples
import Messages
import Optimization
import Parameters
import Testing
import Transport

@testable import ParameterServing

private let example = FactoredKernel()

/// A part with all parameters of the example, and what two shards push of one gradient number.
private func part(
    _ gradients: [Float], at place: Int, _ optimizer: SGD = SGD(learningRate: 0.5), of totalSteps: UInt64 = 1
) throws -> ParameterPart {
    let layout = example.layout
    let part = ParameterPart(
        layout: layout, range: 0..<layout.count, optimizer: optimizer, totalSteps: totalSteps,
        state: ParameterState(parameters: FloatBuffer(example.parameters.floats.immutable), velocity: nil))
    var tree = ReductionTree(shards: gradients.count)
    for (shard, number) in gradients.enumerated() {
        let gradient = FloatBuffer(count: layout.gradientCount)
        gradient.base[place] = number
        let (x, d) = (FloatBuffer(count: example.rows), FloatBuffer(count: example.width))
        let pushed = ParameterPart.PushedShard(
            id: ShardAttempt(round: 0, shard: shard, attempt: 1),
            result: Header.TrainingResult(samples: 1, correct: 0, lossSum: 0), digest: 0, x: FloatFrame(x),
            d: FloatFrame(d))
        try part.keep([pushed], gradient: [FloatFrame(gradient)], adding: tree.insert(shard))
    }
    return part
}

extension UnsafeMutableBufferPointer {
    fileprivate var immutable: UnsafeBufferPointer<Element> { UnsafeBufferPointer(self) }
}

@Test func aStepSubtractsTheSumOfItsShardsGradients() throws {
    let part = try part([2, 3, 1], at: 7)
    #expect(part.overflow() == nil)
    let applied = try part.apply(0, leavingKernel: false)
    #expect(applied.isFinite && applied.pushes.map(\.shard) == [0, 1, 2])
    #expect(part.state.parameters.base[7] == example.parameters.base[7] - 0.5 * 6)
    #expect(part.state.parameters.base[8] == example.parameters.base[8])
}

/// Each shard's gradient is finite.
@Test(arguments: [[3e38, 3e38], [3e38, 3e38, -3e38, -3e38], [-2e38, -1e38, -1e38]] as [[Float]])
func aSumThatOverflowsIsFoundBeforeItIsApplied(gradients: [Float]) throws {
    for place in [0, example.layout.gradientCount - 1] {
        #expect(try part(gradients, at: place).overflow() == "conv.kernel")
    }
}

@Test func ofWhatIsForgottenNothingIsAdded() throws {
    let part = try part([2, 3], at: 7)
    part.forget()
    #expect(part.pushed(shard: 0) == nil)
}

/// (step of 4, the share of the learning rate that is left)
@Test(arguments: [(0, 1), (2, 0.5), (3, 0.1464466)] as [(UInt64, Float)])
func aServerTakesEachStepWithItsOwnLearningRate(step: UInt64, share: Float) throws {
    var optimizer = SGD(learningRate: 0.5)
    optimizer.decay = .cosine
    let part = try part([2], at: 7, optimizer, of: 4)
    _ = try part.apply(step, leavingKernel: false)
    let moved = example.parameters.base[7] - part.state.parameters.base[7]
    #expect(abs(moved - 0.5 * 2 * share) < 1e-6)
}
