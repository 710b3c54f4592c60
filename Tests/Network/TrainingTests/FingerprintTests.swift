import Testing

@testable import Training

@Test func aFingerprintIsTheSameEachTimeAndOnAnyThread() async throws {
    let first = try Fingerprint.compute()
    let second = try await Task.detached { try Fingerprint.compute() }.value
    #expect(first == second)
    #expect(first.count == 64)
}
