import Parameters
import Testing

private func declarations(factored: Bool = true) -> ParameterDeclarations {
    var declarations = ParameterDeclarations()
    declarations.declare("conv.kernel", [3, 3, 2, 5], .glorotUniform(fanIn: 18, fanOut: 45))
    declarations.declare("conv.bias", [5], .zeros)
    declarations.declare(
        "dense1.kernel", [70, 4], .glorotUniform(fanIn: 70, fanOut: 4), role: factored ? .factored : .trainable)
    declarations.declare("dense1.bias", [4], .zeros)
    declarations.declare("norm.gamma", [5], .ones)
    declarations.declare("norm.moving_mean", [5], .zeros, role: .statistic)
    return declarations
}

@Test func theFactoredTensorComesLastAndTheOthersInTheirOrder() {
    let layout = declarations().layout()
    #expect(
        layout.parameters.map(\.name) == [
            "conv.kernel", "conv.bias", "dense1.bias", "norm.gamma", "norm.moving_mean", "dense1.kernel",
        ])
    #expect(layout.factored?.name == "dense1.kernel")
    #expect(layout.gradientCount == 90 + 5 + 4 + 5 + 5)
    #expect(layout.count == layout.gradientCount + 280)
}

@Test func withoutAFactoredTensorEverythingHasAGradient() {
    let layout = declarations(factored: false).layout()
    #expect(layout.factored == nil)
    #expect(layout.gradientCount == layout.count)
    #expect(layout.parameters.map(\.name)[2] == "dense1.kernel")
}

@Test(arguments: [true, false]) func tensorsFollowOneAnotherWithoutGapOrOverlap(factored: Bool) {
    let layout = declarations(factored: factored).layout()
    var end = 0
    for parameter in layout.parameters {
        #expect(parameter.offset == end, "\(parameter.name)")
        #expect(parameter.count == parameter.shape.reduce(1, *), "\(parameter.name)")
        end = parameter.range.upperBound
    }
    #expect(layout.count == end)
}

@Test func statisticsAreNotTrained() {
    let layout = declarations().layout()
    #expect(layout.trainableCount == layout.count - 5)
}

@Test func aTensorIsFoundByItsNameOnly() {
    let layout = declarations().layout()
    #expect(layout["norm.gamma"]?.shape == [5])
    #expect(layout["norm.Gamma"] == nil)
}

@Test func anEmptyLayoutHasNothing() {
    let layout = ParameterDeclarations().layout()
    #expect(layout.count == 0)
    #expect(layout.gradientCount == 0)
    #expect(layout.factored == nil)
}

/// A tensor of 10 floats, and a factored kernel of 1000 rows of 4.
private let placed = {
    var declarations = ParameterDeclarations()
    declarations.declare("conv.kernel", [10], .zeros)
    declarations.declare("dense.kernel", [1000, 4], .zeros, role: .factored)
    return declarations.layout()
}()

/// (part, whether a server can hold it, whether one that multiplies can)
@Test(arguments: [
    (0..<4010, true, true), (0..<10, true, true), (0..<7, true, true), (3..<7, true, true), (7..<4010, true, true),
    (0..<14, true, false), (14..<4010, true, false), (0..<12, false, false), (13..<4010, false, false),
    (0..<4011, false, false), (-1..<10, false, false), (0..<Int.max, false, false), (4010..<4010, true, true),
])
func aServersPartCutsNoRowOrBlockOfRows(part: Range<Int>, ofRows: Bool, ofBlocks: Bool) {
    #expect(placed.canBePart(part, ofBlocks: false) == ofRows)
    #expect(placed.canBePart(part, ofBlocks: true) == ofBlocks)
}

@Test(
    arguments: [
        ([0..<4010], true), ([0..<10, 10..<4010], true), ([0..<5, 5..<4010], true), ([], false), ([0..<10], false),
        ([10..<4010, 0..<10], false), ([0..<10, 11..<4010], false), ([0..<10, 9..<4010], false),
        ([0..<12, 12..<4010], false), ([0..<4010, 4010..<4011], false),
    ] as [([Range<Int>], Bool)])
func partsFollowOneAnotherToTheEnd(parts: [Range<Int>], areParts: Bool) {
    #expect(placed.areParts(parts, ofBlocks: false) == areParts)
}
