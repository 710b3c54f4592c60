import Foundation
import Parameters
import Testing

@testable import Transport
@testable import Workers

private let length = GradientPieces.length

private func frame(_ count: Int, _ value: Float) -> FloatFrame {
    let buffer = FloatBuffer(count: count)
    buffer.floats.update(repeating: value)
    return FloatFrame(buffer)
}

@Test(arguments: [0..<1, 0..<length, length - 1..<length + 1, 5..<3 * length + 7, 2 * length..<2 * length])
func piecesCoverAPartAndAreCutAtTheSamePlacesWhateverThePart(part: Range<Int>) {
    let pieces = GradientPieces.ranges(in: part)
    #expect(pieces.reduce(0) { $0 + $1.count } == part.count)
    #expect(
        zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound && $1.lowerBound % length == 0 })
    #expect(pieces.first?.lowerBound == (part.isEmpty ? nil : part.lowerBound))
}

@Test func parametersAreThereFromTheFrontAsFarAsEveryServerHasSentThem() {
    var pull = ParameterPull(
        version: 3, ranges: [0: 0..<length + 5, 1: length + 5..<length + 9], into: FloatBuffer(count: length + 9))
    #expect(pull.next(from: 0) == 0..<length)
    #expect(pull.next(from: 0) == length..<length + 5)
    #expect(pull.next(from: 0) == nil)
    #expect(pull.next(from: 1) == 0..<4)
    #expect(!pull.hasBegun)

    pull.take(frame(4, 2), first: 0, from: 1)
    #expect(pull.hasBegun && pull.parameters.count == 0)
    pull.take(frame(5, 1), first: length, from: 0)  // Not what comes next.
    pull.take(frame(length, 1), first: 0, from: 0)
    #expect(pull.parameters.count == length && pull.parameters.wait(for: length))
    pull.take(frame(5, 1), first: length, from: 0)
    #expect(pull.isWhole && pull.parameters.count == length + 9)
    #expect(pull.parameters.floats.array == [Float](repeating: 1, count: length + 5) + [2, 2, 2, 2])
}

@Test func aFewPiecesAreUnderWayAndTheNextAreAskedForWhenTheyHaveCome() {
    let count = 40 * length
    var pull = ParameterPull(version: 0, ranges: [0: 0..<count], into: FloatBuffer(count: count))
    var asked = 0
    while pull.next(from: 0) != nil { asked += 1 }
    #expect(asked == 16)
    pull.take(frame(length, 0), first: 0, from: 0)
    #expect(pull.next(from: 0) == 16 * length..<17 * length)
    #expect(pull.next(from: 0) == nil)
    pull.askAgain()
    #expect(pull.next(from: 0) == length..<2 * length)
}

@Test func whoWaitsForParametersThatWillNotComeIsToldSo() {
    let parameters = ArrivingParameters(to: FloatBuffer(count: 10))
    let thread = Thread {
        parameters.advance(to: 4)
        parameters.giveUp()
    }
    thread.start()
    #expect(!parameters.wait(for: 5))
    #expect(parameters.wait(for: 4))
}
