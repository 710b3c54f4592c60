import Checkpoints
import Foundation
import Testing
import Training

/// A batch that does not suit the parameters, and the word that the complaint must have.
private struct BadBatch: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: [Int]
    let labels: [Int32]
    let word: String

    static let all = [
        BadBatch(testDescription: "label too large", shape: [2, 16, 32, 3], labels: [0, 2], word: "labels"),
        BadBatch(testDescription: "negative label", shape: [2, 16, 32, 3], labels: [0, -1], word: "labels"),
        BadBatch(testDescription: "too few labels", shape: [2, 16, 32, 3], labels: [0], word: "labels"),
        BadBatch(testDescription: "no sample", shape: [0, 16, 32, 3], labels: [], word: "images"),
        BadBatch(testDescription: "one channel", shape: [1, 16, 32, 1], labels: [0], word: "images"),
        BadBatch(testDescription: "no batch axis", shape: [16, 32, 3], labels: [0], word: "images"),
        BadBatch(testDescription: "height 20", shape: [1, 20, 32, 3], labels: [0], word: "height 20"),
        BadBatch(testDescription: "width 0", shape: [1, 16, 0, 3], labels: [0], word: "width 0"),
        BadBatch(testDescription: "another size", shape: [1, 32, 32, 3], labels: [0], word: "head.dense1.kernel"),
    ]
}

@Test(arguments: BadBatch.all) private func aBatchThatDoesNotSuitIsNamed(_ bad: BadBatch) throws {
    let files = try GradientFiles(try GoldenNetwork("small"))
    try files.writeBatch(
        images: [Float](repeating: 0, count: bad.shape.reduce(1, *)), shape: bad.shape, labels: bad.labels)
    let error = try #require(throws: CheckpointError.self) { try files.run(GradientFile()) }
    #expect(error.description.contains(bad.word))
    #expect(!error.description.contains("\n"))
    #expect(!FileManager.default.fileExists(atPath: files.output))
}

@Test func aFileOfAnotherModelIsRefused() throws {
    let files = try GradientFiles(try GoldenNetwork("small"))
    let error = try #require(throws: CheckpointError.self) {
        try GradientFile().write(to: files.output, parameters: files.batch, batch: files.batch)
    }
    #expect(error.description.contains("encoder.1.conv1.bias"))
}

@Test func aFileThatIsNotThereIsNamed() throws {
    let files = try GradientFiles(try GoldenNetwork("small"))
    let error = try #require(throws: CheckpointError.self) {
        try GradientFile().write(to: files.output, parameters: files.output, batch: files.batch)
    }
    #expect(error.description.contains(files.output))
}
