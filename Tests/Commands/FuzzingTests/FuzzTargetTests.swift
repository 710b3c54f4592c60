import Foundation
import Fuzzing
import Randomness
import Testing

/// A few inputs of what scripts/fuzz tries a million of, without a fuzzer's guidance.
@Suite(.serialized) struct FuzzTargetTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func itsOwnSeedsAreTaken(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = try target.seeds()
        #expect(!seeds.isEmpty)
        for seed in seeds { #expect(seed.withUnsafeBytes(target.takes), "\(name): \(seed)") }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func whatIsMadeOfItsSeedsDoesNoHarm(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let refused = try mutations(of: target.seeds(), count: 1000).count { !$0.withUnsafeBytes(target.takes) }
        #expect(refused > 50)
    }

    /// Inputs that once did harm.
    @Test func whatWasFoundIsMended() throws {
        let findings = try #require(
            FileManager.default.enumerator(
                at: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Findings"),
                includingPropertiesForKeys: nil, options: .skipsHiddenFiles))
        for case let file as URL in findings where !file.hasDirectoryPath {
            let name = file.deletingLastPathComponent().lastPathComponent
            let target = try #require(FuzzTarget.all.first { $0.name == name }, "Findings/\(name)")
            _ = try Data(contentsOf: file).withUnsafeBytes(target.takes)
        }
    }

    /// Seeds with bytes changed, cut out and repeated.
    private func mutations(of seeds: [[UInt8]], count: Int) -> [[UInt8]] {
        var draws = Draws()
        return (0..<count).map { number in
            var bytes = seeds[number % seeds.count]
            for _ in 0...number % 4 where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &draws)
                let end = Int.random(in: place...min(place + 9, bytes.count), using: &draws)
                switch UInt8.random(in: 0..<4, using: &draws) {
                case 0: bytes.removeSubrange(place..<end)
                case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
                case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &draws)!
                default: bytes[place] = .random(in: 0...255, using: &draws)
                }
            }
            return bytes
        }
    }
}

/// The same draws every time.
private struct Draws: RandomNumberGenerator {
    private var index: UInt64 = 0

    mutating func next() -> UInt64 {
        defer { index += 1 }
        let words = CounterGenerator(seed: 1, purpose: .probe).words(at: index)
        return UInt64(words.x) << 32 | UInt64(words.y)
    }
}
