import Augmentation
import Foundation
import Optimization
import TensorCore
import Testing
import Training
import TrainingData

private func configuration(_ change: (inout RunConfiguration) -> Void) -> RunConfiguration {
    var configuration = Preset.quick.configuration
    change(&configuration)
    return configuration
}

@Test(arguments: Preset.allCases) func aPresetIsFineAndSurvivesJSON(_ preset: Preset) throws {
    let configuration = preset.configuration
    #expect(configuration.complaint == nil)
    #expect(try RunConfiguration.decode(configuration.encoded()) == configuration)
}

@Test func everySettingSurvivesJSON() throws {
    let changed = configuration {
        $0.data = .path("/data/heart sounds/äöü")
        $0.testData = "test"
        $0.classes = ["a", "b"]
        ($0.dataDigest, $0.pixelDigest) = ("data", "pixels")
        $0.model.dropout = 0.1
        $0.optimizer.nesterov = true
        $0.optimizer.learningRate = 0.1
        $0.augmentation.shearRange = 1 / 3
        $0.numerics.convolutions = ConvolutionChoices(.direct)
        $0.numerics.convolutions = ConvolutionChoices(.direct)
        $0.seed = .max
        $0.maximumSteps = 7
        $0.checkpointEvery = 5
        $0.checkpointsKept = 9
    }
    #expect(try RunConfiguration.decode(changed.encoded()) == changed)
}

/// Without a version, with what nothing reads any more, and with an algorithm that there is no more.
@Test func aConfigurationOfTheFirstNumericsIsReadAsFarAsItMeansSomething() throws {
    var fields = try #require(
        JSONSerialization.jsonObject(with: Preset.quick.configuration.encoded()) as? [String: Any])
    fields["numerics"] = [
        "threadsPerLane": 2,
        "convolutions": ["preferred": "library-winograd", "measured": ["a": "library-winograd", "b": "direct"]],
    ]
    fields["fingerprints"] = ["reference": "abc", "processors": [String: Any](), "unlikeShards": 0]
    let read = try RunConfiguration.decode(JSONSerialization.data(withJSONObject: fields))
    #expect(read.numerics.version == 1)
    #expect(read.numerics.convolutions == ConvolutionChoices(.winograd, measured: ["b": .direct]))
    #expect(try RunConfiguration.decode(read.encoded()) == read)
    var anew = read.numerics
    anew.renew()
    #expect(anew == NumericsSettings())
}

@Test func anAlgorithmThatThereNeverWasIsRefusedWhateverTheNumerics() throws {
    var fields = try #require(
        JSONSerialization.jsonObject(with: Preset.quick.configuration.encoded()) as? [String: Any])
    for convolutions in [["preferred": "fast", "measured": [:]], ["preferred": "direct", "measured": ["a": "fast"]]] {
        fields["numerics"] = ["convolutions": convolutions]
        let data = try JSONSerialization.data(withJSONObject: fields)
        #expect(throws: DecodingError.self) { try RunConfiguration.decode(data) }
    }
}

@Test func anAlgorithmThatThereIsNotIsRefusedInAConfigurationOfToday() throws {
    let text = String(decoding: try Preset.quick.configuration.encoded(), as: UTF8.self)
    let changed = text.replacing(#"preferred" : "winograd""#, with: #"preferred" : "library-winograd""#)
    #expect(changed != text)
    #expect(throws: DecodingError.self) { try RunConfiguration.decode(Data(changed.utf8)) }
}

@Test func theSameConfigurationGivesTheSameBytes() throws {
    #expect(try Preset.quick.configuration.encoded() == Preset.quick.configuration.encoded())
}

@Test func theNotebookIsThatOfTheNotebook() {
    let notebook = Preset.notebook.configuration
    #expect(notebook.model.height == 432)
    #expect(notebook.model.width == 288)
    #expect(notebook.model.baseFilters == 64)
    #expect(notebook.model.denseLayers == 16)
    #expect(notebook.model.denseWidth == 256)
    #expect(notebook.model.dropout == 0.3)
    #expect(notebook.optimizer == SGD(learningRate: 0.01))
    #expect(notebook.augmentation == AugmentationSettings(shearRange: 0.2, zoomRange: 0.2))
}

@Test(arguments: [
    (configuration { $0.model.height = 17 }, "height 17"), (configuration { $0.optimizer.momentum = 1 }, "momentum"),
    (configuration { $0.augmentation.zoomRange = 1 }, "zoom range"), (configuration { $0.epochs = 0 }, "epochs"),
    (configuration { $0.maximumSteps = 0 }, "max steps"), (configuration { $0.shardSize = 0 }, "shard size"),
    (configuration { $0.shardSize = 4097 }, "shard size"), (configuration { $0.shardsPerStep = 0 }, "shards per step"),
    (configuration { $0.validationFraction = 1 }, "validation fraction"),
    (configuration { $0.validationFraction = .nan }, "validation fraction"),
    (configuration { $0.checkpointEvery = 0 }, "checkpoint every"), (configuration { $0.checkpointsKept = 0 }, "keep"),
])
func impossibleConfigurationsAreNamed(_ configuration: RunConfiguration, words: String) throws {
    let complaint = try #require(configuration.complaint)
    #expect(complaint.contains(words))
    #expect(!complaint.contains("\n"))
}

@Test(arguments: ["", "{}", "[]", "null", #"{"preset": "huge"}"#, "{\"epochs\": 1e99}"])
func textThatIsNoConfigurationIsRefused(text: String) {
    #expect(throws: DecodingError.self) { try RunConfiguration.decode(Data(text.utf8)) }
}

@Test(arguments: ["epochs", "model", "shardSize", "seed", "optimizer"])
func aConfigurationWithoutASettingIsRefused(name: String) throws {
    var fields = try #require(
        JSONSerialization.jsonObject(with: Preset.quick.configuration.encoded()) as? [String: Any])
    #expect(fields.removeValue(forKey: name) != nil)
    let text = try JSONSerialization.data(withJSONObject: fields)
    #expect(throws: DecodingError.self) { try RunConfiguration.decode(text) }
}
