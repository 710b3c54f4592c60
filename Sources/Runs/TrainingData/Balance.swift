import Datasets

/// What counts as much as what in the loss, where a data set does not have as much of each.
public enum Balance: String, Codable, CaseIterable, Sendable {
    /// Each class as much as another.
    case `class`
    /// Within each site each class as much as another, so that a model gains nothing by recognising the site. A site
    /// counts by its number of samples.
    case site

    /// The weights of a data set's samples: of those that are trained on the mean is one; others have none.
    ///
    /// A sample of a class with n of its site's N samples has the weight N / (n k) where the site has k classes.
    public func weights(of dataset: Dataset, training: [Int]) -> [Float] {
        func site(_ sample: Int) -> String {
            self == .site ? dataset.recordings[dataset.samples[sample].recording].group ?? "" : ""
        }
        var weights = [Float](repeating: 0, count: dataset.samples.count)
        for samples in Dictionary(grouping: training, by: site).values {
            let classes = Dictionary(grouping: samples) { dataset.samples[$0].label }
            for members in classes.values {
                for sample in members { weights[sample] = Float(samples.count) / Float(members.count * classes.count) }
            }
        }
        return weights
    }
}
