/// A parser of bytes from outside, as a fuzzer drives it.
public struct FuzzTarget: Sendable {
    public let name: String
    /// Inputs that it takes, to begin with.
    public let seeds: @Sendable () throws -> [[UInt8]]
    private let parse: @Sendable (UnsafeRawBufferPointer) throws -> Void

    init(
        _ name: String, seeds: @autoclosure @escaping @Sendable () throws -> [[UInt8]],
        parse: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) {
        (self.name, self.seeds, self.parse) = (name, seeds, parse)
    }

    /// True if the parser takes the input, false if it refuses it. All else ends the process: a crash, and a promise
    /// that what it took does not keep.
    public func takes(_ input: UnsafeRawBufferPointer) -> Bool {
        do {
            try parse(input)
            return true
        } catch {
            return false
        }
    }

    /// Every parser of bytes from outside.
    public static let all: [FuzzTarget] = [
        .header, .packedRows, .safetensors, .sound, .image, .configuration, .convolutions, .clusterKey, .reference,
        .records, .patients, .patient, .pascal, .table, .people, .history,
    ]
}

/// An input that is refused by no error of its own.
struct Refused: Error {}

func promise(_ kept: Bool, _ what: @autoclosure () -> String) {
    if !kept { fatalError("a promise is broken: \(what())") }
}
