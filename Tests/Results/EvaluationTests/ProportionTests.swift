import Evaluation
import Testing

struct ProportionTests {
    /// Bounds by `scipy.stats.binomtest(part, whole).proportion_ci(method="wilson")`.
    @Test(arguments: GoldenProportion.all) func intervalIsThatOfSciPy(golden: GoldenProportion) throws {
        let interval = try #require(Proportion(golden.part, of: golden.whole).interval)
        #expect(agree(interval.lower, golden.lower))
        #expect(agree(interval.upper, golden.upper))
    }

    @Test func nothingOfNothingIsUnknown() {
        #expect(Proportion(0, of: 0).value == nil)
        #expect(Proportion(0, of: 0).interval == nil)
    }
}
