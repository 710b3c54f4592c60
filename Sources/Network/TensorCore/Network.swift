import Parameters

/// The extent of one sample's activation, channels last.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
    public let height: Int
    public let width: Int
    public let channels: Int

    public init(_ height: Int, _ width: Int, _ channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    public var count: Int { height * width * channels }
    public var description: String { "\(height)x\(width)x\(channels)" }
}

/// An edge of the network: what one layer makes and others take.
public struct Value: Hashable, Sendable {
    let index: Int
}

/// One layer as it is declared: its values, its parameters' names and its cost. Compiling it makes an `Operation`.
protocol Layer: Sendable {
    /// The contract's name of the layer, such as "encoder.1.conv1".
    var name: String { get }
    /// What it does, in a few words.
    var summary: String { get }
    var kind: LayerDescription.Kind { get }
    var inputs: [Value] { get }
    var output: Value { get }
    /// The names of its parameters.
    var parameters: [String] { get }
    /// Multiply-adds of a forward pass of one sample, in convolutions and dense layers.
    var multiplyAdds: Int { get }

    func compile(_ builder: PlanBuilder) -> Operation
}

extension Layer {
    var parameters: [String] { [] }
    var multiplyAdds: Int { 0 }
}

/// A network, declared once, layer by layer in the order of computing. `Plan` compiles it for a batch size.
///
/// There is no tape: the order is fixed, and backward runs it in reverse.
public struct Network: Sendable {
    private(set) var layers: [any Layer] = []
    private(set) var shapes: [Shape]
    private var declarations = ParameterDeclarations()
    /// Outputs of the softmax.
    public private(set) var classes = 0

    /// The images: `[n, height, width, channels]`.
    public let input = Value(index: 0)
    /// The names, shapes and places of the parameters; complete when the last layer is declared.
    public var parameterLayout: ParameterLayout { declarations.layout() }

    public init(input: Shape) { shapes = [input] }

    public func shape(of value: Value) -> Shape { shapes[value.index] }

    mutating func makeValue(_ shape: Shape) -> Value {
        shapes.append(shape)
        return Value(index: shapes.count - 1)
    }

    mutating func append(_ layer: some Layer) -> Value {
        layers.append(layer)
        return layer.output
    }

    mutating func declare(
        _ name: String, _ shape: [Int], _ initializer: Initializer, role: Parameter.Role = .trainable
    ) {
        declarations.declare(name, shape, initializer, role: role)
    }

    mutating func setClasses(_ count: Int) { classes = count }

    /// Floating-point operations of a training step on one sample: forward, and backward to data and to weights.
    public var trainingOperationsPerSample: Int { 3 * 2 * layers.reduce(0) { $0 + $1.multiplyAdds } }

    /// A row for each layer: what is computed, what comes out, how many parameters, how many multiply-adds forward.
    public var table: [(name: String, summary: String, output: Shape, parameters: Int, multiplyAdds: Int)] {
        let layout = parameterLayout
        let counts = Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.count) })
        return layers.map { layer in
            (
                layer.name, layer.summary, shape(of: layer.output),
                layer.parameters.reduce(0) { $0 + (counts[$1] ?? 0) }, layer.multiplyAdds
            )
        }
    }
}
