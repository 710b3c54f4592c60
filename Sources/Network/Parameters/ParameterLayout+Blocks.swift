import Kernels

extension ParameterLayout {
    /// The blocks of rows of the factored kernel within a part of the parameters, which cuts none.
    public func blocks(in range: Range<Int>) -> Range<Int> {
        let (rows, size) = (rows(in: range), FactoredDense.rowsPerBlock)
        guard !rows.isEmpty else { return 0..<0 }
        precondition(rows.lowerBound % size == 0, "\(range) cuts a block of rows")
        return rows.lowerBound / size..<(rows.upperBound + size - 1) / size
    }

    public var blocks: Int { blocks(in: 0..<count).count }

    /// Can a server hold this part? It lies within the parameters, and cuts no row of the factored kernel; nor a block
    /// of rows, where it is the servers that multiply.
    public func canBePart(_ range: Range<Int>, ofBlocks: Bool) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= count else { return false }
        guard let factored else { return true }
        let size = factored.shape[1] * (ofBlocks ? FactoredDense.rowsPerBlock : 1)
        return [range.lowerBound, range.upperBound].allSatisfy {
            $0 <= factored.offset || $0 == count || ($0 - factored.offset) % size == 0
        }
    }

    /// Are these the parts of all parameters, one behind the other?
    public func areParts(_ ranges: [Range<Int>], ofBlocks: Bool) -> Bool {
        var end = 0
        for range in ranges {
            guard range.lowerBound == end, canBePart(range, ofBlocks: ofBlocks) else { return false }
            end = range.upperBound
        }
        return end == count
    }
}
