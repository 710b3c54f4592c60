import Digests
import Foundation
import Optimization
import Testing

/// Steps that Keras' SGD took (`scripts/golden/optimization.py`).
struct KerasSteps: Decodable, Sendable, CustomTestStringConvertible {
    let learningRate: Float
    let momentum: Float
    let nesterov: Bool
    let weightDecay: Float
    let start: [Float]
    let gradients: [[Float]]
    let parameters: [[Float]]

    var optimizer: SGD {
        SGD(learningRate: learningRate, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
    }

    var testDescription: String {
        "rate \(learningRate), momentum \(momentum), nesterov \(nesterov), decay \(weightDecay)"
    }

    static let all: [KerasSteps] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden/sgd.json")
        return try! JSONDecoder().decode([KerasSteps].self, from: Data(contentsOf: file))
    }()
}

/// Rounding differs where Keras rounds a product that we fuse, so five steps agree to a few units in the last place.
private let tolerance: Float = 1e-6

@Test(arguments: KerasSteps.all) func eachStepIsThatOfKeras(_ expected: KerasSteps) {
    var parameters = expected.start
    var velocity = [Float](repeating: 0, count: parameters.count)
    for (step, gradient) in expected.gradients.enumerated() {
        let before = parameters
        expected.optimizer.step(
            before, gradient: gradient, velocity: &velocity, into: &parameters, count: parameters.count)
        for (found, wanted) in zip(parameters, expected.parameters[step]) {
            #expect(abs(found - wanted) <= tolerance * max(abs(wanted), 1), "step \(step)")
        }
    }
}

@Test(arguments: [SGD(), SGD(momentum: 0.9), SGD(momentum: 0.9, nesterov: true, weightDecay: 0.1)])
func aStepInPlaceGivesTheSameBits(_ optimizer: SGD) {
    let gradient: [Float] = (0..<37).map { sin(Float($0)) }
    let start: [Float] = (0..<37).map { cos(Float($0)) }
    var velocity: [Float] = gradient.map { $0 / 3 }
    var velocityInPlace = velocity
    var elsewhere = [Float](repeating: .nan, count: 37)
    var inPlace = start
    optimizer.step(start, gradient: gradient, velocity: &velocity, into: &elsewhere, count: 37)
    inPlace.withUnsafeMutableBufferPointer {
        optimizer.step(
            $0.baseAddress!, gradient: gradient, velocity: &velocityInPlace, into: $0.baseAddress!, count: 37)
    }
    #expect(inPlace == elsewhere)
    #expect(velocity == velocityInPlace)
}

@Test(arguments: [
    (SGD(learningRate: 0), "learning rate"), (SGD(learningRate: .nan), "learning rate"),
    (SGD(learningRate: .infinity), "learning rate"), (SGD(momentum: 1), "momentum"),
    (SGD(momentum: -0.1), "momentum"), (SGD(momentum: .nan), "momentum"), (SGD(weightDecay: -1), "weight decay"),
    (SGD(weightDecay: .infinity), "weight decay"),
])
func impossibleNumbersAreNamed(_ optimizer: SGD, word: String) throws {
    #expect(try #require(optimizer.complaint).contains(word))
}

@Test func theDefaultsAreTheNotebooks() {
    #expect(SGD().complaint == nil)
    #expect(SGD().learningRate == 0.01)
    #expect(!SGD().needsVelocity)
    #expect(SGD(momentum: 0.5).needsVelocity)
}

@Test func theCosinesDecayIsTheSameOnEveryProcessor() {
    var optimizer = SGD(learningRate: 0.005)
    optimizer.decay = .cosine
    let rates = (0...1000).map { optimizer.at(step: $0, of: 1000).learningRate }
    #expect(rates[0] == 0.005 && rates[500] == 0.0025 && rates[1000] == 0)
    let digest = rates.map(\.bitPattern.littleEndian).withUnsafeBytes { SHA256.digest(of: $0) }
    #expect(digest == "dead7e76c2a1e9344b5d0fd467275b515bfdc1af151c6cccb623404a8878e126")
}
