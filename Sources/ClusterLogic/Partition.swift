/// Which parameter server holds which part of the flat buffer of parameters: consecutive ranges of nearly one size.
public struct Partition: Hashable, Sendable {
    public let ranges: [Range<Int>]

    /// Cuts `count` floats for so many servers. From `rowsFrom` on, rows of `rowWidth` floats stay whole; before it any
    /// place will do, but a multiple of 16 floats keeps every server's vectors aligned.
    public init(count: Int, servers: Int, rowsFrom: Int, rowWidth: Int) {
        precondition(servers > 0 && rowsFrom <= count && rowWidth > 0, "\(count) floats on \(servers) servers")
        let cuts = (1..<servers).map { index in
            let place = count * index / servers
            guard place > rowsFrom else { return place / 16 * 16 }
            return rowsFrom + (place - rowsFrom) / rowWidth * rowWidth
        }
        ranges = zip([0] + cuts, cuts + [count]).map { $0..<$1 }
    }
}
