import TensorCore

extension Network {
    /// The notebook's attention U-Net with dense layers on top, as it declares it.
    ///
    /// Level 1 is the full resolution. In each decoder level the attended skip replaces the usual concatenation: what
    /// comes from below reaches the decoder only through the gate.
    public static func attentionUNet(_ settings: ModelSettings) -> Network {
        precondition(settings.complaint == nil, settings.complaint ?? "")
        var network = Network(input: Shape(settings.height, settings.width, 3))
        func filters(_ level: Int) -> Int { settings.baseFilters << (level - 1) }

        var x = network.input
        var skips: [Value] = []
        for level in 1...4 {
            x = network.doubleConvolution(x, named: "encoder.\(level)", filters: filters(level))
            skips.append(x)
            x = network.maxPooling(x, named: "encoder.\(level).pool")
        }
        x = network.doubleConvolution(x, named: "bottleneck", filters: filters(5))
        for level in (1...4).reversed() {
            let name = "decoder.\(level)"
            let attended = network.attentionGate(
                skip: skips[level - 1], below: x, named: "\(name).attention", filters: filters(level))
            x = network.doubleConvolution(attended, named: name, filters: filters(level))
        }

        x = network.flattenAndDropout(x, named: "head.flatten", rate: settings.dropout)
        for layer in 1...settings.denseLayers {
            x = network.dense(
                x, named: "head.dense\(layer)", width: settings.denseWidth, slope: 0.1, isFactored: layer == 1)
        }
        let logits = network.dense(x, named: "head.logits", width: settings.classes)
        network.softmaxCrossEntropy(logits, named: "head.softmax")
        return network
    }

    private mutating func doubleConvolution(_ input: Value, named name: String, filters: Int) -> Value {
        let first = convolution(input, named: "\(name).conv1", filters: filters, kernel: 3, activation: .relu)
        return convolution(first, named: "\(name).conv2", filters: filters, kernel: 3, activation: .relu)
    }

    /// The additive attention gate (Oktay et al., "Attention U-Net", MIDL 2018) with the notebook's transposed
    /// convolution, whose stride is 1 since theta and phi have one extent.
    private mutating func attentionGate(skip: Value, below: Value, named name: String, filters: Int) -> Value {
        let theta = convolution(skip, named: "\(name).theta", filters: filters, kernel: 2, stride: 2)
        let phi = convolution(below, named: "\(name).phi", filters: filters, kernel: 1)
        let upsample = transposedConvolution(
            phi, named: "\(name).upsample", filters: filters, kernel: 3,
            stride: shape(of: theta).height / shape(of: phi).height)
        let sum = addition(theta, upsample, named: "\(name).add")
        let psi = convolution(sum, named: "\(name).psi", filters: 1, kernel: 1, activation: .sigmoid)
        let masked = attentionMask(skip, by: psi, named: "\(name).mask")
        let result = convolution(masked, named: "\(name).result", filters: filters, kernel: 1)
        return batchNormalization(result, named: "\(name).norm")
    }
}
