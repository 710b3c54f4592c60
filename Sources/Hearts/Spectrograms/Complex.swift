import ElementaryFunctions

/// A complex number.
struct Complex {
    let real: Double
    let imaginary: Double

    @inline(__always) init(_ real: Double, _ imaginary: Double) { (self.real, self.imaginary) = (real, imaginary) }

    /// exp(i angle), the angle in radians.
    init(angle: Double) { self.init(Elementary.cos(angle), Elementary.sin(angle)) }

    @inline(__always) var conjugate: Complex { Complex(real, -imaginary) }

    /// Times -i.
    @inline(__always) var turnedBack: Complex { Complex(imaginary, -real) }

    @inline(__always) static func + (a: Complex, b: Complex) -> Complex {
        Complex(a.real + b.real, a.imaginary + b.imaginary)
    }

    @inline(__always) static func - (a: Complex, b: Complex) -> Complex {
        Complex(a.real - b.real, a.imaginary - b.imaginary)
    }

    @inline(__always) static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
    }
}

/// Complex numbers that stay where they are in memory.
final class ComplexBuffer {
    let count: Int
    let numbers: UnsafeMutablePointer<Complex>

    init(count: Int) {
        self.count = count
        numbers = .allocate(capacity: count)
        numbers.initialize(repeating: Complex(0, 0), count: count)
    }

    /// exp(-2 pi i j / n), the first `count` of them.
    convenience init(count: Int, rootsOfUnity n: Int) {
        self.init(count: count)
        for j in 0..<count { numbers[j] = Complex(angle: -2 * .pi * Double(j) / Double(n)) }
    }

    deinit { numbers.deallocate() }
}
