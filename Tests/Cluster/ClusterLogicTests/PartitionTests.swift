import Testing

@testable import ClusterLogic

private let servers = [1, 2, 3, 7]

/// Buffers of the sizes that matter: rows only, no rows, both, and one smaller than its servers.
private let buffers = [
    (count: 256_000, rowsFrom: 0, rowWidth: 256), (count: 100_003, rowsFrom: 100_003, rowWidth: 256),
    (count: 33_000 + 256 * 1000, rowsFrom: 33_000, rowWidth: 256), (count: 5, rowsFrom: 2, rowWidth: 3),
    (count: 0, rowsFrom: 0, rowWidth: 1),
]

@Test(arguments: servers, buffers)
func rangesFollowEachOtherAndCoverEverything(servers: Int, buffer: (count: Int, rowsFrom: Int, rowWidth: Int)) {
    let partition = Partition(
        count: buffer.count, servers: servers, rowsFrom: buffer.rowsFrom, rowWidth: buffer.rowWidth)
    #expect(partition.ranges.count == servers)
    #expect(partition.ranges.first?.lowerBound == 0)
    #expect(partition.ranges.last?.upperBound == buffer.count)
    for (range, next) in zip(partition.ranges, partition.ranges.dropFirst()) {
        #expect(range.upperBound == next.lowerBound)
    }
}

@Test(arguments: servers, buffers)
func rowsStayWholeAndSizesAreNearlyEqual(servers: Int, buffer: (count: Int, rowsFrom: Int, rowWidth: Int)) {
    let partition = Partition(
        count: buffer.count, servers: servers, rowsFrom: buffer.rowsFrom, rowWidth: buffer.rowWidth)
    for cut in partition.ranges.dropLast().map(\.upperBound) {
        #expect(
            cut > buffer.rowsFrom
                ? (cut - buffer.rowsFrom) % buffer.rowWidth == 0 : cut % 16 == 0 || cut == buffer.rowsFrom)
    }
    for range in partition.ranges {
        #expect(abs(range.count - buffer.count / servers) <= max(16, buffer.rowWidth))
    }
}

@Test func threeServersShareTenRows() {
    let partition = Partition(count: 132, servers: 3, rowsFrom: 32, rowWidth: 10)
    #expect(partition.ranges == [0..<42, 42..<82, 82..<132])
}

@Test func whatWeighsMoreIsSharedByMore() {
    // 100 floats of weight 9 and 90 of rows: 330 for each server.
    let partition = Partition(count: 190, servers: 3, rowsFrom: 100, rowWidth: 10, weight: 9)
    #expect(partition.ranges == [0..<32, 32..<64, 64..<190])
    // 10 of weight 11 and 1090 of rows: 600 for each, of which the first has 110 already.
    let rows = Partition(count: 1100, servers: 2, rowsFrom: 10, rowWidth: 10, weight: 11)
    #expect(rows.ranges == [0..<500, 500..<1100])
}
