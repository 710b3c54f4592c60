import Checkpoints
import Foundation
import Testing

@testable import TensorCore

/// Single layers that Keras computed in float64 (`scripts/golden/layers.py`).
struct GoldenLayers: Sendable {
    private let file: SafetensorsFile

    static let shared = GoldenLayers()

    private init() {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/layers.safetensors").path
        file = try! SafetensorsFile(path: path)
    }

    subscript(name: String) -> [Float] { get throws { try file.array(of: name) } }

    func integers(_ name: String) throws -> [Int32] { try file.array(of: name) }

    func has(_ name: String) -> Bool { file.entry(named: name) != nil }

    /// The batch size and a sample's shape of `[n, h, w, c]` or `[n, c]`.
    func extent(of name: String) throws -> (batch: Int, shape: Shape) {
        let shape = try #require(file.entry(named: name)).shape
        return shape.count == 4
            ? (shape[0], Shape(shape[1], shape[2], shape[3])) : (shape[0], Shape(1, 1, shape[1]))
    }
}

/// |found - expected| / |expected|, infinite for another count.
func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let (distance, length) = zip(found, expected).reduce((0.0, 0.0)) { sums, pair in
        let (found, expected) = (Double(pair.0), Double(pair.1))
        return (sums.0 + (found - expected) * (found - expected), sums.1 + expected * expected)
    }
    return (distance / length).squareRoot()
}

func expectAgreement(
    _ name: String, _ found: [Float], _ expected: [Float], tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = relativeError(found, expected)
    #expect(error <= tolerance, "\(name) has a relative error of \(error)", sourceLocation: sourceLocation)
}
