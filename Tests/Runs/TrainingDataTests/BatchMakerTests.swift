import Augmentation
import Examples
import Randomness
import Testing
import Training
import TrainingData

private let size = SmallRun.model.height * SmallRun.model.width * 3
private let augmentation = AugmentationSettings(shearRange: 5, horizontalFlip: true)
private let maker = BatchMaker(dataset: SmallRun.dataset, augmentation: augmentation, seed: 3)

private func image(_ sample: UInt32, epoch: Int?, in shard: [UInt32]? = nil) throws -> [Float] {
    let shard = shard ?? [sample]
    let place = try #require(shard.firstIndex(of: sample))
    let images = maker.images(of: shard, epoch: epoch)
    return withExtendedLifetime(images) { Array(images.floats[place * size..<(place + 1) * size]) }
}

@Test(arguments: [0, 3, 11] as [UInt32]) func scoredPicturesAreScaledOnly(sample: UInt32) throws {
    let wanted = SmallRun.dataset.withPixels(of: Int(sample)) { $0.map { Float($0) / 127.5 - 1 } }
    #expect(try image(sample, epoch: nil) == wanted)
}

@Test(arguments: [nil, 0, 7]) func numbersLieFromMinusOneToOne(epoch: Int?) throws {
    for sample in SmallRun.dataset.samples.indices {
        let image = try image(UInt32(sample), epoch: epoch)
        #expect(image.allSatisfy { $0 >= -1 && $0 <= 1 })
        // From the dark to the bright end of the colour map, also where augmentation mixes neighbours.
        #expect(try #require(image.min()) < -0.5)
        #expect(try #require(image.max()) > 0.5)
    }
}

@Test(arguments: [[4], [4, 0], [0, 4], [11, 2, 4, 4]] as [[UInt32]])
func augmentationDoesNotDependOnTheShard(shard: [UInt32]) throws {
    #expect(try image(4, epoch: 2, in: shard) == image(4, epoch: 2))
}

@Test func augmentationChangesFromEpochToEpoch() throws {
    let images = try [nil, 0, 1, 2].map { try image(4, epoch: $0) }
    #expect(Set(images).count == 4)
}

@Test(arguments: [(4, 2), (4, 3), (9, 2)] as [(UInt32, Int)])
func theDrawIsThatOfSeedEpochAndSample(sample: UInt32, epoch: Int) throws {
    let generator = CounterGenerator(seed: 3, purpose: .augmentation, round: UInt32(epoch), item: sample)
    var wanted = [Float](repeating: .nan, count: size)
    SmallRun.dataset.withPixels(of: Int(sample)) { picture in
        wanted.withUnsafeMutableBufferPointer {
            augmentation.apply(
                to: picture, height: SmallRun.model.height, width: SmallRun.model.width, output: $0,
                generator: generator)
        }
    }
    #expect(try image(sample, epoch: epoch) == wanted)
}

@Test func labelsAreThoseOfTheSamples() {
    let samples: [UInt32] = [11, 0, 5, 5]
    #expect(maker.labels(of: samples) == samples.map { Int32(SmallRun.dataset.samples[Int($0)].label) })
    #expect(Set(maker.labels(of: SmallRun.dataset.samples.indices.map(UInt32.init))) == [0, 1])
}
