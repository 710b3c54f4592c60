extension [Double] {
    /// Of an even number the upper of the two in the middle.
    public var median: Double { sorted()[count / 2] }
}
