/// One incarnation of a node: its name and a number drawn when it started. A node that comes back is another one.
///
/// It is the routing id of the node's sockets, so it is at most 255 bytes and never begins with a zero byte.
public struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let name: String
    public let incarnation: UInt64

    public init(name: String, incarnation: UInt64) {
        self.name = String(
            decoding: name.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }.prefix(200), as: UTF8.self)
        self.incarnation = incarnation
    }

    /// Reads a routing id; nil for that of a foreign socket.
    public init?(routingID: some Collection<UInt8>) {
        guard routingID.count <= 255, let separator = routingID.firstIndex(of: 0x23) else { return nil }
        let digits = String(decoding: routingID[routingID.index(after: separator)...], as: UTF8.self)
        guard let incarnation = UInt64(digits, radix: 16) else { return nil }
        self.init(name: String(decoding: routingID[..<separator], as: UTF8.self), incarnation: incarnation)
        guard self.routingID.elementsEqual(routingID) else { return nil }
    }

    public var routingID: [UInt8] { Array("\(name)#\(String(incarnation, radix: 16))".utf8) }
    public var description: String { name }

    public static func < (a: NodeID, b: NodeID) -> Bool { (a.name, a.incarnation) < (b.name, b.incarnation) }
}
