/// The C structures of one protobuf-c message, freed together when it is encoded.
public final class EncodingStore {
    private var allocations: [UnsafeMutableRawPointer] = []

    public init() {}

    deinit {
        for allocation in allocations { allocation.deallocate() }
    }

    /// A structure that `initialize`, the generated function of its type, and then `fill` have written.
    public func make<Body>(
        _ initialize: (UnsafeMutablePointer<Body>?) -> Void, _ fill: (inout Body) -> Void
    ) -> UnsafeMutablePointer<Body> {
        let body: UnsafeMutablePointer<Body> = allocate(1)
        initialize(body)
        fill(&body.pointee)
        return body
    }

    /// A copy that ends in a zero byte.
    public func string(_ text: String) -> UnsafeMutablePointer<CChar> { numbers(Array(text.utf8CString)).0 }

    /// A copy of an array, and how long it is.
    public func numbers<Number>(_ numbers: [Number]) -> (UnsafeMutablePointer<Number>, Int) {
        let copy: UnsafeMutablePointer<Number> = allocate(numbers.count)
        for (i, number) in numbers.enumerated() { copy[i] = number }
        return (copy, numbers.count)
    }

    /// Messages in a message, as the generated structures hold them, and how many they are.
    public func list<Body>(
        _ bodies: [UnsafeMutablePointer<Body>]
    ) -> (UnsafeMutablePointer<UnsafeMutablePointer<Body>?>, Int) {
        numbers(bodies.map { $0 })
    }

    /// The bytes of a whole message, by `size` and `pack`, the generated functions of its type.
    public func packed<Body>(
        _ message: UnsafePointer<Body>, size: (UnsafePointer<Body>?) -> Int,
        pack: (UnsafePointer<Body>?, UnsafeMutablePointer<UInt8>?) -> Int
    ) -> [UInt8] {
        let count = size(message)
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, written in
            written = pack(message, bytes.baseAddress)
            precondition(written == count, "protobuf-c wrote \(written) of \(count) bytes")
        }
    }

    /// Places for so many elements, not yet initialized.
    public func allocate<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        allocations.append(UnsafeMutableRawPointer(pointer))
        return pointer
    }
}
