/// How a tensor starts, as Keras' defaults have it.
public enum Initializer: Hashable, Sendable {
    case zeros
    case ones
    /// Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010).
    case glorotUniform(fanIn: Int, fanOut: Int)
}

/// One tensor's place in the flat buffer.
public struct Parameter: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Changed by the gradient.
        case trainable
        /// A moving statistic, changed by the batch's own; its place in a gradient buffer holds that statistic.
        case statistic
        /// A dense kernel whose gradient travels as the two factors of X^T D and never lies in a gradient buffer.
        case factored
    }

    /// The contract's name, such as "encoder.1.conv1.kernel".
    public let name: String
    /// In Keras' order: HWIO, (h, w, out, in) for transposed convolutions, (in, out) for dense layers.
    public let shape: [Int]
    public let role: Role
    public let initializer: Initializer
    /// In floats from the start of the buffer.
    public let offset: Int

    public var count: Int { shape.reduce(1, *) }
    public var range: Range<Int> { offset..<offset + count }
}

/// The names, shapes and places of all of a model's parameters in one flat buffer of floats.
///
/// A factored tensor comes last, so that what has an ordinary gradient is one range from 0.
public struct ParameterLayout: Sendable {
    public private(set) var parameters: [Parameter] = []
    public private(set) var count = 0

    public init() {}

    /// The floats that a gradient buffer holds: everything but the factored tensor.
    public var gradientCount: Int { factored?.offset ?? count }

    public var factored: Parameter? { parameters.last.flatMap { $0.role == .factored ? $0 : nil } }

    /// A part of the buffer, that from the float `first` on, cut where its parameters end: for each of them, by its
    /// place in `parameters`, which of its elements the part has, and where.
    public func pieces(
        of part: UnsafeMutableBufferPointer<Float>, from first: Int
    ) -> [(index: Int, elements: Range<Int>, floats: UnsafeMutableBufferPointer<Float>)] {
        let range = first..<first + part.count
        precondition(first >= 0 && range.upperBound <= count, "\(range) of \(count) parameters")
        return parameters.indices.compactMap { index in
            let parameter = parameters[index]
            let common = parameter.range.clamped(to: range)
            if common.isEmpty { return nil }
            return (
                index, common.lowerBound - parameter.offset..<common.upperBound - parameter.offset,
                UnsafeMutableBufferPointer(rebasing: part[common.lowerBound - first..<common.upperBound - first])
            )
        }
    }

    /// The rows of the factored tensor that lie in a range, which must not cut a row.
    public func rows(in range: Range<Int>) -> Range<Int> {
        guard let factored else { return 0..<0 }
        let part = range.clamped(to: factored.range)
        let width = factored.shape[1]
        precondition(
            (part.lowerBound - factored.offset) % width == 0 && part.count % width == 0, "\(range) cuts a row")
        return (part.lowerBound - factored.offset) / width..<(part.upperBound - factored.offset) / width
    }

    /// Where the factored tensor's rows begin within a part of the buffer that has some.
    public func placeOfRows(in range: Range<Int>) -> Int {
        max(factored!.offset, range.lowerBound) - range.lowerBound
    }

    public var trainableCount: Int {
        parameters.reduce(0) { $0 + ($1.role == .statistic ? 0 : $1.count) }
    }

    public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// Lays a tensor behind those that are there.
    mutating func append(_ name: String, _ shape: [Int], _ role: Parameter.Role, _ initializer: Initializer) {
        precondition(factored == nil, "\(name) comes after the factored tensor")
        let parameter = Parameter(name: name, shape: shape, role: role, initializer: initializer, offset: count)
        parameters.append(parameter)
        count += parameter.count
    }
}

/// Collects declarations in the order of the network and lays the factored tensor last.
public struct ParameterDeclarations: Sendable {
    private var declared: [(name: String, shape: [Int], role: Parameter.Role, initializer: Initializer)] = []

    public init() {}

    public mutating func declare(
        _ name: String, _ shape: [Int], _ initializer: Initializer, role: Parameter.Role = .trainable
    ) {
        precondition(!declared.contains { $0.name == name }, "\(name) is declared twice")
        declared.append((name, shape, role, initializer))
    }

    public func layout() -> ParameterLayout {
        var layout = ParameterLayout()
        for one in declared where one.role != .factored {
            layout.append(one.name, one.shape, one.role, one.initializer)
        }
        for one in declared where one.role == .factored {
            layout.append(one.name, one.shape, one.role, one.initializer)
        }
        return layout
    }
}
