import Augmentation
import Datasets
import Foundation
import TensorCore
import Testing
import Training
import TrainingData

/// A configuration with every kind of setting: such as may be absent, enumerations with values, names that are free.
private func fields() throws -> [String: Any] {
    var configuration = Preset.quick.configuration
    configuration.data = .synthetic(recordings: 8, seed: 3)
    configuration.heldOut = .fold(1, of: 5)
    configuration.numerics.convolutions.measured = ["conv 3x3 64->128 112x72 forward": .direct]
    configuration.otherBits = .init()
    return try #require(JSONSerialization.jsonObject(with: configuration.encoded()) as? [String: Any])
}

/// Sets a value in a tree of objects.
private func set(_ path: ArraySlice<String>, to value: Any, in fields: [String: Any]) throws -> [String: Any] {
    var fields = fields
    let key = try #require(path.first)
    if path.count == 1 {
        fields[key] = value
    } else {
        fields[key] = try set(path.dropFirst(), to: value, in: try #require(fields[key] as? [String: Any]))
    }
    return fields
}

private func decode(_ path: String, _ value: Any) throws -> RunConfiguration {
    let changed = try set(path.split(separator: "/").map(String.init)[...], to: value, in: fields())
    return try RunConfiguration.decode(JSONSerialization.data(withJSONObject: changed))
}

/// (where it stands, what it should perhaps be called)
@Test(
    arguments: [
        ("learningrate", "optimizer.learningRate"), ("optimizer/learningrate", "learningRate"),
        ("optimizer/learning_rate", "learningRate"), ("optimizer/momentun", "momentum"), ("epoch", "epochs"),
        ("model/basefilters", "baseFilters"), ("model/height2", "height"), ("checkpointevery", "checkpointEvery"),
        ("maximumStep", "maximumSteps"), ("augmentation/zoom-range", "zoomRange"),
        ("dataset/windowSecond", "windowSeconds"),
        ("dataset/spectrogram/melz", "mels"), ("numerics/threads", nil), ("data/synthetic/recording", "recordings"),
        ("heldOut/fold/off", "of"), ("numerics/convolutions/measure", "measured"),
        ("otherBits/step", "steps"), ("fingerprints", nil), ("numerics/threadsPerLane", nil),
        ("comment", nil), ("qqqqqqqq", nil),
    ] as [(String, String?)])
func aKeyThatNothingReadsIsNamedWithWhatIsMostLikeIt(path: String, suggestion: String?) throws {
    for value in [3, "text", ["a": 1], [1], NSNull()] as [Any] {
        let error = try #require(throws: UnknownKey.self) { try decode(path, value) }
        #expect(error.path == path.replacing("/", with: "."))
        #expect(error.suggestion == suggestion)
        #expect(!error.description.contains("\n"))
    }
}

@Test(
    arguments: [
        ("numerics/convolutions/measured/transposed 3x3 8->8 4x4 forward", "winograd"), ("testData", "elsewhere"),
        ("maximumSteps", 7), ("maximumSteps", NSNull()), ("checkpointEvery", NSNull()), ("balance", NSNull()),
        ("dataset/windowSeconds", NSNull()), ("numerics/gradientPrecision", NSNull()), ("otherBits", NSNull()),
        ("heldOut", NSNull()), ("numerics/gradientPrecision", "bf16"),
    ] as [(String, any Sendable)])
func settingsThatMayBeAbsentAndFreeNamesAreKnown(path: String, value: any Sendable) throws {
    #expect(throws: Never.self) { try decode(path, value) }
}

@Test(arguments: [
    "verticalFlip", "rotationRange", "widthShiftRange", "heightShiftRange", "fillMode", "fillValue", "timeMasks",
    "frequencyMasks", "maskSize",
])
func whatEarlierVersionsDidNotWriteMayBeAbsent(name: String) throws {
    var changed = try fields()
    var augmentation = try #require(changed["augmentation"] as? [String: Any])
    #expect(augmentation.removeValue(forKey: name) != nil)
    changed["augmentation"] = augmentation
    let configuration = try RunConfiguration.decode(JSONSerialization.data(withJSONObject: changed))
    #expect(configuration.augmentation == AugmentationSettings())
}

/// Within lists, too.
@Test func aKeyInAListIsFound() throws {
    struct List: Codable {
        struct Item: Codable { let name: String? }
        let items: [Item]
    }
    let good = Data(#"{"items": [{"name": "a"}, {}, {"name": null}]}"#.utf8)
    #expect(try List.decodeWhole(good).items.count == 3)
    let error = #expect(throws: UnknownKey.self) {
        try List.decodeWhole(Data(#"{"items": [{"name": "a"}, {"nam": "b"}]}"#.utf8))
    }
    #expect(error?.path == "items.1.nam")
}
