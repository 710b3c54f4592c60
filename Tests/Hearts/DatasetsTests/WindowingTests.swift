import Testing

@testable import Datasets

@Suite struct WindowingTests {
    @Test(
        arguments: [
            (100, 50, nil, 99, [0]), (100, 50, nil, 100, [0]), (100, 50, nil, 149, [0]), (100, 50, nil, 150, [0, 50]),
            (100, 100, nil, 399, [0, 100, 200]), (100, 10, 3, 200, [0, 50, 100]), (100, 10, 2, 200, [0, 100]),
            (100, 10, 1, 200, [50]), (100, 10, 4, 200, [0, 30, 70, 100]), (100, 10, 20, 130, [0, 10, 20, 30]),
        ] as [(Int, Int, Int?, Int, [Int])])
    func windowsLieWithinTheRecording(length: Int, hop: Int, maximum: Int?, count: Int, starts: [Int]) {
        #expect(Windowing(length: length, hop: hop, maximum: maximum).starts(in: count) == starts)
    }

    @Test func aShortRecordingGoesOnFromItsStart() {
        #expect(Windowing(length: 7, hop: 1, maximum: nil).filled([1, 2, 3]) == [1, 2, 3, 1, 2, 3, 1])
        #expect(Windowing(length: 2, hop: 1, maximum: nil).filled([1, 2, 3]) == [1, 2, 3])
    }
}
