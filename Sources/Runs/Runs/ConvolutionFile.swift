import AttentionUNet
import Files
import Foundation
import Programs
import TensorCore
import Training

extension ConvolutionChoices {
    /// Reads what `write` wrote, for the model that was measured.
    public init(readingFrom path: String, for model: ModelSettings) throws {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try RegularFile.contents(of: path, atMost: 1 << 24)
        } catch {
            throw RunFailure(.badData, "\(error); hbn benchmark convolutions --output writes such a file")
        }
        do {
            self = try JSONDecoder().decode(ConvolutionChoices.self, from: Data(bytes))
        } catch {
            if let unknown = try? JSONDecoder().decode(ConvolutionNames.self, from: Data(bytes)).unknown() {
                let known = ConvolutionAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                throw RunFailure(
                    .badData,
                    "\(path): this version has no algorithm \(unknown), only \(known); measure anew with hbn benchmark "
                        + "convolutions")
            }
            throw RunFailure(
                .badData, "\(path) is no file of convolutions; hbn benchmark convolutions --output writes one")
        }
        let keys = Network.attentionUNet(model).convolutionKeys
        if let foreign = measured.keys.sorted().first(where: { !keys.contains($0) }) {
            throw RunFailure(
                .badData,
                "\(path) is about another model: this one has no \(foreign); measure it with hbn benchmark convolutions "
                    + "--height \(model.height) --width \(model.width) --base-filters \(model.baseFilters)")
        }
    }

    /// Writes the choices as JSON, the same choices always the same bytes.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        var file = try AtomicFile(path: path)
        try file.write(Array(encoder.encode(self)))
        try file.commit()
    }
}
