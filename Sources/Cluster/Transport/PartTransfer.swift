/// How far a part of the parameters has come from one host to another: its floats, and behind them those of its
/// velocity where there is one. They are asked for piece by piece, a few pieces ahead: no more than these are ever
/// under way.
package struct PartTransfer {
    /// A run of floats in a part, of the parameters or of the velocity.
    package struct Piece: Hashable {
        package let range: Range<Int>
        package let ofVelocity: Bool
    }

    private let count: Int
    private let total: Int
    private let pieceLength: Int
    private let piecesAhead: Int
    package private(set) var arrived = 0
    private var asked = 0
    /// Heartbeats since something came.
    private var silentHeartbeats = 0

    /// On a slow network a piece takes seconds; whoever asked again meanwhile would make it slower still.
    private static let patience = 10

    /// As many as a frame may have.
    package static let floatsPerPiece = Wire.leastFrameLimit / MemoryLayout<Float>.stride

    package init(count: Int, withVelocity: Bool, pieceLength: Int = floatsPerPiece, piecesAhead: Int = 4) {
        self.count = count
        (self.pieceLength, self.piecesAhead) = (pieceLength, piecesAhead)
        total = withVelocity ? 2 * count : count
    }

    package var isWhole: Bool { arrived == total }

    /// What to ask for now. `waiting` floats have arrived, but nobody has taken them yet.
    package mutating func next(waiting: Int = 0) -> Piece? {
        guard asked < total, asked - arrived + waiting < piecesAhead * pieceLength else { return nil }
        let (first, ofVelocity) = place(asked)
        let piece = Piece(range: first..<min(first + pieceLength, count), ofVelocity: ofVelocity)
        asked += piece.range.count
        return piece
    }

    /// With each heartbeat. If nothing has come for a while, what was asked for is taken to be lost, and asked for
    /// again.
    package mutating func noteHeartbeat() {
        silentHeartbeats += 1
        guard silentHeartbeats >= Self.patience else { return }
        silentHeartbeats = 0
        askAgain()
    }

    /// What was asked for and has not come is lost.
    package mutating func askAgain() { asked = arrived }

    /// Takes note of floats; false if they are not those that come next.
    package mutating func take(_ floats: Int, first: Int, ofVelocity: Bool) -> Bool {
        guard !isWhole, floats > 0, (first, ofVelocity) == place(arrived), floats <= count - first else { return false }
        arrived += floats
        asked = max(asked, arrived)
        silentHeartbeats = 0
        return true
    }

    private func place(_ position: Int) -> (first: Int, ofVelocity: Bool) {
        position < count ? (position, false) : (position - count, true)
    }
}
