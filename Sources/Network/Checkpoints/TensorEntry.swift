/// What a file says of a tensor: its name, element type and shape.
public struct TensorEntry: Hashable, Sendable {
    public let name: String
    public let dataType: DataType
    public let shape: [Int]
    public let byteCount: Int

    public var elementCount: Int { byteCount / dataType.byteCount }

    public init(name: String, shape: [Int], dataType: DataType = .float32) {
        guard let byteCount = Self.byteCount(shape: shape, dataType: dataType) else {
            preconditionFailure("\(name): a tensor cannot have the shape \(shape)")
        }
        self.name = name
        self.dataType = dataType
        self.shape = shape
        self.byteCount = byteCount
    }

    /// The size of a tensor in bytes, or nil if no memory could hold it.
    static func byteCount(shape: [Int], dataType: DataType) -> Int? {
        var count = dataType.byteCount
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if extent < 0 || overflow { return nil }
            count = product
        }
        return count
    }
}
