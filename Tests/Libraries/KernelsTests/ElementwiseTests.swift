import Kernels
import Parameters
import Testing

@Test(arguments: [0, 1, 31, 1000]) func additionAddsEveryElementOnce(count: Int) {
    let (a, b) = (numbers(count, item: 3), numbers(count, item: 4))
    let wanted = zip(a.floats, b.floats).map(+)
    let apart = FloatBuffer(count: count)
    add(a.base, b.base, into: apart.base, count: count)
    #expect(Array(apart.floats) == wanted)
    addWithReLU(a.base, b.base, into: apart.base, count: count)
    #expect(Array(apart.floats) == wanted.map { max($0, 0) })
    add(b.base, to: a.base, count: count)
    #expect(Array(a.floats) == wanted)
}

@Test(arguments: [(1, 16, 5), (3, 48, 7), (2, 32, 64)], [false, true])
func aBiasGradientIsTheSumOverSamplesAndPixels(size: (Int, Int, Int), throughReLU: Bool) {
    let (batch, channels, pixels) = size
    let count = batch * channels * pixels
    let (gradient, output) = (numbers(count, item: 5), numbers(count, item: 6))
    var passed = Array(gradient.floats)
    if throughReLU { for i in 0..<count where output.base[i] <= 0 { passed[i] = 0 } }
    var wanted = [Double](repeating: 0, count: channels)
    for i in 0..<count {
        let block = i / (16 * pixels) % (channels / 16)
        wanted[block * 16 + i % 16] += Double(passed[i])
    }
    let sums = FloatBuffer(count: channels)
    biasGradient(
        batch: batch, channels: channels, pixels: pixels, output: throughReLU ? output.base : nil,
        gradient: gradient.base, into: sums.base)
    #expect(Array(gradient.floats) == passed)
    #expect(relativeError(sums, wanted) < 1e-6)
}

/// Whole blocks of sixteen, of eight, one block of all channels, and a last block that is not full.
@Test(arguments: [48, 16, 5, 40, 21]) func aLineOfPixelsIsFlattenedAndItsGradientComesBack(channels: Int) {
    let pixels = 7
    let blocks = (channels + 15) / 16
    let line = PixelLine(pixels: pixels, channels: channels, blockStride: pixels * 16 + 3)
    let activation = numbers(blocks * line.blockStride, item: 7)
    let row = FloatBuffer(count: pixels * channels)
    line.flatten(activation.base, into: row.base)
    func place(_ pixel: Int, _ c: Int) -> Int { c / 16 * line.blockStride + pixel * 16 + c % 16 }
    for pixel in 0..<pixels {
        for c in 0..<channels {
            #expect(row.base[pixel * channels + c] == activation.base[place(pixel, c)])
        }
    }

    for i in stride(from: 0, to: row.count, by: 3) { row.base[i] = 0 }
    let rowGradient = numbers(row.count, item: 8)
    let gradient = FloatBuffer(count: activation.count)
    gradient.floats.update(repeating: .nan)
    line.unflattenGradient(rowGradient.base, row: row.base, scale: 2, into: gradient.base)
    for pixel in 0..<pixels {
        for c in 0..<blocks * 16 {
            let i = pixel * channels + c
            let passes = c < channels && row.base[i] != 0
            #expect(gradient.base[place(pixel, c)] == (passes ? 2 * rowGradient.base[i] : 0))
        }
    }
}
