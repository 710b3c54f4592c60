import Checkpoints
import Foundation
import Testing

/// The elements of the tensor, a little more than 2^31 bytes.
private let count = 1 << 29 + 1000
/// The elements that are not zero: at the ends, and where an offset in bytes or elements would overflow.
private let places = [0, 1, 1 << 29 - 1, 1 << 29, 1 << 29 + 1, count - 1]

/// `count` floats, of which only the pages at `places` take memory.
private func withSparseFloats(_ body: (UnsafeBufferPointer<Float>) throws -> Void) throws {
    let byteCount = count * MemoryLayout<Float>.size
    let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    let start = try #require(pages != MAP_FAILED ? pages : nil)
    defer { munmap(start, byteCount) }
    madvise(start, byteCount, MADV_HUGEPAGE)  // Zeros are mapped faster, and still all from one page.
    let floats = start.bindMemory(to: Float.self, capacity: count)
    for (index, place) in places.enumerated() { floats[place] = Float(index + 1) }
    try body(UnsafeBufferPointer(start: floats, count: count))
}

/// The memory that mapped files take of this process, in bytes.
private func residentFileBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
    return try #require(Int(line.filter(\.isNumber))) << 10
}

// The network has tensors beyond 2^31 bytes, so no length on the way to a file and back may have 32 bits. `write`
// itself takes less than that at a time.
@Test func aTensorBeyond31BitsIsWrittenAtOnceAndReadBackInLittleMemory() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("large.safetensors")
    try withSparseFloats { floats in
        var writer = try SafetensorsWriter(path: path, tensors: [TensorEntry(name: "a", shape: [count])])
        try writer.write(UnsafeRawBufferPointer(floats))
        try writer.finish()
    }

    let residentBefore = try residentFileBytes()
    let file = try SafetensorsFile(path: path)
    try file.verify()
    #expect(try residentFileBytes() - residentBefore < 512 << 20)
    #expect(file.entry(named: "a")?.byteCount == count * 4)

    var byteCount = 0
    try file.forEachBlock(of: "a") { byteCount += $0.count }
    #expect(byteCount == count * 4)
    var bytes: [UInt8] = []
    try file.forEachBlock(of: "a", range: 1 << 31 - 5..<1 << 31 + 8) { bytes += $0 }
    let values: [Float] = [3, 4, 5]
    #expect(bytes == [0] + values.withUnsafeBytes { Array($0) })

    var floats = [Float](repeating: -1, count: 5)
    try floats.withUnsafeMutableBufferPointer { try file.copy("a", range: 1 << 29 - 2..<1 << 29 + 3, into: $0) }
    #expect(floats == [0, 3, 4, 5, 0])
    let tensor = try #require(try file.tensorInPlace("a"))
    #expect(tensor.count == count)
    #expect(places.map { tensor.floats[$0] } == [1, 2, 3, 4, 5, 6])
}
