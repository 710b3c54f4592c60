import Foundation
import Parameters
import Testing
import ZeroMQ

@testable import Coordination
@testable import Programs
@testable import Transport

/// Asks for everything, and returns the pieces in order.
private func pieces(count: Int, withVelocity: Bool) -> [PartTransfer.Piece] {
    var transfer = PartTransfer(count: count, withVelocity: withVelocity)
    var pieces: [PartTransfer.Piece] = []
    while !transfer.isWhole {
        let piece = transfer.next()!
        pieces.append(piece)
        _ = transfer.take(piece.range.count, first: piece.range.lowerBound, ofVelocity: piece.ofVelocity)
    }
    return pieces
}

@Test(arguments: [1, PartTransfer.floatsPerPiece, 2 * PartTransfer.floatsPerPiece + 7])
func everyFloatIsAskedForOnceAndNoPieceIsLongerThanAFrame(count: Int) {
    let all = pieces(count: count, withVelocity: true)
    for ofVelocity in [false, true] {
        let ranges = all.filter { $0.ofVelocity == ofVelocity }.map(\.range)
        #expect(ranges.allSatisfy { $0.count <= PartTransfer.floatsPerPiece })
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == count)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
    #expect(all.firstIndex { $0.ofVelocity } == all.count / 2)
    #expect(pieces(count: count, withVelocity: false) == all.filter { !$0.ofVelocity })
}

@Test func onlyAFewPiecesAreAskedForAhead() {
    var transfer = PartTransfer(count: 100 * PartTransfer.floatsPerPiece, withVelocity: false)
    var first: [PartTransfer.Piece] = []
    while let piece = transfer.next() { first.append(piece) }
    #expect((2...8).contains(first.count))
    let isTaken = transfer.take(first[0].range.count, first: 0, ofVelocity: false)
    #expect(isTaken)
    let whileItLiesThere = transfer.next(waiting: first[0].range.count)
    #expect(whileItLiesThere == nil)
    let more = [transfer.next(), transfer.next()]
    #expect(more[0]?.range.lowerBound == first.last?.range.upperBound)
    #expect(more[1] == nil)
}

@Test func whatDoesNotComeForAWhileIsAskedForAgain() {
    var transfer = PartTransfer(count: 100 * PartTransfer.floatsPerPiece, withVelocity: false)
    var asked: [PartTransfer.Piece] = []
    while let piece = transfer.next() { asked.append(piece) }
    // Slow, but not lost.
    for piece in asked.dropLast() {
        for _ in 0..<9 { transfer.noteHeartbeat() }
        while let more = transfer.next() { #expect(more.range.lowerBound >= asked.last!.range.upperBound) }
        let isTaken = transfer.take(piece.range.count, first: piece.range.lowerBound, ofVelocity: false)
        #expect(isTaken)
    }
    for _ in 0..<10 { transfer.noteHeartbeat() }
    let again = transfer.next()
    #expect(again == asked.last)
}

@Test func onlyWhatComesNextIsTaken() {
    var transfer = PartTransfer(count: 10, withVelocity: true)
    let offers = [
        (2, 3, false, false), (2, 0, true, false), (11, 0, false, false), (0, 0, false, false),
        (10, 0, false, true), (10, 0, false, false), (10, 0, true, true), (1, 0, true, false),
    ]
    for (count, first, ofVelocity, isWanted) in offers {
        let isTaken = transfer.take(count, first: first, ofVelocity: ofVelocity)
        #expect(isTaken == isWanted, "\(count) floats from \(first)")
    }
    #expect(transfer.isWhole)
}

/// Feeds a stream with the numbers 0, 1, 2 … and, as the velocity, -0, -1, -2 …, as often as it asks.
private func feed(_ stream: PartStream, until isDone: @escaping @Sendable () -> Bool) {
    while !isDone() {
        while let piece = stream.next() {
            let floats = FloatBuffer(count: piece.range.count)
            for (index, number) in piece.range.enumerated() {
                floats.base[index] = piece.ofVelocity ? -Float(number) : Float(number)
            }
            stream.take(FloatFrame(floats), first: piece.range.lowerBound, ofVelocity: piece.ofVelocity)
        }
        usleep(100)
    }
}

@Test func aStreamIsReadOnAnotherThreadAndMayBePassedOverInPlaces() throws {
    let count = 2 * PartTransfer.floatsPerPiece + 1000
    let stream = PartStream(count: count, withVelocity: true, waking: try! Wakeup())
    let ranges = [(0..<7, false), (7..<count - 3, false), (5..<9, true), (count - 5..<count, true)]
    let done = Flag()
    let reader = Thread {
        for (range, ofVelocity) in ranges {
            var numbers: [Float] = []
            try? stream.read(range, ofVelocity: ofVelocity) { numbers += $0 }
            let isRight = numbers.elementsEqual(range.lazy.map { ofVelocity ? -Float($0) : Float($0) })
            if !isRight { done.problems.append(range) }
        }
        done.isSet = true
    }
    reader.start()
    feed(stream) { done.isSet }
    #expect(done.problems.isEmpty)
}

@Test func whoWaitsForAStreamThatFailsLearnsWhy() {
    let stream = PartStream(count: 10, withVelocity: false, waking: try! Wakeup())
    Thread { stream.fail(RunFailure(.inputOutput, "gone")) }.start()
    #expect(throws: RunFailure.self) { try stream.read(0..<10, ofVelocity: false) { _ in } }
}

/// What a thread tells another.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    private var found: [Range<Int>] = []

    var isSet: Bool {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }

    var problems: [Range<Int>] {
        get { lock.withLock { found } }
        set { lock.withLock { found = newValue } }
    }
}
