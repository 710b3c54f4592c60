/// The discrete Fourier transform of a power of two of complex numbers, by Stockham's algorithm with butterflies of
/// four.
///
/// X[k] = sum of x[j] exp(-2 pi i j k / n). Used on one thread at a time.
final class PowerOfTwoFFT {
    let size: Int

    /// exp(-2 pi i j / n).
    private let twiddles: ComplexBuffer
    private let room: ComplexBuffer

    init(size: Int) {
        precondition(size > 0 && size & (size - 1) == 0, "FFT of \(size) numbers")
        self.size = size
        twiddles = ComplexBuffer(count: size, rootsOfUnity: size)
        room = ComplexBuffer(count: size)
    }

    /// Replaces the numbers by their transform.
    func transform(_ numbers: ComplexBuffer) {
        precondition(numbers.count == size, "FFT of \(numbers.count) numbers, not \(size)")
        // Each pass leaves transforms that are shorter by a factor, `stride` of them interleaved.
        var (source, target) = (numbers.numbers, room.numbers)
        var (length, stride) = (size, 1)
        while length > 1 {
            if length % 4 == 0 {
                passOfFour(from: source, to: target, length: length / 4, stride: stride)
                (length, stride) = (length / 4, stride * 4)
            } else {
                passOfTwo(from: source, to: target, stride: stride)
                (length, stride) = (length / 2, stride * 2)
            }
            swap(&source, &target)
        }
        if source != numbers.numbers { numbers.numbers.update(from: source, count: size) }
    }

    private func passOfFour(
        from x: UnsafeMutablePointer<Complex>, to y: UnsafeMutablePointer<Complex>, length: Int, stride: Int
    ) {
        let twiddles = twiddles.numbers
        let quarter = length * stride
        for p in 0..<length {
            let first = p * stride
            let (w1, w2, w3) = (twiddles[first], twiddles[2 * first], twiddles[3 * first])
            for q in 0..<stride {
                let (a, b) = (x[first + q], x[first + q + quarter])
                let (c, d) = (x[first + q + 2 * quarter], x[first + q + 3 * quarter])
                let (sum, difference) = (a + c, a - c)
                let (otherSum, turned) = (b + d, (b - d).turnedBack)
                let place = 4 * first + q
                y[place] = sum + otherSum
                y[place + stride] = (difference + turned) * w1
                y[place + 2 * stride] = (sum - otherSum) * w2
                y[place + 3 * stride] = (difference - turned) * w3
            }
        }
    }

    /// The last pass where the size is no power of four.
    private func passOfTwo(from x: UnsafeMutablePointer<Complex>, to y: UnsafeMutablePointer<Complex>, stride: Int) {
        for q in 0..<stride {
            (y[q], y[q + stride]) = (x[q] + x[q + stride], x[q] - x[q + stride])
        }
    }
}
