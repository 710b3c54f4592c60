import Parameters
import Randomness
import Testing

@testable import TensorCore

/// Numbers drawn anew for each item, always the same.
struct Draw {
    private var stream: CounterStream

    init(_ item: UInt32) { stream = CounterGenerator(seed: 11, purpose: .probe, item: item).stream() }

    mutating func uniform(_ count: Int, _ low: Double, _ high: Double) -> [Float] {
        (0..<count).map { _ in Float(stream.uniform(low, high)) }
    }

    /// As far from 0 as `least` to `most`, on either side.
    mutating func awayFromZero(_ count: Int, _ least: Double, _ most: Double) -> [Float] {
        (0..<count).map { _ in Float(stream.uniform(least, most) * (stream.uniform() < 0.5 ? -1 : 1)) }
    }

    /// Numbers that all differ by at least `distance`.
    mutating func apart(_ count: Int, by distance: Float) -> [Float] {
        var numbers = (0..<count).map { Float($0 - count / 2) * distance }
        stream.shuffle(&numbers)
        return numbers
    }
}

/// Layers at one point, and how far to go from it for a difference.
struct DifferenceCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var batch = 2
    let shapes: [Shape]
    /// Of each input; nil: blocks.
    var layouts: [Layout]?
    var algorithm = ConvolutionAlgorithm.direct
    /// The values of each input.
    var point: @Sendable (_ draw: inout Draw, _ input: Int, _ count: Int) -> [Float] = { draw, _, count in
        draw.uniform(count, -1, 1)
    }
    /// The values of parameters that are not to be uniform in -0.5...0.5.
    var parameter: @Sendable (_ name: String, _ count: Int) -> [Float]? = { _, _ in nil }
    /// Half the distance of the two points.
    let step: Float
    /// The relative L2 error of the gradient of each input and parameter.
    let tolerance: Double
    let declare: @Sendable (_ network: inout Network, _ inputs: [Value]) -> Value
}

extension DifferenceCase {
    /// Compares the gradients of sum(output * r), for random r, with central differences in every coordinate.
    ///
    /// The sum is taken in double precision, so all rounding is that of the layers' float32.
    func check() throws {
        let bench = LayerBench(batch: batch, shapes, layouts ?? shapes.map { _ in .blocks }, algorithm: algorithm) {
            declare(&$0, $1)
        }
        let dropout = Dropout(seed: 1, step: 2, samples: (0..<UInt32(batch)).map { 7 * $0 })
        bench.context.dropout = dropout
        var draw = Draw(0)
        var inputs = shapes.indices.map { point(&draw, $0, batch * shapes[$0].count) }
        for (index, values) in inputs.enumerated() { bench.setInput(index, to: values) }
        for parameter in bench.layout.parameters {
            let values = self.parameter(parameter.name, parameter.count) ?? draw.uniform(parameter.count, -0.5, 0.5)
            bench.setParameter(parameter.name, to: values)
        }
        let r = draw.uniform(bench.forward().count, -1, 1)
        bench.backward(r)
        let inputGradients = inputs.indices.map(bench.inputGradient)
        let gradients = bench.gradients.floats.map { $0 }

        func objective() -> Double { zip(bench.forward(), r).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        for index in inputs.indices {
            let differences = inputs[index].indices.map { place in
                let start = inputs[index][place]
                defer {
                    inputs[index][place] = start
                    bench.setInput(index, to: inputs[index])
                }
                return difference { shift in
                    inputs[index][place] = start + shift
                    bench.setInput(index, to: inputs[index])
                    return objective()
                }
            }
            expectAgreement("input \(index)", inputGradients[index], differences, tolerance: tolerance)
        }
        for parameter in bench.layout.parameters where parameter.role == .trainable {
            let differences = parameter.range.map { place in
                let start = bench.parameters.base[place]
                defer { bench.parameters.base[place] = start }
                return difference { shift in
                    bench.parameters.base[place] = start + shift
                    return objective()
                }
            }
            expectAgreement(parameter.name, Array(gradients[parameter.range]), differences, tolerance: tolerance)
        }
    }

    private func difference(_ objective: (_ shift: Float) -> Double) -> Float {
        Float((objective(step) - objective(-step)) / Double(2 * step))
    }
}
