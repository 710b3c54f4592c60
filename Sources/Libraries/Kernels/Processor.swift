internal import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// A kind of processor that the kernels are compiled for. All kinds compute the same bits.
public enum Processor: String, CaseIterable, Sendable {
    /// x86-64 with vectors of 16 floats.
    case avx512
    /// x86-64 with vectors of 8 floats and fused multiply-adds.
    case avx2
    /// Arm's 64-bit processors.
    case neon
    /// Any processor; where it has no fused multiply-adds they are made of other operations.
    case plain

    /// The environment variable that asks for less than the machine has.
    public static let variable = "HBN_PROCESSOR"

    /// Does this machine run them?
    public var isAvailable: Bool { hbn_kernels_named(rawValue) != nil }

    /// The best that this machine runs.
    public static var best: Processor { allCases.first { $0.isAvailable } ?? .plain }

    /// What this process computes with: chosen once.
    public static let current: Processor = {
        switch choice {
        case .success(let processor): processor
        case .failure(let refusal): fatalError(refusal.description)
        }
    }()

    /// What the environment asks for cannot be had.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    /// Throws where the environment asks for what is not there; for a program to say so before it does anything.
    public static func check() throws(Refusal) { _ = try choice.get() }

    private static let choice: Result<Processor, Refusal> = Result { () throws(Refusal) in
        guard let asked = getenv(variable).map({ String(cString: $0) }), !asked.isEmpty else { return best }
        return try named(asked)
    }

    static func named(_ name: String) throws(Refusal) -> Processor {
        let available = allCases.filter(\.isAvailable)
        guard let processor = available.first(where: { $0.rawValue == name }) else {
            let problem =
                Processor(rawValue: name) == nil ? "no kind of processor is called that" : "this machine has it not"
            throw Refusal(
                description: "\(variable)=\(name): \(problem); use \(available.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return processor
    }

    var kernels: hbn_kernels { hbn_kernels_named(rawValue)!.pointee }
}

/// Does the calling thread compute as IEEE 754 says: to nearest, and with subnormal numbers? Whoever computes bits
/// asks.
public var arithmeticIsIEEE: Bool { hbn_arithmetic_is_ieee() }

/// The kernels of the chosen kind. Constant, and free of state.
nonisolated(unsafe) let kernels = Processor.current.kernels
