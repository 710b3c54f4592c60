import AttentionUNet
import TensorCore
import Testing

private func settings(_ change: (inout ModelSettings) -> Void = { _ in }) -> ModelSettings {
    var settings = ModelSettings()
    change(&settings)
    return settings
}

@Test func theNotebooksModelHasItsNumberOfParameters() throws {
    let layout = Network.attentionUNet(ModelSettings()).parameterLayout
    #expect(layout.count == 2_070_110_598)
    #expect(layout.trainableCount == 2_070_108_678)
    let factored = try #require(layout.factored)
    #expect(factored.name == "head.dense1.kernel")
    // 432 x 288 pixels of 64 channels into 256.
    #expect(factored.shape == [7_962_624, 256])
}

@Test func aTrainingStepOfTheNotebooksModelCosts484GigaflopsASample() {
    let operations = Network.attentionUNet(ModelSettings()).trainingOperationsPerSample
    #expect((operations + 500_000_000) / 1_000_000_000 == 484)
}

@Test(arguments: [(16, 32, 4, 2, 3, 8), (48, 32, 5, 3, 16, 10)])
func namesAndShapesAreThoseOfTheContract(
    height: Int, width: Int, filters: Int, classes: Int, denseLayers: Int, denseWidth: Int
) {
    var wanted: [String: [Int]] = [:]
    func add(_ name: String, kernel: [Int], bias: Int) {
        wanted["\(name).kernel"] = kernel
        wanted["\(name).bias"] = [bias]
    }
    func add(_ name: String, from input: Int, double f: Int) {
        add("\(name).conv1", kernel: [3, 3, input, f], bias: f)
        add("\(name).conv2", kernel: [3, 3, f, f], bias: f)
    }
    for (level, f) in [(1, filters), (2, 2 * filters), (3, 4 * filters), (4, 8 * filters)] {
        let decoder = "decoder.\(level)"
        let gate = "\(decoder).attention"
        add("encoder.\(level)", from: level == 1 ? 3 : f / 2, double: f)
        add("\(gate).theta", kernel: [2, 2, f, f], bias: f)
        add("\(gate).phi", kernel: [1, 1, 2 * f, f], bias: f)
        add("\(gate).upsample", kernel: [3, 3, f, f], bias: f)
        add("\(gate).psi", kernel: [1, 1, f, 1], bias: 1)
        add("\(gate).result", kernel: [1, 1, f, f], bias: f)
        for name in ["gamma", "beta", "moving_mean", "moving_variance"] { wanted["\(gate).norm.\(name)"] = [f] }
        add(decoder, from: f, double: f)
    }
    add("bottleneck", from: 8 * filters, double: 16 * filters)
    for layer in 1...denseLayers {
        let depth = layer == 1 ? height * width * filters : denseWidth
        add("head.dense\(layer)", kernel: [depth, denseWidth], bias: denseWidth)
    }
    add("head.logits", kernel: [denseWidth, classes], bias: classes)

    let network = Network.attentionUNet(
        settings {
            ($0.height, $0.width, $0.baseFilters) = (height, width, filters)
            ($0.classes, $0.denseLayers, $0.denseWidth) = (classes, denseLayers, denseWidth)
        })
    let layout = network.parameterLayout
    #expect(Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.shape) }) == wanted)
    #expect(network.classes == classes)
    #expect(network.table.reduce(0) { $0 + $1.parameters } == layout.count)
}

@Test(arguments: [
    (settings { $0.height = 100 }, "height 100 is not a multiple of 16 (four poolings halve it); 96 would do"),
    (settings { $0.width = 8 }, "width 8 is not a multiple of 16 (four poolings halve it); 16 would do"),
    (settings { $0.height = 0 }, "height 0"), (settings { $0.width = -16 }, "width -16"),
    (settings { $0.height = .max - 15 }, "16384"), (settings { $0.baseFilters = 0 }, "base filters"),
    (settings { $0.baseFilters = 1025 }, "base filters"), (settings { $0.classes = 1 }, "classes"),
    (settings { $0.classes = 1001 }, "classes"), (settings { $0.denseLayers = 0 }, "dense layers"),
    (settings { $0.denseLayers = 65 }, "dense layers"), (settings { $0.denseWidth = 0 }, "dense width"),
    (settings { $0.denseWidth = 65537 }, "dense width"), (settings { $0.dropout = 1 }, "dropout"),
    (settings { $0.dropout = -0.1 }, "dropout"), (settings { $0.dropout = .nan }, "dropout"),
])
func impossibleSizesAreNamed(_ settings: ModelSettings, words: String) throws {
    let complaint = try #require(settings.complaint)
    #expect(complaint.contains(words))
    #expect(!complaint.contains("\n"))
}

@Test(arguments: [16, 432, 16384]) func multiplesOf16AreFine(extent: Int) {
    #expect(settings { ($0.height, $0.width) = (extent, extent) }.complaint == nil)
}
