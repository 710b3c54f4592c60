import TensorCore

extension Graph {
    static let input = "images"
    static let output = "probabilities"

    /// A network outside of training: nothing is dropped, batch norms take their moving statistics.
    ///
    /// ONNX' convolutions want channels first, so the images are transposed, and transposed back before they are
    /// flattened.
    init(_ network: Network) {
        let images = add("Transpose", "\(Self.input).channels-first", [Self.input], ["perm": .integers([0, 3, 1, 2])])
        var names = [network.input: images]
        let twice = addConstant("twice", [1, 1, 2, 2])
        for layer in network.layerDescriptions {
            names[layer.output] = add(layer, layer.inputs.map { names[$0]! }, twice: twice)
        }
    }

    /// Appends what computes a layer, and returns the name of its output.
    private mutating func add(_ layer: LayerDescription, _ inputs: [String], twice: String) -> String {
        let name = layer.name
        func parameters(_ words: String...) -> [String] { words.map { "\(name).\($0)" } }

        switch layer.kind {
        case .convolution(let geometry, let activation):
            let sum = add(
                geometry.isTransposed ? "ConvTranspose" : "Conv", name, inputs + parameters("kernel", "bias"),
                [
                    "kernel_shape": .integers([geometry.kernel, geometry.kernel]),
                    "strides": .integers([geometry.stride, geometry.stride]),
                    "pads": .integers(geometry.paddingBegin + geometry.paddingEnd),
                ])
            switch activation {
            case nil: return sum
            case .relu: return add("Relu", "\(name).relu", [sum])
            case .sigmoid: return add("Sigmoid", "\(name).sigmoid", [sum])
            }
        case .maxPooling(let size):
            return add(
                "MaxPool", name, inputs,
                ["kernel_shape": .integers([size, size]), "strides": .integers([size, size])])
        case .addition:
            return add("Relu", "\(name).relu", [add("Add", name, inputs)])
        case .attentionMask:
            let repeated = add(
                "Resize", "\(name).repeat", [inputs[1], "", twice],
                [
                    "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
                    "nearest_mode": .string("floor"),
                ])
            return add("Mul", name, [inputs[0], repeated])
        case .batchNormalization(let epsilon):
            return add(
                "BatchNormalization", name, inputs + parameters("gamma", "beta", "moving_mean", "moving_variance"),
                ["epsilon": .float(epsilon)])
        case .flatten:
            let images = add("Transpose", "\(name).channels-last", inputs, ["perm": .integers([0, 2, 3, 1])])
            return add("Flatten", name, [images], ["axis": .integer(1)])
        case .dense(let slope):
            let sum = add("Gemm", name, inputs + parameters("kernel", "bias"))
            return slope.map { add("LeakyRelu", "\(name).leaky", [sum], ["alpha": .float($0)]) } ?? sum
        case .softmax:
            return add("Softmax", Self.output, inputs, ["axis": .integer(1)])
        }
    }
}
