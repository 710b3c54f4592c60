import Checkpoints
import Foundation
import Parameters
import Training

/// A file of the small model, removed with the value.
package final class ModelFileOnDisk {
    package let path = FileManager.default.temporaryDirectory.appending(path: "hbn-\(UUID()).safetensors").path

    package init(_ parameters: FloatBuffer, velocity: FloatBuffer? = nil, metadata: [String: String] = [:]) throws {
        try ModelFile.write(
            to: path, layout: SmallRun.layout, withVelocity: velocity != nil, metadata: metadata
        ) { range, isVelocity, sink in
            // In pieces, as from several servers.
            let source = isVelocity ? velocity! : parameters
            let middle = range.lowerBound + range.count / 3
            for piece in [range.lowerBound..<middle, middle..<range.upperBound] {
                try sink(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(source.floats)[piece]))
            }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func open() throws -> SafetensorsFile { try SafetensorsFile(path: path) }
}
