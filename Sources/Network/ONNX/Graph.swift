/// A computation as ONNX describes it: nodes that read named tensors and write others.
struct Graph {
    enum Attribute: Hashable {
        case float(Float)
        case integer(Int)
        case integers([Int])
        case string(String)
    }

    /// An operation of ONNX' standard set. What it writes has its name.
    struct Node {
        let operation: String
        let name: String
        /// An empty name leaves out an optional input.
        let inputs: [String]
        let attributes: KeyValuePairs<String, Attribute>
    }

    /// In the order of computing.
    private(set) var nodes: [Node] = []
    /// Tensors of one axis that belong to the operations and are no parameters.
    private(set) var constants: [(name: String, values: [Float])] = []

    /// Appends a node, and returns the name of what it writes.
    mutating func add(
        _ operation: String, _ name: String, _ inputs: [String], _ attributes: KeyValuePairs<String, Attribute> = [:]
    ) -> String {
        nodes.append(Node(operation: operation, name: name, inputs: inputs, attributes: attributes))
        return name
    }

    mutating func addConstant(_ name: String, _ values: [Float]) -> String {
        constants.append((name, values))
        return name
    }
}
