/// Sets that grow together: elements that were joined, directly or by way of others, are in one set.
struct DisjointSets<Element: Hashable & Comparable> {
    private var parents: [Element: Element] = [:]

    mutating func join(_ first: Element, _ second: Element) {
        let (first, second) = (least(of: first), least(of: second))
        if first != second { parents[max(first, second)] = min(first, second) }
    }

    /// The least element of the set that `element` is in.
    mutating func least(of element: Element) -> Element {
        var element = element
        while let parent = parents[element] {
            // Halving the paths keeps them short, whatever was joined in what order.
            if let grandparent = parents[parent] { parents[element] = grandparent }
            element = parent
        }
        return element
    }
}
