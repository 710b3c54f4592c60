import Testing

@testable import Reports

struct AxisTests {
    @Test(arguments: [
        ([0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0.0021, 0.0079], ["0.002", "0.003", "0.004", "0.005", "0.006", "0.007", "0.008"]),
        ([3, 470], ["0", "100", "200", "300", "400", "500"]),
        ([-1, 1], ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        ([0.2, .nan, 0.7, .infinity], ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]),
    ])
    func ticksAreTidyAndCoverTheValues(values: [Double], expected: [String]) throws {
        let axis = try #require(Axis(label: "", covering: values))
        #expect(axis.ticks.map(axis.text) == expected)
        for value in values.filter(\.isFinite) { #expect((0...1).contains(axis.position(of: value))) }
    }

    @Test(arguments: [
        ([1], ["0", "1", "2"]), ([1, 3], ["1", "2", "3"]), ([1, 30], ["5", "10", "15", "20", "25", "30"]),
    ])
    func epochsAreWholeNumbers(values: [Double], expected: [String]) throws {
        let axis = try #require(Axis(label: "", covering: values, leastSpan: 2, whole: true))
        #expect(axis.ticks.map(axis.text) == expected)
    }

    @Test func limitsAreNotPassed() throws {
        let axis = try #require(Axis(label: "", covering: [0.97, 1], leastSpan: 0.1, limits: 0...1))
        #expect(axis.upper == 1 && axis.lower <= 0.97)
    }

    @Test(arguments: [
        [], [.nan], [.infinity, -.infinity], [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude],
    ])
    func noAxisWithoutANumber(values: [Double]) {
        #expect(Axis(label: "", covering: values) == nil)
    }

    @Test(arguments: [0, .leastNonzeroMagnitude, 1e-300, 1e300, -7, 1e15])
    func oneValueIsEnough(value: Double) throws {
        let axis = try #require(Axis(label: "", covering: [value]))
        #expect(axis.position(of: value).isFinite && axis.ticks.count < 20)
    }
}
