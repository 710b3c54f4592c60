/// Which parameter server holds which part of the flat buffer of parameters: consecutive ranges of nearly one weight.
public struct Partition: Hashable, Sendable {
    public let ranges: [Range<Int>]

    /// Cuts `count` floats for so many servers. From `rowsFrom` on, rows of `rowWidth` floats stay whole; before it any
    /// place will do, but a multiple of 16 floats keeps every server's vectors aligned. A float there weighs `weight`
    /// times as much as one of a row.
    public init(count: Int, servers: Int, rowsFrom: Int, rowWidth: Int, weight: Int = 1) {
        precondition(
            servers > 0 && rowsFrom <= count && rowWidth > 0 && weight > 0, "\(count) floats on \(servers) servers")
        let total = rowsFrom * weight + count - rowsFrom
        let cuts = (1..<servers).map { index in
            let weighed = total / servers * index + total % servers * index / servers
            guard weighed > rowsFrom * weight else { return weighed / weight / 16 * 16 }
            return rowsFrom + (weighed - rowsFrom * weight) / rowWidth * rowWidth
        }
        ranges = zip([0] + cuts, cuts + [count]).map { $0..<$1 }
    }
}
