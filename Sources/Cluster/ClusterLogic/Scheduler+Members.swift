extension Scheduler {
    /// The workers. Those that can take something are kept at hand, since they are looked for at every event.
    struct Members: Sendable {
        private var byID: [NodeID: Member] = [:]
        /// How many lanes are free, of those that have any.
        private(set) var free: [NodeID: Int] = [:]
        /// Those with a lane that has no next shard.
        private(set) var hungry: Set<NodeID> = []

        var values: Dictionary<NodeID, Member>.Values { byID.values }
        var inOrder: [NodeID] { byID.keys.sorted() }

        subscript(id: NodeID) -> Member? {
            get { byID[id] }
            set {
                byID[id] = newValue
                let lanes = newValue?.freeLanes ?? 0
                if free[id] != nil || lanes > 0 { free[id] = lanes > 0 ? lanes : nil }
                let isHungry = newValue.map { !$0.isLeaving && $0.waiting < $0.lanes } ?? false
                if isHungry { hungry.insert(id) } else { hungry.remove(id) }
            }
        }
    }
}
