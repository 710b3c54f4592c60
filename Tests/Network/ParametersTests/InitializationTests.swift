import Parameters
import Testing

private let (fanIn, fanOut) = (300, 80)

private let layout = {
    var declarations = ParameterDeclarations()
    declarations.declare("first.kernel", [fanIn, fanOut], .glorotUniform(fanIn: fanIn, fanOut: fanOut))
    declarations.declare("second.kernel", [fanIn, fanOut], .glorotUniform(fanIn: fanIn, fanOut: fanOut))
    declarations.declare("bias", [fanOut], .zeros)
    declarations.declare("gamma", [fanOut], .ones)
    return declarations.layout()
}()

private func initial(_ name: String, seed: UInt64) throws -> [Float] {
    let buffer = layout.initialParameters(seed: seed)
    let parameter = try #require(layout[name])
    return withExtendedLifetime(buffer) { Array(buffer.floats(of: parameter)) }
}

@Test(arguments: [1, 2, .max] as [UInt64]) func glorotNumbersFillTheirIntervalEvenly(seed: UInt64) throws {
    let limit = (6 / Double(fanIn + fanOut)).squareRoot()
    let numbers = try initial("first.kernel", seed: seed).map(Double.init)
    let count = Double(numbers.count)
    #expect(numbers.allSatisfy { abs($0) <= limit * (1 + 1e-6) })
    #expect(try #require(numbers.max()) > 0.999 * limit)
    #expect(try #require(numbers.min()) < -0.999 * limit)
    // Five standard errors of a uniform sample's mean and of its variance, whose kurtosis is 9/5.
    let mean = numbers.reduce(0, +) / count
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let wanted = limit * limit / 3
    #expect(abs(mean) < 5 * (wanted / count).squareRoot())
    #expect(abs(variance / wanted - 1) < 5 * (0.8 / count).squareRoot())
}

@Test func biasesBeginAtZeroAndScalesAtOne() throws {
    #expect(try initial("bias", seed: 1).allSatisfy { $0 == 0 })
    #expect(try initial("gamma", seed: 1).allSatisfy { $0 == 1 })
}

@Test func theSameSeedGivesTheSameBits() throws {
    let (a, b) = (try initial("first.kernel", seed: 3), try initial("first.kernel", seed: 3))
    #expect(zip(a, b).allSatisfy { $0 == $1 })
}

@Test(arguments: [4, 3 + 1 << 32] as [UInt64]) func anotherSeedGivesOtherNumbers(seed: UInt64) throws {
    let (a, b) = (try initial("first.kernel", seed: 3), try initial("first.kernel", seed: seed))
    #expect(zip(a, b).count { $0 == $1 } < a.count / 1000)
}

@Test func tensorsOfOneShapeDiffer() throws {
    let (a, b) = (try initial("first.kernel", seed: 3), try initial("second.kernel", seed: 3))
    #expect(zip(a, b).count { $0 == $1 } < a.count / 1000)
}

@Test(arguments: [0, 1, 1023, 1 << 20]) func aBufferIsZeroAtFirst(count: Int) {
    let buffer = FloatBuffer(count: count)
    #expect(buffer.floats.count == count)
    #expect(buffer.bytes.count == 4 * count)
    #expect(buffer.floats.allSatisfy { $0.bitPattern == 0 })
}

@Test(arguments: [0, 1, 23_999, 24_001, 48_080]) func aPartBeginsAsTheWholeDoes(first: Int) {
    let whole = layout.initialParameters(seed: 3)
    let part = FloatBuffer(count: min(30_000, layout.count - first))
    layout.initialize(part.floats, from: first, seed: 3)
    let isEqual = part.floats.elementsEqual(whole.floats[first..<first + part.count])
    #expect(isEqual)
}
