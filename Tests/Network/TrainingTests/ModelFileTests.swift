import AttentionUNet
import Checkpoints
import Examples
import Foundation
import Parameters
import TensorCore
import Testing
import Training

private let layout = SmallRun.layout
private let parameters = layout.initialParameters(seed: 5)
private let velocity = layout.initialParameters(seed: 6)

@Test func parametersAndVelocityComeBackAsTheyWere() throws {
    let file = try ModelFileOnDisk(parameters, velocity: velocity, metadata: ["step": "12"]).open()
    try file.verify()
    #expect(file.metadata["step"] == "12")
    let read = try layout.read(file)
    // Compared outside of the expectation, which would describe millions of numbers where they differ.
    let isEqual = withExtendedLifetime(read) { read.floats.elementsEqual(parameters.floats) }
    #expect(isEqual)
    let found = FloatBuffer(count: layout.count)
    try layout.read(file, ofVelocity: true, from: 0, into: found.floats)
    for parameter in layout.parameters {
        // Statistics have no velocity.
        let wanted = velocity.floats(of: parameter).map { parameter.role == .statistic ? 0 : $0 }
        let isEqual = found.floats(of: parameter).elementsEqual(wanted)
        #expect(isEqual, "\(parameter.name)")
    }
}

@Test(arguments: [false, true]) func aPartIsReadWithoutTheRest(ofVelocity: Bool) throws {
    let file = try ModelFileOnDisk(parameters, velocity: velocity).open()
    let whole = FloatBuffer(count: layout.count)
    try layout.read(file, ofVelocity: ofVelocity, from: 0, into: whole.floats)
    for first in [0, 1, layout.count / 3, layout.gradientCount - 2, layout.count - 1] {
        let part = FloatBuffer(count: min(5_000, layout.count - first))
        try layout.read(file, ofVelocity: ofVelocity, from: first, into: part.floats)
        let isEqual = part.floats.elementsEqual(whole.floats[first..<first + part.count])
        #expect(isEqual, "from \(first)")
    }
}

@Test func aFileHasTheContractsNamesAndNoOthers() throws {
    let file = try ModelFileOnDisk(parameters, velocity: velocity).open()
    let names = layout.parameters.map(\.name)
    let momenta = layout.parameters.filter { $0.role != .statistic }.map { "momentum/\($0.name)" }
    #expect(Set(file.tensors.map(\.name)) == Set(names + momenta))
    #expect(file.tensors.count == names.count + momenta.count)
    for parameter in layout.parameters {
        #expect(file.entry(named: parameter.name)?.shape == parameter.shape, "\(parameter.name)")
    }
}

@Test func withoutMomentumThereIsNoVelocity() throws {
    let file = try ModelFileOnDisk(parameters).open()
    let place = FloatBuffer(count: layout.count)
    #expect(throws: CheckpointError.self) { try layout.read(file, ofVelocity: true, from: 0, into: place.floats) }
    #expect(file.tensors.count == layout.parameters.count)
}

@Test func theModelsSizesAreReadFromItsParameters() throws {
    let file = try ModelFileOnDisk(parameters).open()
    let model = try ModelSettings(
        parametersOf: file, height: SmallRun.model.height, width: SmallRun.model.width)
    #expect(model == SmallRun.model)
}

@Test func parametersOfAnotherModelAreRefused() throws {
    let file = try ModelFileOnDisk(parameters).open()
    for change in [\ModelSettings.baseFilters, \.height, \.denseWidth, \.denseLayers, \.classes] {
        var model = SmallRun.model
        model[keyPath: change] *= 2
        let other = Network.attentionUNet(model).parameterLayout
        #expect(throws: CheckpointError.self) { try other.read(file) }
    }
}
