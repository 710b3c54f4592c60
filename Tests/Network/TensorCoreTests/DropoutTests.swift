import Testing

@testable import TensorCore

private let rate: Float = 0.3
private let shape = Shape(9, 7, 20)

/// Two samples of ones through flatten and dropout; nil draws nothing.
private func dropped(
    _ dropout: Dropout?, rate: Float = rate
) throws -> [[Float]] {
    let bench = LayerBench(batch: 2, [shape], [.blocks]) {
        $0.flattenAndDropout($1[0], named: "layer", rate: rate)
    }
    bench.setInput(to: [Float](repeating: 1, count: 2 * shape.count))
    bench.context.dropout = dropout
    let output = bench.forward()
    return [Array(output[..<shape.count]), Array(output[shape.count...])]
}

private let key = Dropout(seed: 3, step: 40, samples: [11, 5])

@Test func dropoutDropsItsShareAndScalesTheRest() throws {
    for sample in try dropped(key) {
        let zeros = sample.count { $0 == 0 }
        let expected = Double(rate) * Double(shape.count)
        // Five standard deviations of a binomial.
        #expect(abs(Double(zeros) - expected) < 5 * (expected * Double(1 - rate)).squareRoot())
        #expect(sample.allSatisfy { $0 == 0 || $0 == 1 / (1 - rate) })
    }
}

@Test func theSameKeyDropsTheSameNumbers() throws {
    #expect(try dropped(key) == dropped(key))
}

@Test(arguments: [
    Dropout(seed: 4, step: 40, samples: [11, 5]), Dropout(seed: 3, step: 41, samples: [11, 5]),
    Dropout(seed: 3, step: 40, samples: [12, 6]), Dropout(seed: 3 + 1 << 32, step: 40, samples: [11, 5]),
])
func anotherSeedStepOrSampleDropsOthers(_ other: Dropout) throws {
    for (a, b) in zip(try dropped(key), try dropped(other)) {
        // Independent draws agree in 0.3^2 + 0.7^2 of all places.
        let agreement = Double(zip(a, b).count { $0 == $1 }) / Double(shape.count)
        #expect(abs(agreement - 0.58) < 0.1)
    }
}

@Test func aSamplesDrawsDoNotDependOnItsPlaceInTheShard() throws {
    let swapped = try dropped(Dropout(seed: 3, step: 40, samples: [5, 11]))
    #expect(try dropped(key) == swapped.reversed())
}

@Test func theTwoSamplesOfAShardDiffer() throws {
    let samples = try dropped(key)
    #expect(samples[0] != samples[1])
}

@Test func nothingIsDroppedWithoutAKeyOrARate() throws {
    let untouched = [Float](repeating: 1, count: shape.count)
    #expect(try dropped(nil) == [untouched, untouched])
    #expect(try dropped(key, rate: 0) == [untouched, untouched])
}

@Test func flatteningKeepsTheOrderOfRowsColumnsAndChannels() throws {
    let bench = LayerBench(batch: 2, [shape], [.blocks]) {
        $0.flattenAndDropout($1[0], named: "layer", rate: rate)
    }
    let numbers = (0..<2 * shape.count).map(Float.init)
    bench.setInput(to: numbers)
    #expect(bench.forward() == numbers)
}
