import Digests
import Foundation
import Testing

@testable import ElementaryFunctions

/// A function, the system's own, and arguments that are spread over a range.
struct Comparison: Sendable, CustomTestStringConvertible {
    let name: String
    let function: @Sendable (Double) -> Double
    let system: @Sendable (Double) -> Double
    let low: Double
    let high: Double
    /// How far the two may be apart, in units in the last place.
    let distance: Double

    var testDescription: String { "\(name) from \(low) to \(high)" }

    /// Made of exact operations only, so that they are the same everywhere.
    var arguments: [Double] {
        (0..<20_000).map { index in
            let fraction = (Double(index) * 0x1.3c6ef372fe95p-1).truncatingRemainder(dividingBy: 1)
            return low + (high - low) * fraction
        }
    }

    private static func comparisons(
        _ name: String, _ function: @escaping @Sendable (Double) -> Double,
        _ system: @escaping @Sendable (Double) -> Double, _ ranges: (Double, Double)..., distance: Double = 1
    ) -> [Comparison] {
        ranges.map { low, high in
            Comparison(
                name: name, function: function, system: system, low: low, high: high, distance: distance)
        }
    }

    static let all: [Comparison] =
        comparisons("exp", { Elementary.exp($0) }, { exp($0) }, (-1, 1), (-40, 40), (-745, 709.7))
        + comparisons("log", Elementary.log, { log($0) }, (0, 1e-300), (0, 1), (0.99, 1.01), (0, 1e9), (0, 1e308))
        + comparisons(
            // The system's own is the less exact of the two.
            "log10", { Elementary.log10($0) }, { log10($0) }, (0, 1e-300), (0, 1), (0.99, 1.01), (0, 1e9), (0, 1e308),
            distance: 2)
        + comparisons("sin", Elementary.sin, { sin($0) }, (-1, 1), (-10, 10), (-1e5, 1e5))
        + comparisons("cos", Elementary.cos, { cos($0) }, (-1, 1), (-10, 10), (-1e5, 1e5))
        + comparisons("pow 10", { Elementary.pow(10, $0) }, { pow(10, $0) }, (0, 1), (-30, 30))
        + comparisons("pow 10", { Elementary.pow(10, $0) }, { pow(10, $0) }, (-300, 300), distance: 4)
        + comparisons("pow 1/3", { Elementary.pow($0, 1.0 / 3) }, { pow($0, 1.0 / 3) }, (0, 1), (0, 1e300))
}

@Suite struct ElementaryTests {
    @Test(arguments: Comparison.all) func aFunctionIsTheSystemsToTheLastPlace(_ comparison: Comparison) {
        let worst = comparison.arguments.map { argument in
            let (found, wanted) = (comparison.function(argument), comparison.system(argument))
            return (found == wanted ? 0 : abs(found - wanted) / wanted.ulp, argument)
        }.max { $0.0 < $1.0 }!
        #expect(worst.0 <= comparison.distance, "\(worst.0) units at \(worst.1)")
    }

    /// Where this fails, a processor or a compiler computes something else than the others.
    @Test func theBitsAreTheSameOnEveryProcessor() {
        var digest = SHA256()
        for comparison in Comparison.all {
            comparison.arguments.map { comparison.function($0).bitPattern.littleEndian }
                .withUnsafeBytes { digest.update($0) }
        }
        #expect(digest.finalize() == "cc9b84a8ff60c9c3d26d8e8364486b4d644ab2cf93e6d7082152db2b31258b0b")
    }

    @Test func powersOfTenHaveWholeLogarithms() {
        for power in 0...22 { #expect(Elementary.log10(pow(10, Double(power))) == Double(power)) }
    }

    @Test func whereTheResultIsExactItIsExact() {
        #expect(Elementary.exp(0) == 1 && Elementary.log(1) == 0 && Elementary.log10(1 as Double) == 0)
        #expect(Elementary.sin(0) == 0 && Elementary.cos(0) == 1 && Elementary.sin(-0.0).sign == .minus)
        #expect(Elementary.sin(.pi / 2) == 1 && Elementary.cos(.pi) == -1)
        #expect(Elementary.pow(7, 0) == 1 && Elementary.pow(1, 7) == 1 && Elementary.pow(7, 1) == 7)
        #expect(Elementary.pow(.nan, 0) == 1 && Elementary.pow(1, .nan) == 1 && Elementary.pow(4, 0.5) == 2)
    }

    @Test func beyondTheFiniteNumbersIsTheLimit() {
        #expect(Elementary.exp(.infinity) == .infinity && Elementary.exp(1e300) == .infinity)
        #expect(Elementary.exp(710) == .infinity && Elementary.exp(-.infinity) == 0 && Elementary.exp(-1e300) == 0)
        #expect(Elementary.log(.infinity) == .infinity && Elementary.log(0) == -.infinity)
        #expect(Elementary.log10(Double.infinity) == .infinity && Elementary.log10(-0.0 as Double) == -.infinity)
        #expect(Elementary.pow(0, 2) == 0 && Elementary.pow(0, -2) == .infinity)
        #expect(Elementary.pow(.infinity, 2) == .infinity && Elementary.pow(.infinity, -2) == 0)
        #expect(Elementary.pow(2, .infinity) == .infinity && Elementary.pow(0.5, .infinity) == 0)
        #expect(Elementary.pow(10, 400) == .infinity && Elementary.pow(10, -400) == 0)
    }

    @Test func whatHasNoResultIsNotANumber() {
        for x in [Double.nan, .signalingNaN] {
            #expect(Elementary.exp(x).isNaN && Elementary.log(x).isNaN && Elementary.log10(x).isNaN)
            #expect(Elementary.sin(x).isNaN && Elementary.cos(x).isNaN)
            #expect(Elementary.pow(x, 2).isNaN && Elementary.pow(2, x).isNaN)
        }
        for x in [-1, -.infinity, -.leastNonzeroMagnitude] as [Double] {
            #expect(Elementary.log(x).isNaN && Elementary.log10(x).isNaN && Elementary.pow(x, 0.5).isNaN)
        }
        for x in [-.infinity, .infinity] as [Double] {
            #expect(Elementary.sin(x).isNaN && Elementary.cos(x).isNaN)
        }
    }

    @Test(arguments: [1e5, 1e10, 1e22, 1e100, .greatestFiniteMagnitude] as [Double])
    func greatAnglesAreThoseThatAreLeftOfThem(angle: Double) {
        let (sine, cosine) = (Elementary.sin(angle), Elementary.cos(angle))
        #expect(abs(sine * sine + cosine * cosine - 1) < 1e-15)
        #expect(Elementary.sin(-angle) == -sine && Elementary.cos(-angle) == cosine)
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-310, .leastNormalMagnitude, 1e-20, 0x1p-27])
    func tinyArgumentsAreNoSpecialCase(x: Double) {
        #expect(Elementary.sin(x) == sin(x) && Elementary.cos(x) == 1 && Elementary.exp(-x) <= 1)
        #expect(abs(Elementary.log(x) - log(x)) <= log(x).ulp.magnitude)
        #expect(abs(Elementary.log10(x) - log10(x)) <= log10(x).ulp.magnitude)
        #expect(abs(Elementary.pow(x, 0.5) - x.squareRoot()) <= x.squareRoot().ulp)
    }

    @Test func aFloatIsTheRoundedDouble() {
        for x in [1e-10, 0.3, 7, 3e38, .leastNonzeroMagnitude] as [Float] {
            #expect(Elementary.log10(x) == Float(Elementary.log10(Double(x))))
        }
    }
}
