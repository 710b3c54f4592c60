import Digests
import Foundation
import Randomness
import Testing

@testable import Augmentation

private func settings(_ change: (inout AugmentationSettings) -> Void) -> AugmentationSettings {
    var settings = AugmentationSettings()
    change(&settings)
    return settings
}

/// Every setting, each as far as it goes well with the others.
private let everything = settings {
    ($0.shearRange, $0.zoomRange, $0.horizontalFlip, $0.verticalFlip) = (10, 0.3, true, true)
    ($0.rotationRange, $0.widthShiftRange, $0.heightShiftRange) = (20, 0.25, 3)
    ($0.fillMode, $0.fillValue) = (.reflect, 7)
    ($0.timeMasks, $0.frequencyMasks, $0.maskSize) = (2, 3, 0.3)
}

private let (height, width) = (12, 20)
private let picture = (0..<3 * height * width).map { UInt8(truncatingIfNeeded: $0 &* 91 &+ $0 / 7) }

private func generator(seed: UInt64 = 3, epoch: UInt32 = 1, sample: UInt32 = 5) -> CounterGenerator {
    CounterGenerator(seed: seed, purpose: .augmentation, round: epoch, item: sample)
}

private func apply(_ settings: AugmentationSettings, _ generator: CounterGenerator) -> [Float] {
    var output = [Float](repeating: .nan, count: picture.count)
    picture.withUnsafeBufferPointer { picture in
        output.withUnsafeMutableBufferPointer {
            settings.apply(to: picture, height: height, width: width, output: $0, generator: generator)
        }
    }
    return output
}

@Test func drawsFillTheirRangesEvenly() {
    let draws = (0..<4000).map { everything.draw(height: height, width: width, generator: generator(sample: $0)) }
    let transforms = draws.map(\.transform)
    let ranges: [(values: [Double], low: Double, high: Double)] = [
        (transforms.map(\.shear), -10, 10), (transforms.map(\.zoomX), 0.7, 1.3), (transforms.map(\.zoomY), 0.7, 1.3),
        (transforms.map { $0.flipsHorizontally ? 1 : 0 }, 0, 1), (transforms.map { $0.flipsVertically ? 1 : 0 }, 0, 1),
        (transforms.map(\.rotation), -20, 20), (transforms.map(\.shiftX), -5, 5), (transforms.map(\.shiftY), -3, 3),
    ]
    for (values, low, high) in ranges {
        let mean = values.reduce(0, +) / 4000
        #expect(values.allSatisfy { $0 >= low && $0 <= high })
        #expect(abs(mean - (low + high) / 2) < 0.03 * (high - low))
        #expect((values.min() ?? 0) - low < 0.01 * (high - low) && high - (values.max() ?? 0) < 0.01 * (high - low))
    }
    // Whatever is drawn apart is independent.
    for (a, b) in zip(ranges, ranges.dropFirst()) {
        let products = zip(a.values, b.values).map { ($0 - (a.low + a.high) / 2) * ($1 - (b.low + b.high) / 2) }
        #expect(abs(products.reduce(0, +) / 4000) < 0.02 * (a.high - a.low) * (b.high - b.low))
    }
}

@Test func masksAreAsManyAsAskedForAndOfEachSizeUpToTheLargest() {
    var (times, frequencies): (Set<Range<Int>>, Set<Range<Int>>) = ([], [])
    for sample in 0..<4000 as Range<UInt32> {
        let masks = everything.draw(height: height, width: width, generator: generator(sample: sample)).masks
        let bands = (masks.filter { $0.rows == 0..<height }, masks.filter { $0.columns == 0..<width })
        #expect((bands.0.count, bands.1.count) == (2, 3))
        times.formUnion(bands.0.map(\.columns))
        frequencies.formUnion(bands.1.map(\.rows))
    }
    // 0.3 of 20 columns are 6, of 12 rows 3: every band up to that, wherever there is room, and no other one.
    #expect(times == Set((0...6).flatMap { size in (0...20 - size).map { $0..<$0 + size } }))
    #expect(frequencies == Set((0...3).flatMap { size in (0...12 - size).map { $0..<$0 + size } }))
}

@Test func whatAMaskHidesIsTheMeanAndNothingElseChanges() {
    let plain = settings { ($0.shearRange, $0.zoomRange, $0.rotationRange) = (10, 0.3, 20) }
    let mean = picture.withUnsafeBufferPointer(meanColour)
    var hidden = 0
    for sample in 0..<50 as Range<UInt32> {
        let masked = settings {
            $0 = plain
            ($0.timeMasks, $0.frequencyMasks, $0.maskSize) = (1, 2, 0.4)
        }
        let generator = generator(sample: sample)
        let masks = masked.draw(height: height, width: width, generator: generator).masks
        let (before, after) = (apply(plain, generator), apply(masked, generator))
        for i in after.indices {
            let (row, column) = (i / 3 / width, i / 3 % width)
            let isHidden = masks.contains { $0.rows.contains(row) && $0.columns.contains(column) }
            #expect(after[i] == (isHidden ? mean[i % 3] : before[i]))
            hidden += isHidden ? 1 : 0
        }
    }
    #expect(hidden > 50 * picture.count / 10)
}

@Test func aDrawDependsOnItsKeyOnly() {
    let output = apply(everything, generator())
    #expect(output == apply(everything, generator()))
    for other in [generator(seed: 4), generator(epoch: 2), generator(sample: 6)] {
        #expect(apply(everything, other) != output)
    }
}

@Test func aSettingLeavesTheDrawsOfTheOthersAsTheyWere() {
    let all = everything.draw(height: height, width: width, generator: generator())
    let few = settings { ($0.rotationRange, $0.frequencyMasks, $0.maskSize) = (20, 1, 0.3) }
        .draw(height: height, width: width, generator: generator())
    #expect(few.transform.rotation == all.transform.rotation)
    #expect(few.masks == [all.masks[1]])
    let unflipped = settings {
        $0 = everything
        ($0.horizontalFlip, $0.verticalFlip) = (false, false)
    }
    .draw(height: height, width: width, generator: generator())
    #expect(!unflipped.transform.flipsHorizontally && !unflipped.transform.flipsVertically)
    #expect(unflipped.transform.shiftY == all.transform.shiftY && unflipped.masks == all.masks)
}

/// Recorded before there was anything but shear, zoom and the horizontal flip.
@Test(
    arguments: [
        (3, 1, 5, 0.2, "4672436a74a629a076188f22294b06021915c9cb9f0da823b8f0dcb877cefd5f"),
        (1, 0, 0, 0.2, "83787a2382fae4da8e0bcdee75aaee79f105679b6dac2aec7ce5a8fb366d8201"),
        (7, 40, 1999, 0.2, "7b503c1c778544b5497d35e1e03a200f25df8f90068d068cd04522f8391d8d08"),
        (3, 1, 5, 10, "8d7dc3746cb09fc72d05bc4d1982399828da462b1d93b73522b16338f5f3ce8b"),
        (1, 0, 0, 10, "eef0c5b69b20d08e8b191f243eab1303034423a724da05af2812e58047643e21"),
        (7, 40, 1999, 10, "f1f4dd259775a5212c1029335ef8d9705bfc514c3ac3b7e813aa9af973da5ccd"),
    ] as [(UInt64, UInt32, UInt32, Double, String)])
func withoutTheLaterSettingsTheBitsAreTheFormerOnes(
    seed: UInt64, epoch: UInt32, sample: UInt32, shear: Double, digest: String
) {
    let settings =
        shear == 0.2
        ? AugmentationSettings() : AugmentationSettings(shearRange: shear, zoomRange: 0.3, horizontalFlip: true)
    let output = apply(settings, generator(seed: seed, epoch: epoch, sample: sample))
    #expect(output.withUnsafeBytes { SHA256.digest(of: $0) } == digest)
}

@Test func theDrawsOfTheDefaultsAreTheFormerOnes() {
    let draw = AugmentationSettings().draw(height: height, width: width, generator: generator())
    let former = ImageTransform(shear: 0.07538155766729449, zoomX: 1.0206136001757449, zoomY: 0.8294164012041279)
    #expect(draw.transform == former)
    #expect(draw.masks.isEmpty)
}

@Test func settingsOfTheFirstVersionAreReadWithTheLaterOnesOff() throws {
    let text = #"{"horizontalFlip": true, "shearRange": 5, "zoomRange": 0.1}"#
    let read = try JSONDecoder().decode(AugmentationSettings.self, from: Data(text.utf8))
    #expect(read == AugmentationSettings(shearRange: 5, zoomRange: 0.1, horizontalFlip: true))
    #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(AugmentationSettings.self, from: Data(#"{"shearRange": 5, "zoomRange": 0.1}"#.utf8))
    }
}

@Test func everySettingSurvivesJSON() throws {
    let text = try JSONEncoder().encode(everything)
    #expect(try JSONDecoder().decode(AugmentationSettings.self, from: text) == everything)
}

@Test(arguments: [
    (settings { $0.shearRange = -1 }, "shear range"), (settings { $0.shearRange = 90 }, "shear range"),
    (settings { $0.shearRange = .nan }, "shear range"), (settings { $0.zoomRange = 1 }, "zoom range"),
    (settings { $0.zoomRange = -0.1 }, "zoom range"), (settings { $0.zoomRange = .infinity }, "zoom range"),
    (settings { $0.rotationRange = 181 }, "rotation range"), (settings { $0.rotationRange = .nan }, "rotation range"),
    (settings { $0.widthShiftRange = -0.1 }, "width shift range"),
    (settings { $0.heightShiftRange = .infinity }, "height shift range"),
    (settings { $0.fillValue = 256 }, "fill value"), (settings { $0.timeMasks = -1 }, "time masks"),
    (settings { $0.frequencyMasks = 101 }, "frequency masks"), (settings { $0.maskSize = 1.1 }, "mask size"),
    (settings { $0.maskSize = .nan }, "mask size"),
])
func settingsThatCannotBeUsedAreNamed(settings: AugmentationSettings, name: String) {
    let error = #expect(throws: AugmentationError.self) { try settings.check() }
    #expect(error?.setting == name)
}

@Test func settingsAtTheirLimitsCanBeUsed() throws {
    let limits = settings {
        ($0.shearRange, $0.zoomRange, $0.rotationRange, $0.fillValue) = (89.9, 0.99, 180, 255)
        ($0.widthShiftRange, $0.heightShiftRange) = (8192, 0.99)
        ($0.timeMasks, $0.frequencyMasks, $0.maskSize) = (100, 100, 1)
    }
    try limits.check()
    for fillMode in FillMode.allCases {
        let output = apply(
            settings {
                $0 = limits
                $0.fillMode = fillMode
            }, generator())
        #expect(output.allSatisfy { $0 >= -1 && $0 <= 1 })
    }
}
