/// What has come about at least once, of things that peers can make up without end: no more than so many are kept.
public struct FirstTimes<Item: Hashable & Sendable>: Sendable {
    private static var most: Int { 10_000 }
    private var items: Set<Item> = []

    public init() {}

    /// True the first time that it is asked of an item; false for all others once there are too many.
    public mutating func isFirst(_ item: Item) -> Bool { items.count < Self.most && items.insert(item).inserted }
}
