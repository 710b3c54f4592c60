import Kernels
import Parameters
import Randomness
import Testing

/// A convolution with random numbers, small enough to be computed by its definition in double precision.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
    let batch: Int
    let height: Int
    let width: Int
    let inputs: Int
    let outputs: Int
    let why: String

    var testDescription: String { "\(batch) of \(height)x\(width), \(inputs) to \(outputs) channels: \(why)" }

    static let all = [
        ConvolutionCase(batch: 1, height: 4, width: 4, inputs: 16, outputs: 16, why: "one small tile"),
        ConvolutionCase(batch: 2, height: 14, width: 9, inputs: 32, outputs: 48, why: "half a block of outputs"),
        ConvolutionCase(batch: 1, height: 12, width: 18, inputs: 64, outputs: 96, why: "large tiles that fit"),
        ConvolutionCase(batch: 3, height: 17, width: 23, inputs: 64, outputs: 64, why: "large tiles with borders"),
        ConvolutionCase(batch: 1, height: 96, width: 96, inputs: 16, outputs: 16, why: "several rounds of tiles"),
        ConvolutionCase(batch: 1, height: 5, width: 6, inputs: 272, outputs: 256, why: "a kernel in parts"),
        ConvolutionCase(
            batch: 5, height: 16, width: 16, inputs: 144, outputs: 144, why: "a kernel in parts, many tiles"),
        ConvolutionCase(batch: 2, height: 48, width: 48, inputs: 80, outputs: 48, why: "rounds, blocks and groups"),
        ConvolutionCase(batch: 1, height: 1, width: 1, inputs: 16, outputs: 16, why: "one pixel"),
        ConvolutionCase(batch: 2, height: 14, width: 9, inputs: 16, outputs: 16, why: "large tiles one way"),
        ConvolutionCase(batch: 2, height: 7, width: 6, inputs: 5, outputs: 3, why: "a part of a block"),
        ConvolutionCase(batch: 1, height: 9, width: 11, inputs: 24, outputs: 40, why: "blocks and parts of blocks"),
    ]

    /// Floats of an activation.
    func count(_ channels: Int) -> Int { batch * (channels + 15) / 16 * 16 * height * width }

    /// Random numbers, and zeros in channels that only fill the last block up.
    func activation(_ channels: Int, item: UInt32) -> FloatBuffer {
        let (buffer, drawn) = (FloatBuffer(count: count(channels)), numbers(count(channels), item: item))
        for n in 0..<batch {
            for c in 0..<channels {
                for pixel in 0..<height * width {
                    let place = offset(n, c, pixel / width, pixel % width, of: channels)
                    buffer.base[place] = drawn.base[place]
                }
            }
        }
        return buffer
    }

    /// Offset of channel c at a pixel in `[n][c / 16][h][w][16]`.
    func offset(_ n: Int, _ c: Int, _ y: Int, _ x: Int, of channels: Int) -> Int {
        (((n * ((channels + 15) / 16) + c / 16) * height + y) * width + x) * 16 + c % 16
    }

    /// Calls `body` with each pixel, each tap that falls inside, and the pixel that the tap falls on.
    func forEachTap(_ body: (_ n: Int, _ y: Int, _ x: Int, _ tap: Int, _ fromY: Int, _ fromX: Int) -> Void) {
        for n in 0..<batch {
            for y in 0..<height {
                for x in 0..<width {
                    for tap in 0..<9 {
                        let (fromY, fromX) = (y + tap / 3 - 1, x + tap % 3 - 1)
                        guard (0..<height).contains(fromY), (0..<width).contains(fromX) else { continue }
                        body(n, y, x, tap, fromY, fromX)
                    }
                }
            }
        }
    }
}

/// Random numbers in -1...1.
func numbers(_ count: Int, item: UInt32) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    CounterGenerator(seed: 3, purpose: .probe, item: item).fillUniform(buffer.floats)
    for i in 0..<count { buffer.base[i] = 2 * buffer.base[i] - 1 }
    return buffer
}

/// The L2 norm of the difference over that of what is wanted.
func relativeError(_ found: FloatBuffer, _ wanted: [Double]) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for i in wanted.indices {
        difference += (Double(found.base[i]) - wanted[i]) * (Double(found.base[i]) - wanted[i])
        norm += wanted[i] * wanted[i]
    }
    return (difference / norm).squareRoot()
}

/// How a convolution is computed.
enum Algorithm: CaseIterable, Sendable {
    case winograd, direct

    /// Winograd's large tiles round a few times more than the definition.
    var tolerance: Double { self == .winograd ? 8e-6 : 1e-6 }

    func kernels(_ shape: ConvolutionCase) -> any ConvolutionKernels {
        switch self {
        case .winograd:
            WinogradConvolution(
                batch: shape.batch, height: shape.height, width: shape.width, inputs: shape.inputs,
                outputs: shape.outputs)
        case .direct:
            DirectConvolution(
                batch: shape.batch, height: shape.height, width: shape.width, inputs: shape.inputs,
                small: (shape.height, shape.width), outputs: shape.outputs, kernel: 3, stride: 1, before: (1, 1),
                isImage: false)
        }
    }
}

struct ConvolutionTests {

    /// Working memory full of NaN: nothing that was not written may be read.
    private func scratch(_ convolution: any ConvolutionKernels, _ pass: ConvolutionPass) -> FloatBuffer {
        let scratch = FloatBuffer(count: convolution.scratchByteCount(pass) / 4 + 64)
        scratch.floats.update(repeating: .nan)
        return scratch
    }

    /// Did the kernels write beyond their working memory?
    private func isWithin(_ scratch: FloatBuffer) -> Bool { scratch.floats.suffix(64).allSatisfy(\.isNaN) }

    @Test(arguments: ConvolutionCase.all, Algorithm.allCases)
    func aConvolutionIsThatOfItsDefinition(_ shape: ConvolutionCase, _ algorithm: Algorithm) {
        let input = shape.activation(shape.inputs, item: 0)
        let kernel = numbers(9 * shape.inputs * shape.outputs, item: 1)
        let bias = numbers(shape.outputs, item: 2)
        var wanted = [Double](repeating: 0, count: shape.count(shape.outputs))
        shape.forEachTap { n, y, x, tap, fromY, fromX in
            for k in 0..<shape.outputs {
                var sum = tap == 4 ? Double(bias.base[k]) : 0  // The centre is always inside.
                for c in 0..<shape.inputs {
                    sum +=
                        Double(kernel.base[(tap * shape.inputs + c) * shape.outputs + k])
                        * Double(input.base[shape.offset(n, c, fromY, fromX, of: shape.inputs)])
                }
                wanted[shape.offset(n, k, y, x, of: shape.outputs)] += sum
            }
        }
        let convolution = algorithm.kernels(shape)
        let scratch = scratch(convolution, .forward)
        let output = FloatBuffer(count: wanted.count)
        for relu in [false, true] {
            convolution.convolve(
                input.base, kernel: kernel.base, bias: bias.base, relu: relu, into: output.base, scratch: scratch.base)
            let error = relativeError(output, relu ? wanted.map { max($0, 0) } : wanted)
            #expect(error < algorithm.tolerance, "relu \(relu)")
        }
        #expect(isWithin(scratch))
    }

    @Test(arguments: ConvolutionCase.all, Algorithm.allCases)
    func gradientsAreThoseOfTheDefinition(_ shape: ConvolutionCase, _ algorithm: Algorithm) {
        let input = shape.activation(shape.inputs, item: 0)
        let kernel = numbers(9 * shape.inputs * shape.outputs, item: 1)
        let gradient = shape.activation(shape.outputs, item: 2)
        var ofInput = [Double](repeating: 0, count: input.count)
        var ofKernel = [Double](repeating: 0, count: kernel.count)
        shape.forEachTap { n, y, x, tap, fromY, fromX in
            for k in 0..<shape.outputs {
                let d = Double(gradient.base[shape.offset(n, k, y, x, of: shape.outputs)])
                for c in 0..<shape.inputs {
                    let place = shape.offset(n, c, fromY, fromX, of: shape.inputs)
                    let weight = (tap * shape.inputs + c) * shape.outputs + k
                    ofInput[place] += d * Double(kernel.base[weight])
                    ofKernel[weight] += d * Double(input.base[place])
                }
            }
        }
        let convolution = algorithm.kernels(shape)
        let (inputGradient, kernelGradient) = (FloatBuffer(count: input.count), FloatBuffer(count: kernel.count))
        let forData = scratch(convolution, .backwardData)
        convolution.convolveTransposed(
            gradient.base, kernel: kernel.base, bias: nil, into: inputGradient.base, scratch: forData.base)
        #expect(relativeError(inputGradient, ofInput) < algorithm.tolerance)
        #expect(isWithin(forData))
        if let direct = convolution as? DirectConvolution {
            let sum = FloatBuffer(count: input.count)
            for i in 0..<input.count { sum.base[i] = input.base[i] }
            direct.addTransposed(gradient.base, kernel: kernel.base, to: sum.base, scratch: forData.base)
            #expect((0..<input.count).allSatisfy { sum.base[$0] == input.base[$0] + inputGradient.base[$0] })
        }
        let forWeights = scratch(convolution, .backwardWeights)
        convolution.kernelGradient(
            input.base, outputGradient: gradient.base, into: kernelGradient.base, scratch: forWeights.base)
        // Of a single pixel, eight of nine taps have gradient zero, which rounding leaves its traces in.
        if shape.height > 1 { #expect(relativeError(kernelGradient, ofKernel) < algorithm.tolerance) }
        #expect(isWithin(forWeights))
    }
}
