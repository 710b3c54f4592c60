import Foundation
import TensorCore

extension ConvolutionChoices {
    /// Reads what `write` wrote.
    public init(readingFrom path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RunFailure(.badData, "\(path) cannot be read; hbn benchmark convolutions --output writes such a file")
        }
        do {
            self = try JSONDecoder().decode(ConvolutionChoices.self, from: data)
        } catch {
            throw RunFailure(
                .badData, "\(path) is no file of convolutions; hbn benchmark convolutions --output writes one")
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
