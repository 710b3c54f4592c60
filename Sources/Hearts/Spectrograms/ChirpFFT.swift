/// The discrete Fourier transform of any number of complex numbers, by Bluestein's algorithm: as a convolution with a
/// chirp, which transforms of a power of two compute. Used on one thread at a time.
final class ChirpFFT {
    let size: Int

    /// exp(-pi i j^2 / n).
    private let chirp: ComplexBuffer
    /// The transform of the conjugate chirp, from -n to n, divided by its size.
    private let response: ComplexBuffer
    private let convolution: PowerOfTwoFFT
    private let room: ComplexBuffer

    init(size: Int) {
        precondition(size > 0, "FFT of \(size) numbers")
        self.size = size
        var padded = 1
        while padded < 2 * size - 1 { padded *= 2 }
        (chirp, response) = (ComplexBuffer(count: size), ComplexBuffer(count: padded))
        (convolution, room) = (PowerOfTwoFFT(size: padded), ComplexBuffer(count: padded))
        let (chirp, response) = (chirp.numbers, response.numbers)
        for j in 0..<size {
            // Whole turns are left out while the numbers are whole.
            chirp[j] = Complex(angle: -.pi * Double(j * j % (2 * size)) / Double(size))
            let share = chirp[j].conjugate * Complex(1 / Double(padded), 0)
            response[j] = share
            response[(padded - j) % padded] = share
        }
        convolution.transform(self.response)
    }

    /// Replaces the numbers by their transform.
    func transform(_ numbers: ComplexBuffer) {
        precondition(numbers.count == size, "FFT of \(numbers.count) numbers, not \(size)")
        let (x, chirp, response, room) = (numbers.numbers, chirp.numbers, response.numbers, room.numbers)
        for j in 0..<size { room[j] = x[j] * chirp[j] }
        for j in size..<convolution.size { room[j] = Complex(0, 0) }
        convolution.transform(self.room)
        // The conjugate's transform is the inverse one's conjugate.
        for j in 0..<convolution.size { room[j] = (room[j] * response[j]).conjugate }
        convolution.transform(self.room)
        for k in 0..<size { x[k] = room[k].conjugate * chirp[k] }
    }
}
