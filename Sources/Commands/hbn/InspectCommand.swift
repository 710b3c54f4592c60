import ArgumentParser
import Checkpoints
import Foundation
import Programs
import Runs

/// `hbn inspect`: what stands in a safetensors file.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Print the tensors and metadata of a checkpoint, or one digest of its parameters.")

    @Argument(help: "A safetensors file, or a run folder: then its final model, or else its newest good checkpoint.")
    var file: String

    @Option(help: RunParameters.help)
    var parameters: RunParameters?

    @Flag(help: "Print only the SHA-256 over names, shapes and bytes of all parameters.")
    var digest = false

    func run() throws {
        try reportingFailures {
            let file = try open()
            if digest {
                print(try ParameterDigest.digest(of: file))
            } else {
                print(Self.description(of: file))
            }
        }
    }

    private func open() throws -> SafetensorsFile {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
        if exists && isFolder.boolValue { return try SafetensorsFile(ofRun: file, parameters) }
        guard parameters == nil else {
            throw RunFailure(.unusableArguments, "--parameters goes with a run's folder; \(file) is none")
        }
        let single = try SafetensorsFile(path: file)
        if single.isVerifiable { try single.verify() }
        return single
    }

    /// A table of the tensors, their sums, and the metadata.
    static func description(of file: SafetensorsFile) -> String {
        let header = ["tensor", "type", "shape", "bytes"]
        let rows = file.tensors.map { tensor in
            let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: " x ")
            return [tensor.name.onOneLine, tensor.dataType.rawValue, shape, tensor.byteCount.grouped]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        let table = ([header] + rows).map { row in
            let cells = zip(row.dropLast(), widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            let bytes = String(repeating: " ", count: widths[3] - row[3].count) + row[3]
            return (cells + [bytes]).joined(separator: "  ")
        }
        let elements = file.tensors.reduce(0) { $0 + $1.elementCount }
        let bytes = file.tensors.reduce(0) { $0 + $1.byteCount }
        let sum = "\(file.tensors.count) tensors, \(elements.grouped) elements, \(bytes.grouped) bytes"
        let metadata = file.metadata.sorted { $0.key < $1.key }.map { "\($0.key.onOneLine) = \($0.value.onOneLine)" }
        return ([file.path.onOneLine] + table + [sum] + metadata).joined(separator: "\n")
    }
}

extension String {
    /// Text from a file, escaped if it would break the line.
    var onOneLine: String {
        unicodeScalars.contains { $0.properties.generalCategory == .control } ? debugDescription : self
    }
}
