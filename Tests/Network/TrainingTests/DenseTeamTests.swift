import AttentionUNet
import Examples
import Foundation
import Kernels
import Optimization
import Parameters
import TensorCore
import Testing
import Training

/// What a step of three shards leaves: the lanes' gradients and the dense kernel after SGD.
private struct Outcome: Equatable {
    var gradients: [[Float]] = []
    var kernel: [Float] = []
}

private let shards = [2, 1, 2]
private let optimizer = SGD(learningRate: 0.1)

/// One lane's step. `@unchecked Sendable`: each runs on one thread, and the test waits for it.
private final class LaneOfStep: @unchecked Sendable {
    let gradients: FloatBuffer
    private(set) var x: [Float] = []
    private(set) var d: [Float] = []

    init(_ network: Network) { gradients = FloatBuffer(count: network.parameterLayout.gradientCount) }

    func train(_ network: Network, lane: Int, parameters: FloatBuffer, team: DenseTeam?) throws {
        let samples = shards[lane]
        let computation = try LaneComputation(network: network, numerics: NumericsSettings())
        if let team { computation.plan(samples: samples, mode: .training).factoredProducts = team.member(lane) }
        let images = SmallRun.numbers(samples * network.shape(of: network.input).count, item: 40 + UInt32(lane))
        let labels = (0..<samples).map { Int32($0 % network.classes) }
        try images.withUnsafeBufferPointer { images in
            try labels.withUnsafeBufferPointer { labels in
                let (_, factors) = try computation.train(
                    ShardInput(
                        samples: samples, images: images.baseAddress!, labels: labels.baseAddress!,
                        stepSamples: shards.reduce(0, +),
                        dropout: Dropout(seed: 1, step: 2, samples: (0..<samples).map { UInt32($0 + 10 * lane) })),
                    parameters: parameters.base, gradients: gradients.base)
                (x, d) = (Array(factors.x), Array(factors.d))
            }
        }
    }
}

private func outcome(_ network: Network, together: Bool) throws -> Outcome {
    let layout = network.parameterLayout
    let parameters = layout.initialParameters(seed: 6)
    let factored = layout.factored!
    let lanes = shards.map { _ in LaneOfStep(network) }
    if together {
        let team = DenseTeam(samples: shards, parameters, of: layout, sgd: optimizer.step)
        let done = DispatchGroup()
        for (index, lane) in lanes.enumerated() {
            done.enter()
            Thread.detachNewThread {
                try! lane.train(network, lane: index, parameters: parameters, team: team)
                done.leave()
            }
        }
        done.wait()
    } else {
        for (index, lane) in lanes.enumerated() {
            try lane.train(network, lane: index, parameters: parameters, team: nil)
        }
        let buffers = lanes.map { lane in
            let buffer = FloatBuffer(count: lane.x.count + lane.d.count)
            _ = buffer.floats.update(from: lane.x + lane.d)
            return buffer
        }
        let factors = lanes.indices.map {
            DenseFactors(samples: shards[$0], x: buffers[$0].base, d: buffers[$0].base + lanes[$0].x.count)
        }
        let none = FloatBuffer(count: layout.gradientCount)
        ParameterUpdate(layout: layout, optimizer: optimizer).apply(
            to: parameters, gradient: none.base, factors: factors, velocity: nil, into: parameters)
        withExtendedLifetime((buffers, none)) {}
    }
    defer { withExtendedLifetime(parameters) {} }
    return Outcome(
        gradients: lanes.map { Array($0.gradients.floats) }, kernel: Array(parameters.floats(of: factored)))
}

/// The usual width, whose rows fit in the registers, and another.
@Test(arguments: [256, 24]) func aTeamOfLanesGivesTheBitsOfLanesAlone(denseWidth: Int) throws {
    var model = SmallRun.model
    model.denseWidth = denseWidth
    let network = Network.attentionUNet(model)
    let (alone, together) = (
        try outcome(network, together: false), try outcome(network, together: true)
    )
    let isEqual = alone == together
    #expect(isEqual)
    let parameters = network.parameterLayout.initialParameters(seed: 6)
    let start = Array(parameters.floats(of: network.parameterLayout.factored!))
    withExtendedLifetime(parameters) {}
    let moved = alone.kernel != start
    #expect(moved)
}
