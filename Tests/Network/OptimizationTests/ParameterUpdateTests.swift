import Parameters
import Randomness
import Testing

@testable import Optimization

/// A layout with every role; the factored kernel is larger than a block and its last block is short.
private let layout = {
    var declarations = ParameterDeclarations()
    declarations.declare("dense.kernel", [depth, width], .zeros, role: .factored)
    declarations.declare("dense.bias", [width], .zeros)
    declarations.declare("norm.mean", [5], .zeros, role: .statistic)
    declarations.declare("conv.kernel", [3, 3, 7, 5], .zeros)
    return declarations.layout()
}()
private let (depth, width) = (700, 200)
/// Samples of each shard; the last is short.
private let shards = [4, 4, 3]

private func numbers(_ count: Int, item: UInt32) -> [Float] {
    var stream = CounterGenerator(seed: 5, purpose: .probe, item: item).stream()
    return (0..<count).map { _ in Float(stream.uniform(-1, 1)) }
}

private func buffer(_ floats: [Float]) -> FloatBuffer {
    let buffer = FloatBuffer(count: floats.count)
    _ = buffer.floats.update(from: floats)
    return buffer
}

/// One step's input, and the parameters and velocity that the library makes of it.
private struct Step {
    let parameters = numbers(layout.count, item: 0)
    let gradient = numbers(layout.gradientCount, item: 1)
    let velocity = numbers(layout.count, item: 2)
    let x = shards.indices.map { numbers(shards[$0] * depth, item: 10 + UInt32($0)) }
    let d = shards.indices.map { numbers(shards[$0] * width, item: 20 + UInt32($0)) }

    func apply(_ optimizer: SGD, inPlace: Bool = false) -> (parameters: [Float], velocity: [Float]) {
        let source = buffer(parameters)
        let target = inPlace ? source : FloatBuffer(count: layout.count)
        let speed = optimizer.needsVelocity ? buffer(velocity) : nil
        let (factorX, factorD) = (x.map(buffer), d.map(buffer))
        let factors = shards.indices.map {
            DenseFactors(samples: shards[$0], x: factorX[$0].base, d: factorD[$0].base)
        }
        gradient.withUnsafeBufferPointer {
            ParameterUpdate(layout: layout, optimizer: optimizer).apply(
                to: source, gradient: $0.baseAddress!, factors: factors, velocity: speed, into: target)
        }
        withExtendedLifetime((factorX, factorD)) {}
        return (Array(target.floats), speed.map { Array($0.floats) } ?? [])
    }

    /// The sum over the shards of X^T D at a row and a column.
    func product(_ row: Int, _ column: Int) -> Double {
        shards.indices.reduce(0) { sum, shard in
            (0..<shards[shard]).reduce(sum) {
                $0 + Double(x[shard][$1 * depth + row]) * Double(d[shard][$1 * width + column])
            }
        }
    }
}

@Test func theFactoredKernelMovesByTheSumOfItsFactorsProducts() throws {
    let step = Step()
    let factored = try #require(layout.factored)
    let rate: Float = 0.25
    let updated = step.apply(SGD(learningRate: rate)).parameters
    #expect(factored.count > ParameterUpdate.floatsPerBlock)
    // Sums of 11 products of numbers below 1: rounding stays below 11 units of 2^-24.
    for row in 0..<depth {
        for column in 0..<width {
            let place = factored.offset + row * width + column
            let wanted = Double(step.parameters[place]) - Double(rate) * step.product(row, column)
            guard abs(Double(updated[place]) - wanted) > 1e-6 else { continue }
            Issue.record("row \(row), column \(column): \(updated[place]) instead of \(wanted)")
            return
        }
    }
}

@Test(arguments: [SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01)])
func ordinaryTensorsTakeTheOptimizersStep(_ optimizer: SGD) {
    let step = Step()
    let updated = step.apply(optimizer)
    for parameter in layout.parameters where parameter.role == .trainable {
        let range = parameter.range
        var speed = Array(step.velocity[range])
        var wanted = [Float](repeating: 0, count: range.count)
        optimizer.step(
            Array(step.parameters[range]), gradient: Array(step.gradient[range]), velocity: &speed, into: &wanted,
            count: range.count)
        #expect(Array(updated.parameters[range]) == wanted, "\(parameter.name)")
        if optimizer.needsVelocity { #expect(Array(updated.velocity[range]) == speed, "\(parameter.name)") }
    }
}

@Test(arguments: [SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.5)])
func statisticsKeepNinetyNineHundredthsOfThemselves(_ optimizer: SGD) throws {
    let step = Step()
    let updated = step.apply(optimizer)
    let statistic = try #require(layout["norm.mean"])
    for i in statistic.range {
        let wanted = 0.99 * Double(step.parameters[i]) + 0.01 * Double(step.gradient[i])
        #expect(abs(Double(updated.parameters[i]) - wanted) < 1e-7)
        if optimizer.needsVelocity { #expect(updated.velocity[i] == step.velocity[i]) }
    }
}

@Test(arguments: [SGD(learningRate: 0.1), SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01)])
func anUpdateGivesTheSameBitsEveryTimeAndInPlace(_ optimizer: SGD) {
    let step = Step()
    let first = step.apply(optimizer)
    for inPlace in [false, true, true, false] {
        let again = step.apply(optimizer, inPlace: inPlace)
        // Outside of the expectation, which would describe all numbers where they differ.
        let isEqual = again.parameters == first.parameters && again.velocity == first.velocity
        #expect(isEqual, "in place: \(inPlace)")
    }
}

/// (a parameter's number before, its gradient, what becomes of it)
@Test(
    arguments: [(1, 2, true), (-3e38, 1e38, false), (.nan, 0, false), (0, .infinity, false)] as [(Float, Float, Bool)])
func anUpdateSaysWhetherItsNumbersAreFinite(number: Float, gradient: Float, isFinite: Bool) {
    for place in [0, layout.gradientCount - 1] {
        let parameters = FloatBuffer(count: layout.count)
        let gradients = FloatBuffer(count: layout.gradientCount)
        (parameters.base[place], gradients.base[place]) = (number, gradient)
        let found = ParameterUpdate(layout: layout, optimizer: SGD(learningRate: 10)).apply(
            to: parameters, gradient: gradients.base, factors: nil, velocity: nil, into: parameters)
        #expect(found == isFinite)
    }
}
