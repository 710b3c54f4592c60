import Kernels

/// What a random draw is for. Draws of different purposes never share a counter.
public enum Purpose: UInt32, Sendable {
    case shuffle = 1
    case augmentation = 2
    case dropout = 3
    case initialization = 4
    case synthesis = 5
    case split = 6
    case probe = 7
    case bootstrap = 8
    case audit = 9
}

/// A counter-based generator: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
///
/// A draw is a pure function of (seed, purpose, round, item, index), so it never depends on the worker, the thread or
/// the time of drawing. `round` is an epoch or a step, `item` a sample, a shard or a tensor.
public struct CounterGenerator: Sendable {
    private let key: SIMD2<UInt32>
    private let purpose: UInt32
    private let round: UInt32
    private let item: UInt32

    public init(seed: UInt64, purpose: Purpose, round: UInt32 = 0, item: UInt32 = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.purpose = purpose.rawValue << 24
        self.round = round
        self.item = item
    }

    /// The four words of block `index`; `index` is below 2^56.
    @inlinable public func words(at index: UInt64) -> SIMD4<UInt32> {
        Self.philox(counter: counter(at: index), key: keyWords)
    }

    @usableFromInline var keyWords: SIMD2<UInt32> { key }

    @usableFromInline func counter(at index: UInt64) -> SIMD4<UInt32> {
        SIMD4(UInt32(truncatingIfNeeded: index), purpose | UInt32(truncatingIfNeeded: index >> 32), round, item)
    }

    /// Writes uniform numbers in [0, 1) with 24 bits: `output[i]` is the draw of index `offset + i`.
    public func fillUniform(_ output: UnsafeMutableBufferPointer<Float>, offset: Int = 0) {
        var i = 0
        while i < output.count {
            let index = UInt64(offset + i)
            let blocks = (output.count - i) / 4
            if index & 3 == 0 && blocks > 0 {
                Kernels.fillUniform(
                    output.baseAddress! + i, blocks: blocks, first: index >> 2, key: key, purpose: purpose,
                    round: round, item: item)
                i += 4 * blocks
                continue
            }
            let words = words(at: index >> 2)
            var lane = Int(index & 3)
            while lane < 4 && i < output.count {
                output[i] = Self.unit(words[lane])
                lane += 1
                i += 1
            }
        }
    }

    /// A sequence of draws, for code that consumes a varying number of them.
    public func stream() -> CounterStream { CounterStream(self) }

    @inlinable static func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

    @inlinable static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var c0 = counter[0]
        var c1 = counter[1]
        var c2 = counter[2]
        var c3 = counter[3]
        var k0 = key[0]
        var k1 = key[1]
        for _ in 0..<10 {
            let p0 = UInt64(c0) &* 0xD251_1F53
            let p1 = UInt64(c2) &* 0xCD9E_8D57
            c0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
            c1 = UInt32(truncatingIfNeeded: p1)
            c2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
            c3 = UInt32(truncatingIfNeeded: p0)
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return SIMD4(c0, c1, c2, c3)
    }
}

/// The draws of one generator in order, usable wherever Swift takes a `RandomNumberGenerator`.
///
/// The standard library's algorithms on top of a generator may change between Swift versions, so everything that
/// decides a run's bits uses the functions here.
public struct CounterStream: RandomNumberGenerator, Sendable {
    private let generator: CounterGenerator
    private var index: UInt64 = 0
    private var block = SIMD4<UInt32>()

    init(_ generator: CounterGenerator) { self.generator = generator }

    public mutating func nextWord() -> UInt32 {
        if index & 3 == 0 { block = generator.words(at: index >> 2) }
        defer { index += 1 }
        return block[Int(index & 3)]
    }

    public mutating func next() -> UInt64 {
        let low = UInt64(nextWord())
        return UInt64(nextWord()) << 32 | low
    }

    /// A uniform number in [low, high).
    public mutating func uniform(_ low: Double = 0, _ high: Double = 1) -> Double {
        low + (high - low) * (Double(next() >> 11) * 0x1p-53)
    }

    /// A whole number in 0..<bound, without bias (Lemire's rejection).
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0 && bound <= 1 << 32, "below: bound \(bound)")
        let bound = UInt64(bound)
        let threshold = (1 << 32) % bound
        while true {
            let product = UInt64(nextWord()) * bound
            if product & 0xFFFF_FFFF >= threshold { return Int(product >> 32) }
        }
    }

    /// A Fisher-Yates shuffle.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for i in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(i, below(i + 1))
        }
    }
}
