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
