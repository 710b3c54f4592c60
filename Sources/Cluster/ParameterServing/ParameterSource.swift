import Checkpoints
import Parameters
import Training

/// The parameters, and with momentum the velocity, that servers begin with. Each float is made or read where it is
/// wanted, so that nobody holds those of others.
package struct ParameterSource: Sendable {
    /// Steps applied.
    package let version: UInt64
    private let fill: @Sendable (UnsafeMutableBufferPointer<Float>, _ first: Int, _ ofVelocity: Bool) throws -> Void

    /// The start of a run.
    package init(initial layout: ParameterLayout, seed: UInt64) {
        version = 0
        fill = { part, first, ofVelocity in
            if ofVelocity {
                part.update(repeating: 0)
            } else {
                layout.initialize(part, from: first, seed: seed)
            }
        }
    }

    /// The start of a run with a file's parameters.
    package init(initial file: SafetensorsFile, layout: ParameterLayout) throws {
        try layout.check(file)
        version = 0
        fill = { part, first, ofVelocity in
            if ofVelocity {
                part.update(repeating: 0)
            } else {
                try layout.read(file, from: first, into: part)
            }
        }
    }

    /// A checkpoint's, whose floats are read as they are wanted.
    package init(_ file: SafetensorsFile, layout: ParameterLayout, version: UInt64) throws {
        try layout.check(file)
        self.version = version
        fill = { part, first, ofVelocity in
            try layout.read(file, ofVelocity: ofVelocity, from: first, into: part)
        }
    }

    /// Parameters in memory, as the start of a run without momentum.
    package init(_ parameters: FloatBuffer) {
        version = 0
        fill = { part, first, _ in
            part.baseAddress?.update(from: parameters.base + first, count: part.count)
        }
    }

    /// Writes the floats from `first` on.
    package func write(to part: UnsafeMutableBufferPointer<Float>, from first: Int, ofVelocity: Bool) throws {
        try fill(part, first, ofVelocity)
    }
}
