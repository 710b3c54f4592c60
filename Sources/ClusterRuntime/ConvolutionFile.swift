import AttentionUNet
import Foundation
import TensorCore

extension ConvolutionChoices {
    /// Reads what `write` wrote, for a model of which it must know a convolution.
    public init(readingFrom path: String, for model: ModelSettings) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RunFailure(.badData, "\(path) cannot be read; hbn benchmark convolutions --output writes such a file")
        }
        do {
            self = try JSONDecoder().decode(ConvolutionChoices.self, from: data)
        } catch {
            throw RunFailure(
                .badData, "\(path) is no file of convolutions; hbn benchmark convolutions --output writes one")
        }
        let keys = Network.attentionUNet(model).convolutionKeys
        let known = measured.keys.contains { keys.contains($0) }
        guard known || measured.isEmpty else {
            throw RunFailure(
                .badData,
                "\(path) knows no convolution of a model of \(model.height)x\(model.width) with \(model.baseFilters) "
                    + "base filters; measure that with hbn benchmark convolutions")
        }
    }

    /// Writes the choices as JSON, the same choices always the same bytes.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch {
            throw RunFailure(.inputOutput, "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
