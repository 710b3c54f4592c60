internal import CSoxr
import Digests
import Foundation
import Testing

@testable import Audio

/// They change the environment, so one runs at a time.
@Suite(.serialized) struct ResamplingTests {
    private let sound = Sound(sampleRate: 11_025, samples: (0..<30_000).map { Float($0 * 7919 % 201 - 100) / 128 })

    private func digest() throws -> String {
        let samples = try sound.resampled(to: 2000).samples
        return samples.map(\.bitPattern.littleEndian).withUnsafeBytes { SHA256.digest(of: $0) }
    }

    @Test(arguments: [
        "SOXR_USE_SIMD": "1", "SOXR_COEF_INTERP": "3", "SOXR_MIN_DFT_SIZE": "15",
    ])
    func theEnvironmentDecidesNothing(name: String, value: String) throws {
        let before = try digest()
        setenv(name, value, 1)
        defer { unsetenv(name) }
        #expect(try digest() == before)
    }

    @Test func noProcessorGetsAnEngineOfItsOwn() throws {
        setenv("SOXR_USE_SIMD", "1", 1)
        Sound.choosePlainEngine()
        var quality = soxr_quality_spec(CUnsignedLong(SOXR_VHQ), 0)
        let resampler = try #require(soxr_create(44_100, 2000, 1, nil, nil, &quality, nil))
        defer { soxr_delete(resampler) }
        // The other is "cr64s".
        #expect(String(cString: soxr_engine(resampler)) == "cr64")
    }

    /// soxr computes in double precision, and what processors and libraries make different of that is all but always lost where
    /// it becomes a float.
    @Test func theSamplesAreTheSameOnEveryProcessor() throws {
        let found = try digest()
        #expect(found == "994c31ca3623864a4a64b694724a5b6b9cf07891d23c663e941d9a113ed3827f")
    }
}
