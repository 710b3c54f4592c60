import Parameters
import Programs
import Transport

/// A snapshot that is asked for: what the server of this process holds of it, and the parts of servers on other hosts,
/// which come as they are read.
struct ArrivingSnapshot {
    private let version: UInt64
    /// By server, in the order of their parts.
    private let ranges: [Range<Int>]
    private let hasVelocity: Bool
    /// Of the servers on other hosts.
    private let streams: [Int: PartStream]
    private var parameters: FloatFrame?
    private var velocity: FloatFrame?

    /// `isRemote` says of each server whether it is on another host; exactly one is not.
    init(version: UInt64, ranges: [Range<Int>], isRemote: [Bool], withVelocity: Bool, waking wakeup: Wakeup) {
        precondition(isRemote.count(where: { !$0 }) == 1 && isRemote.count == ranges.count, "\(isRemote) of \(ranges)")
        (self.version, self.ranges, hasVelocity) = (version, ranges, withVelocity)
        streams = Dictionary(
            uniqueKeysWithValues: ranges.indices.filter { isRemote[$0] }.map {
                ($0, PartStream(count: ranges[$0].count, withVelocity: withVelocity, waking: wakeup))
            })
    }

    /// What to ask servers on other hosts for now, as far as their parts are being read.
    func next() -> [(server: Int, piece: PartTransfer.Piece)] {
        streams.sorted { $0.key < $1.key }.flatMap { server, stream in
            sequence(state: ()) { _ in stream.next() }.map { (server, $0) }
        }
    }

    /// What was asked of a server may have been lost.
    func noteHeartbeat(of server: Int) { streams[server]?.noteHeartbeat() }

    /// Takes what a server sent; nothing happens if it does not fit.
    mutating func take(_ floats: FloatFrame, _ version: UInt64, first: Int, ofVelocity: Bool, of server: Int) {
        guard version == self.version else { return }
        if let stream = streams[server] { return stream.take(floats, first: first, ofVelocity: ofVelocity) }
        guard floats.count == ranges[server].count else { return }
        if ofVelocity { velocity = floats } else { parameters = floats }
    }

    /// The snapshot, once what this process holds is there; it is given away once.
    mutating func takeSnapshot() -> ParameterSnapshot? {
        guard let parameters, !hasVelocity || velocity != nil else { return nil }
        defer { (self.parameters, velocity) = (nil, nil) }
        return ParameterSnapshot(
            version: version, hasVelocity: hasVelocity,
            parts: ranges.enumerated().map { server, range in
                .init(
                    range: range,
                    floats: streams[server].map { .streamed($0) } ?? .held(parameters: parameters, velocity: velocity))
            })
    }

    /// What is not read will not be; a thread that waits for it learns why.
    func fail(_ reason: any Error) { for stream in streams.values { stream.fail(reason) } }
}
