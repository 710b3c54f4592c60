import ClusterLogic

/// Who waits for which parameters of a server. Of each peer it keeps a bounded number, and each once.
struct WaitingPulls {
    struct Pull: Hashable {
        let run: UInt64
        let version: UInt64
        let range: Range<Int>
    }

    private static let mostPeers = 10_000
    private static let mostOfPeer = 1000
    private var pulls: [NodeID: [Pull]] = [:]

    var peers: [NodeID] { pulls.keys.sorted() }

    mutating func add(_ pull: Pull, of peer: NodeID) {
        let known = pulls[peer, default: []]
        guard !known.contains(pull), known.count < Self.mostOfPeer, pulls.count < Self.mostPeers else { return }
        pulls[peer, default: []].append(pull)
    }

    /// Those of a peer that can be answered, for the version that they ask for is there, or a newer one.
    mutating func takeDue(of peer: NodeID, run: UInt64, version: UInt64) -> [Pull] {
        let known = pulls.removeValue(forKey: peer) ?? []
        let later = known.filter { $0.run != run || $0.version > version }
        if !later.isEmpty { pulls[peer] = later }
        return known.filter { $0.run == run && $0.version <= version }
    }

    mutating func forget(otherThan run: UInt64) {
        pulls = pulls.mapValues { $0.filter { $0.run == run } }.filter { !$0.value.isEmpty }
    }
}
