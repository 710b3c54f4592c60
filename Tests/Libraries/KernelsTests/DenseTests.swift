import Kernels
import Parameters
import Testing

/// A dense layer on samples with many zeros, as ReLU and dropout leave them.
private struct Layer {
    let dense: FactoredDense
    let kernel: FloatBuffer
    let x: [FloatBuffer]
    let d: [FloatBuffer]
    let dx: [FloatBuffer]

    init(depth: Int, width: Int, samples: Int) {
        dense = FactoredDense(depth: depth, width: width)
        kernel = numbers(depth * width, item: 9)
        x = (0..<samples).map { sample in
            let x = numbers(depth, item: 10 + UInt32(sample))
            for i in 0..<depth where x.base[i] < 0.3 { x.base[i] = 0 }
            return x
        }
        d = (0..<samples).map { numbers(width, item: 100 + UInt32($0)) }
        dx = (0..<samples).map { _ in FloatBuffer(count: depth) }
    }

    func samples(_ range: Range<Int>) -> [DenseSample] {
        range.map { DenseSample(x: x[$0].base, d: d[$0].base, dx: dx[$0].base) }
    }

    func forward(_ range: Range<Int>) -> [Float] {
        let sums = FloatBuffer(count: dense.blocks * range.count * dense.width)
        let samples = samples(range)
        for block in 0..<dense.blocks {
            dense.forward(
                samples, block: block, kernel: kernel.base, sums: sums.base + block * range.count * dense.width)
        }
        dense.addBlocks(0..<range.count, of: range.count, sums: sums.base)
        defer { withExtendedLifetime((self, sums)) {} }
        return Array(sums.floats.prefix(range.count * dense.width))
    }

    func backward(_ range: Range<Int>) -> [[Float]] {
        for block in 0..<dense.blocks {
            dense.backwardData(samples(range), block: block, kernel: kernel.base)
        }
        defer { withExtendedLifetime(self) {} }
        return range.map { Array(dx[$0].floats) }
    }
}

/// Depths beyond several blocks of rows, with rests; the usual width and others.
private let sizes = [(9000, 256, 3), (4100, 100, 2), (37, 300, 5), (4096, 256, 1), (40, 256, 65)]

@Test(arguments: sizes) func theSumsAreXTimesW(depth: Int, width: Int, samples: Int) {
    let layer = Layer(depth: depth, width: width, samples: samples)
    let sums = layer.forward(0..<samples)
    for sample in 0..<samples {
        for j in 0..<width {
            let wanted = (0..<depth).reduce(0.0) {
                $0 + Double(layer.x[sample].base[$1]) * Double(layer.kernel.base[$1 * width + j])
            }
            guard abs(Double(sums[sample * width + j]) - wanted) > 1e-5 * Double(depth).squareRoot() else { continue }
            Issue.record("sample \(sample), column \(j): \(sums[sample * width + j]) instead of \(wanted)")
            return
        }
    }
}

@Test(arguments: sizes) func theInputsGradientIsThatOfTheNonZeroInputs(depth: Int, width: Int, samples: Int) {
    let layer = Layer(depth: depth, width: width, samples: samples)
    for (sample, dx) in layer.backward(0..<samples).enumerated() {
        for row in 0..<depth {
            let isZero = layer.x[sample].base[row] == 0
            let wanted =
                isZero
                ? 0
                : (0..<width).reduce(0.0) {
                    $0 + Double(layer.d[sample].base[$1]) * Double(layer.kernel.base[row * width + $1])
                }
            guard abs(Double(dx[row]) - wanted) > (isZero ? 0 : 1e-5 * Double(width).squareRoot()) else { continue }
            Issue.record("sample \(sample), row \(row): \(dx[row]) instead of \(wanted)")
            return
        }
    }
}

@Test(arguments: sizes) func whatASampleGetsDoesNotDependOnTheOthers(depth: Int, width: Int, samples: Int) {
    let layer = Layer(depth: depth, width: width, samples: samples)
    let (sums, gradients) = (layer.forward(0..<samples), layer.backward(0..<samples))
    for sample in 0..<samples {
        let alone = layer.forward(sample..<sample + 1)
        #expect(alone == Array(sums[sample * width..<(sample + 1) * width]))
        let isEqual = layer.backward(sample..<sample + 1) == [gradients[sample]]
        #expect(isEqual)
    }
}

@Test(arguments: sizes, [Float(1), 0.999])
func backwardAndTheStepInOnePassGiveTheSameBits(size: (Int, Int, Int), kept: Float) {
    let (depth, width, samples) = size
    let (apart, together) = (
        Layer(depth: depth, width: width, samples: samples), Layer(depth: depth, width: width, samples: samples)
    )
    let sgd = SGDStep(learningRate: 0.25, momentum: 0, nesterov: false, kept: kept)
    let gradients = apart.backward(0..<samples)
    apart.dense.step(
        apart.samples(0..<samples), rows: 0..<depth, sgd: sgd, apart.kernel.base, velocity: nil,
        into: apart.kernel.base)
    for block in 0..<together.dense.blocks {
        together.dense.backwardDataAndStep(
            together.samples(0..<samples), block: block, sgd: sgd, kernel: together.kernel.base)
    }
    let (sameGradients, sameKernels) = (
        together.dx.map { Array($0.floats) } == gradients, Array(together.kernel.floats) == Array(apart.kernel.floats)
    )
    #expect(sameGradients)
    #expect(sameKernels)
    let start = numbers(depth * width, item: 9)
    let moved = Array(together.kernel.floats) != Array(start.floats)
    #expect(moved)
    // The samples are only pointers into the layers.
    withExtendedLifetime((apart, together, start)) {}
}
