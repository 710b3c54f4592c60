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
}
