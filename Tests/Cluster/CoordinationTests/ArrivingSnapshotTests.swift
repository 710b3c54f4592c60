import Parameters
import Programs
import Testing
import Transport

@testable import Coordination

private func floats(_ numbers: Range<Int>) -> FloatFrame {
    let buffer = FloatBuffer(count: numbers.count)
    for (place, number) in numbers.enumerated() { buffer.base[place] = Float(number) }
    return FloatFrame(buffer)
}

/// Of ten parameters the first six lie in this process, the others on another host.
private func snapshot(withVelocity: Bool) throws -> ArrivingSnapshot {
    ArrivingSnapshot(
        version: 4, ranges: [0..<6, 6..<10], isRemote: [false, true], withVelocity: withVelocity, waking: try Wakeup())
}

extension ArrivingSnapshot {
    /// Is there nothing to be taken?
    fileprivate var isMissing: Bool {
        var copy = self
        return copy.takeSnapshot() == nil
    }
}

private struct Gone: Error {}

@Test func aSnapshotIsGivenAwayOnceWhenWhatThisProcessHoldsIsThere() throws {
    var arriving = try snapshot(withVelocity: true)
    #expect(arriving.isMissing)
    arriving.take(floats(0..<6), 4, first: 0, ofVelocity: false, of: 0)
    #expect(arriving.isMissing)
    arriving.take(floats(20..<26), 4, first: 0, ofVelocity: true, of: 0)
    let taken = arriving.takeSnapshot()
    #expect(taken?.version == 4 && taken?.hasVelocity == true && taken?.isStreamed == true)
    #expect(arriving.isMissing)
}

@Test func whatDoesNotFitIsNoPartOfIt() throws {
    var arriving = try snapshot(withVelocity: false)
    arriving.take(floats(0..<6), 3, first: 0, ofVelocity: false, of: 0)
    arriving.take(floats(0..<6), 5, first: 0, ofVelocity: false, of: 0)
    arriving.take(floats(0..<5), 4, first: 0, ofVelocity: false, of: 0)
    #expect(arriving.isMissing)
}

@Test func thePartsOfOtherHostsAreAskedForAndReadInOrder() throws {
    var arriving = try snapshot(withVelocity: true)
    arriving.take(floats(0..<6), 4, first: 0, ofVelocity: false, of: 0)
    arriving.take(floats(20..<26), 4, first: 0, ofVelocity: true, of: 0)
    let asked = arriving.next()
    #expect(asked.map(\.server) == [1, 1] && asked.map(\.piece.range) == [0..<4, 0..<4])
    #expect(asked.map(\.piece.ofVelocity) == [false, true] && arriving.next().isEmpty)
    // One that is lost is asked for again, though not at once.
    for _ in 0..<10 { arriving.noteHeartbeat(of: 1) }
    #expect(arriving.next().count == 2)
    arriving.take(floats(6..<10), 4, first: 0, ofVelocity: false, of: 1)
    arriving.take(floats(26..<30), 4, first: 0, ofVelocity: true, of: 1)
    let whole = arriving.takeSnapshot()
    let taken = try #require(whole)
    var read: [Float] = []
    try taken.read(4..<9, ofVelocity: false) { read += $0 }
    try taken.read(5..<10, ofVelocity: true) { read += $0 }
    #expect(read == [4, 5, 6, 7, 8, 25, 26, 27, 28, 29])
}

@Test func whoReadsWhatWillNotComeLearnsWhy() throws {
    var arriving = try snapshot(withVelocity: false)
    arriving.take(floats(0..<6), 4, first: 0, ofVelocity: false, of: 0)
    let whole = arriving.takeSnapshot()
    let taken = try #require(whole)
    arriving.fail(Gone())
    #expect(throws: Gone.self) { try taken.read(0..<10, ofVelocity: false) { _ in } }
}
