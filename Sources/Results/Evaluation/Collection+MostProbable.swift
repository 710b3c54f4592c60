extension RandomAccessCollection where Element == Float, Index == Int {
    /// The place of the largest number, counted from the first; the first of equals. nil if one is not a number.
    package var mostProbable: Int? {
        if contains(where: \.isNaN) { return nil }
        return indices.max { self[$0] < self[$1] || (self[$0] == self[$1] && $0 > $1) }.map { $0 - startIndex }
    }
}
