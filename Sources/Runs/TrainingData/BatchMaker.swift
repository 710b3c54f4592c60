import Augmentation
import Datasets
import Parameters
import Randomness

/// Makes the images of a shard from the data set's pictures: augmented for training, as they are for scoring.
public struct BatchMaker: Sendable {
    private let dataset: Dataset
    private let augmentation: AugmentationSettings
    private let seed: UInt64
    private let sampleWeights: [Float]?

    /// `weights` are those of all samples of the data set; nil: all count alike.
    public init(dataset: Dataset, augmentation: AugmentationSettings, seed: UInt64, weights: [Float]? = nil) {
        self.dataset = dataset
        sampleWeights = weights
        self.augmentation = augmentation
        self.seed = seed
    }

    /// Images `[n, height, width, 3]` in -1...1. Augmentation is a draw of the epoch and the sample; none without an
    /// epoch.
    public func images(of samples: [UInt32], epoch: Int?) -> FloatBuffer {
        let size = dataset.height * dataset.width * 3
        let images = FloatBuffer(count: samples.count * size)
        for (index, sample) in samples.enumerated() {
            let place = UnsafeMutableBufferPointer(rebasing: images.floats[index * size..<(index + 1) * size])
            dataset.withPixels(of: Int(sample)) { picture in
                guard let epoch else { return normalize(picture, into: place) }
                augmentation.apply(
                    to: picture, height: dataset.height, width: dataset.width, output: place,
                    generator: CounterGenerator(
                        seed: seed, purpose: .augmentation, round: UInt32(epoch), item: sample))
            }
        }
        return images
    }

    /// What each sample's loss counts; nil where all count alike.
    public func weights(of samples: [UInt32]) -> [Float]? {
        sampleWeights.map { weights in samples.map { weights[Int($0)] } }
    }

    public func labels(of samples: [UInt32]) -> [Int32] {
        samples.map { Int32(dataset.samples[Int($0)].label) }
    }
}
