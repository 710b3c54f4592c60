import AttentionUNet
import Checkpoints
import Foundation
import Parameters
import TensorCore
import Testing
import Training

/// A network that Keras computed in float64: images, parameters, and what it made of them.
///
/// The format stands in `scripts/golden/network.py`.
struct GoldenNetwork: Sendable, CustomTestStringConvertible {
    let name: String
    let settings: ModelSettings
    let images: [Float]
    let labels: [Int32]
    private let file: SafetensorsFile

    static let all = ["small", "odd", "blocked", "deep"].map { try! GoldenNetwork($0) }

    init(_ name: String) throws {
        self.name = name
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/network-\(name).safetensors").path
        file = try SafetensorsFile(path: path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let sizes = try decoder.decode(Sizes.self, from: Data(try #require(file.metadata["network"]).utf8))
        settings = sizes.settings
        images = try file.array(of: "images")
        labels = try file.array(of: "labels")
    }

    private struct Sizes: Decodable {
        let height, width, baseFilters, denseLayers, denseWidth, classes: Int

        var settings: ModelSettings {
            var settings = ModelSettings()
            (settings.height, settings.width, settings.classes) = (height, width, classes)
            (settings.baseFilters, settings.denseLayers, settings.denseWidth) = (baseFilters, denseLayers, denseWidth)
            return settings
        }
    }

    var testDescription: String { name }
    var samples: Int { labels.count }
    var network: Network { .attentionUNet(settings) }

    /// All parameters in the network's layout: kernels by their rule, the others as they stand in the file.
    func parameters() throws -> FloatBuffer {
        let layout = network.parameterLayout
        let buffer = FloatBuffer(count: layout.count)
        for parameter in layout.parameters {
            let floats = buffer.floats(of: parameter)
            if let rule = try rule(parameter.name) {
                for i in floats.indices { floats[i] = rule.value(at: i) }
            } else {
                try file.copy(parameter.name, into: floats)
            }
        }
        return buffer
    }

    /// The images and labels as a step of one shard, without dropout.
    func withShard<Result>(_ body: (ShardInput) throws -> Result) rethrows -> Result {
        try images.withUnsafeBufferPointer { images in
            try labels.withUnsafeBufferPointer { labels in
                try body(
                    ShardInput(
                        samples: samples, images: images.baseAddress!, labels: labels.baseAddress!,
                        stepSamples: samples, dropout: nil))
            }
        }
    }

    /// The rule of a kernel: uniform numbers drawn by their index.
    private struct Rule {
        let seed: UInt64
        let stride: Int
        let scale: Float

        func value(at index: Int) -> Float {
            var z = (seed << 32 | UInt64(index)) &+ 0x9E37_79B9_7F4A_7C15
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            z ^= z >> 31
            return (Float(z >> 40) * 0x1p-24 - 0.5) * scale
        }
    }

    private func rule(_ parameter: String) throws -> Rule? {
        guard file.entry(named: "rule/\(parameter)") != nil else { return nil }
        let rule: [Int32] = try file.array(of: "rule/\(parameter)")
        return Rule(seed: UInt64(rule[0]), stride: Int(rule[1]), scale: try expected("scale/\(parameter)")[0])
    }

    private func expected(_ name: String) throws -> [Float] { try file.array(of: name) }

    /// The names of all that Keras found in training mode.
    var trainingNames: Set<String> {
        let names = file.tensors.map { $0.name.dropPrefix("expected/") ?? "" }
        let results = names.filter { ["loss", "probabilities"].contains($0) || $0.hasPrefix("batch/") }
        return Set(results + names.compactMap { $0.dropPrefix("gradient/") })
    }

    /// The relative L2 error of what was found in training mode under a name of `hbn gradient`'s output, the norm's
    /// error included for a gradient of which only a part is known.
    func trainingError(of name: String, _ found: [Float]) throws -> Double {
        guard let norm = try? expected("expected/norm/\(name)") else {
            return relativeError(found, try expected("expected/\(name)"))
        }
        let step = try rule(name)?.stride ?? 1
        let part = stride(from: 0, to: found.count, by: step).map { found[$0] }
        let wanted = try expected("expected/gradient/\(name)")
        // Batch norm takes away the mean and the scale, so these two gradients are only rounding.
        if name.hasSuffix("attention.result.bias") || name.hasSuffix("attention.psi.bias") {
            let kernel = name.replacing(".bias", with: ".kernel")
            return distance(part, wanted) / Double(try expected("expected/norm/\(kernel)")[0])
        }
        let ofNorm = abs(length(found) / Double(norm[0]) - 1)
        return max(relativeError(part, wanted), ofNorm)
    }

    /// The relative errors of loss and probabilities in inference mode.
    func inferenceError(of name: String, _ found: [Float]) throws -> Double {
        relativeError(found, try expected("expected/inference_\(name)"))
    }
}

/// |found - expected| / |expected|, infinite for another count.
private func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    distance(found, expected) / length(expected)
}

private func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }.squareRoot()
}

private func length(_ a: [Float]) -> Double { a.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
