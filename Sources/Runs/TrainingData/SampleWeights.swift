import Datasets

/// What each sample's loss counts: by what is to be balanced, and by what the data says of its recordings.
public enum SampleWeights {
    /// The weights of all samples of a data set; nil where all count alike. Of those that are trained on the mean is
    /// one, unless none counts at all.
    public static func weights(of dataset: Dataset, balance: Balance?, training: [Int]) -> [Float]? {
        let balanced = balance?.weights(of: dataset, training: training)
        guard dataset.recordings.contains(where: { $0.weight != 1 }) else { return balanced }
        var weights = [Float](repeating: 0, count: dataset.samples.count)
        for sample in training {
            let own = dataset.recordings[dataset.samples[sample].recording].weight
            weights[sample] = (balanced?[sample] ?? 1) * Float(own)
        }
        // Added in the order of the samples, and in double precision.
        let sum = training.reduce(0.0) { $0 + Double(weights[$1]) }
        guard sum > 0 else { return weights }
        let scale = Double(training.count) / sum
        for sample in training { weights[sample] = Float(Double(weights[sample]) * scale) }
        return weights
    }
}
