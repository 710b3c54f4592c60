import Testing

@testable import Evaluation

@Test(
    arguments: [
        ([0.2, 0.8], 1), ([0.8, 0.2], 0), ([0.1, 0.2, 0.7], 2), ([0.5, 0.5], 0), ([0, 0.5, 0.5], 1), ([1], 0),
        ([.nan, 1], nil), ([1, .nan], nil), ([.nan, .nan], nil), ([.infinity, 1], nil), ([0, -.infinity], nil),
        ([], nil),
    ] as [([Float], Int?)])
func theMostProbableClassIsTheFirstOfTheLargest(row: [Float], wanted: Int?) {
    #expect(row.mostProbable == wanted)
    // A row of a matrix counts from its own start.
    #expect(([9, 9, 9] + row)[3...].mostProbable == wanted)
}
