import Foundation
import Fuzzing

// libFuzzer's main calls these. HBN_FUZZ_TARGET names the parser, without it all are listed; the arguments are
// libFuzzer's.

private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["HBN_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
        exit(name.isEmpty ? 0 : 2)
    }
    return target
}()

/// Writes the seeds to the folder HBN_FUZZ_SEEDS.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafePointer<CInt>, _ arguments: UnsafeRawPointer) -> CInt {
    do {
        let seeds = try target.seeds()
        guard let folder = ProcessInfo.processInfo.environment["HBN_FUZZ_SEEDS"] else { return 0 }
        for (number, seed) in seeds.enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(number)"))
        }
    } catch {
        print("\(target.name): its seeds cannot be written: \(error)")
        exit(74)
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    _ = target.takes(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
