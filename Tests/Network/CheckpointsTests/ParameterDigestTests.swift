import Checkpoints
import Testing

/// The digest of one tensor.
private func digest(name: String = "a", shape: [Int] = [2, 3], first: Float = 1) -> String {
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    values[0] = first
    var digest = ParameterDigest()
    digest.begin(TensorEntry(name: name, shape: shape))
    values.withUnsafeBytes { digest.update($0) }
    return digest.finalize()
}

@Test func theDigestDependsOnNameShapeAndEveryByte() {
    let digests = [
        digest(), digest(name: "b"), digest(shape: [3, 2]), digest(shape: [6]), digest(first: Float(1).nextUp),
        digest(first: 0), digest(first: -0.0),
    ]
    #expect(Set(digests).count == digests.count)
    #expect(digest() == digests[0])
}

@Test func momentumIsLeftOutAndTheOrderIsThatOfTheBytes() {
    let names = ["head.dense2.kernel", "momentum/head.dense2.kernel", "head.dense10.kernel", "Zeta", "é", "z"]
    let entries = names.map { TensorEntry(name: $0, shape: [1]) }
    #expect(
        ParameterDigest.sorted(entries).map(\.name)
            == ["Zeta", "head.dense10.kernel", "head.dense2.kernel", "z", "é"])
}

@Test func valuesInMemoryHaveTheDigestOfTheirFile() throws {
    let file = try SafetensorsFile(path: golden("foreign.safetensors"))
    var digest = ParameterDigest()
    for entry in ParameterDigest.sorted(file.tensors) {
        digest.begin(entry)
        try file.withBytes(of: entry.name) { bytes in
            let half = bytes.count / 2
            digest.update(UnsafeRawBufferPointer(rebasing: bytes[..<half]))
            digest.update(UnsafeRawBufferPointer(rebasing: bytes[half...]))
        }
    }
    #expect(try digest.finalize() == ParameterDigest.digest(of: file))
}
