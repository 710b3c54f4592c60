import ElementaryFunctions

extension CounterStream {
    /// A normally distributed number (Box-Muller; the second of each pair is not used, so that draws stay countable).
    public mutating func normal(mean: Double = 0, deviation: Double = 1) -> Double {
        let radius = (-2 * Elementary.log(1 - uniform())).squareRoot()
        return mean + deviation * radius * Elementary.cos(2 * .pi * uniform())
    }
}
