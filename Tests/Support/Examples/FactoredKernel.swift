import Kernels
import Parameters
import Randomness

/// A factored kernel of a few blocks of rows, the last of them short, and shards to multiply it with.
package struct FactoredKernel {
    /// What a shard brings: X as a dense layer gets it behind a ReLU, and D.
    package struct Shard {
        package let samples: Int
        package let x: FloatBuffer
        package let d: FloatBuffer
    }

    package let layout: ParameterLayout
    package let parameters: FloatBuffer
    package let shards: [Shard]

    package init(rows: Int = 4 * FactoredDense.rowsPerBlock + 100, width: Int = 12, shards: [Int] = [2, 1, 3]) {
        var declarations = ParameterDeclarations()
        declarations.declare("conv.kernel", [3, 40], .glorotUniform(fanIn: 3, fanOut: 40))
        declarations.declare(
            "dense1.kernel", [rows, width], .glorotUniform(fanIn: rows, fanOut: width), role: .factored)
        layout = declarations.layout()
        parameters = layout.initialParameters(seed: 4)
        self.shards = shards.enumerated().map { item, samples in
            let (x, d) = (FloatBuffer(count: samples * rows), FloatBuffer(count: samples * width))
            var stream = CounterGenerator(seed: 9, purpose: .probe, item: UInt32(item)).stream()
            for place in 0..<x.count { x.base[place] = max(0, Float(stream.uniform(-1, 1))) }
            for place in 0..<d.count { d.base[place] = Float(stream.uniform(-1, 1)) }
            return Shard(samples: samples, x: x, d: d)
        }
    }

    package var rows: Int { layout.factored!.shape[0] }
    package var width: Int { layout.factored!.shape[1] }
    package var kernel: UnsafePointer<Float> { UnsafePointer(parameters.base + layout.factored!.offset) }

    package var dense: FactoredDense { FactoredDense(depth: rows, width: width) }

    /// The kernel's step along all shards' factors, in place.
    package func step(_ sgd: SGDStep, velocity: FloatBuffer? = nil) -> FactoredStep {
        FactoredStep(
            shards.flatMap { dense.samples($0.samples, x: $0.x.base, d: $0.d.base) }, sgd: sgd,
            kernel: UnsafeMutablePointer(mutating: kernel), velocity: velocity?.base)
    }

    /// X W by its definition.
    package func product(_ shard: Shard) -> [Double] {
        (0..<shard.samples * width).map { place in
            let (sample, column) = (place / width, place % width)
            return (0..<rows).reduce(0) {
                $0 + Double(shard.x.base[sample * rows + $1]) * Double(kernel[$1 * width + column])
            }
        }
    }

    /// D W^T by its definition, where X is not zero.
    package func transposedProduct(_ shard: Shard) -> [Double] {
        (0..<shard.samples * rows).map { place in
            let (sample, row) = (place / rows, place % rows)
            guard shard.x.base[place] != 0 else { return 0 }
            return (0..<width).reduce(0) {
                $0 + Double(shard.d.base[sample * width + $1]) * Double(kernel[row * width + $1])
            }
        }
    }
}

/// The L2 norm of the difference over that of what is wanted.
package func relativeError(_ found: [Float], _ wanted: [Double]) -> Double {
    precondition(found.count == wanted.count, "\(found.count) numbers for \(wanted.count)")
    let errors = zip(found, wanted).map { Double($0) - $1 }
    return (errors.reduce(0) { $0 + $1 * $1 } / wanted.reduce(0) { $0 + $1 * $1 }).squareRoot()
}
