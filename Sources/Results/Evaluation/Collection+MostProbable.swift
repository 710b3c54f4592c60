extension RandomAccessCollection where Element: BinaryFloatingPoint, Index == Int {
    /// The place of the largest number, counted from the first; the first of equals. Nil if one is infinite or none at
    /// all: of such probabilities none is the greatest.
    package var mostProbable: Int? {
        guard allSatisfy(\.isFinite) else { return nil }
        return indices.max { self[$0] < self[$1] || (self[$0] == self[$1] && $0 > $1) }.map { $0 - startIndex }
    }
}
