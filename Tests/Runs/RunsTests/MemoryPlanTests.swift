import Runs
import Testing
import Training
import TrainingData

private func roles(_ preset: Preset, _ change: (inout RunConfiguration) -> Void = { _ in }) throws -> [MemoryPlan.Role]
{
    var configuration = preset.configuration
    change(&configuration)
    return try MemoryPlan(configuration).roles()
}

private func bytes(_ what: String, _ role: MemoryPlan.Role) -> Int {
    role.items.filter { $0.what.hasPrefix(what) }.reduce(0) { $0 + $1.bytes }
}

@Test(arguments: [Preset.quick, .notebook]) func twoServersHoldTheParametersBetweenThem(preset: Preset) throws {
    let roles = try roles(preset)
    let parts = roles[1...2].map { $0.items[0].bytes }
    #expect(parts.reduce(0, +) == roles[0].items[0].bytes)
    // Where gradients come, they need memory too; the larger part is not much more than half.
    let held = roles[1...2].map { bytes("parameters", $0) + bytes("gradients", $0) }
    #expect(held.max()! * 100 < held.reduce(0, +) * 54, "\(held)")
    for role in roles { #expect(role.total == role.items.reduce(0) { $0 + $1.bytes }, "\(role.name)") }
}

@Test func theNotebooksParametersAreHeldOnce() throws {
    let roles = try roles(.notebook)
    #expect(roles[0].items[0].bytes == 2_070_110_598 * 4)
    #expect(roles[0].total < 10_000_000_000)
    #expect(bytes("parameters of the next step", roles[0]) == 0)
    // 31.7 million parameters are not the first dense layer's kernel.
    #expect(bytes("parameters", roles[3]) == (2_070_110_598 - 7_962_624 * 256) * 4)
}

@Test func momentumCostsAVelocityAndAWorkersProductsTheKernel() throws {
    let plain = try roles(.quick) { $0.optimizer.momentum = 0 }
    let moved = try roles(.quick) { $0.optimizer.momentum = 0.9 }
    #expect(bytes("velocity", plain[0]) == 0)
    #expect(bytes("velocity", moved[0]) == 2 * moved[0].items[0].bytes)
    let atWorkers = try roles(.quick) { $0.densePlacement = .worker }
    #expect(atWorkers[3].items[0].bytes == atWorkers[0].items[0].bytes)
}
