/// A node of an `OrderedMap`: a leaf with entries, or an inner node whose separators part its children.
///
/// Every leaf is equally deep. All keys below child `i` are at or above separator `i - 1` and below separator `i`. A
/// node that becomes small is joined with a neighbour where both fit into one; an emptied one is removed.
///
/// Unchecked Sendable: a node is changed only while one reference to it exists, so that no other thread can be reading
/// it.
final class OrderedMapNode: @unchecked Sendable {
    /// A leaf's keys, or an inner node's separators: one fewer than its children.
    private var keys: ContiguousArray<OrderedMapKey>
    /// A leaf's values, beside its keys.
    private var values: ContiguousArray<[UInt8]>
    private var children: ContiguousArray<OrderedMapNode>
    /// Whether it has entries and no children, which never changes.
    private let isLeaf: Bool

    /// The most entries of a leaf, and the most children of an inner node.
    static let capacity = 32
    /// A node that shrinks below this looks for a neighbour to join.
    private static let smallSize = capacity / 4
    /// The size up to which two neighbours are joined: below `capacity`, so that the next insertion does not part them
    /// again.
    private static let joinedSize = capacity * 3 / 4

    struct Split {
        /// The least key that the right node may hold.
        let separator: OrderedMapKey
        let right: OrderedMapNode
    }

    struct PutOutcome {
        var replaced: [UInt8]?
        /// The upper part of the node, where it had to be parted.
        var split: Split?
    }

    /// A leaf of one entry.
    init(_ key: OrderedMapKey, _ value: [UInt8]) {
        keys = [key]
        values = [value]
        children = []
        isLeaf = true
    }

    /// An inner node of two children.
    init(_ left: OrderedMapNode, _ separator: OrderedMapKey, _ right: OrderedMapNode) {
        keys = [separator]
        values = []
        children = [left, right]
        isLeaf = false
    }

    private init(
        keys: ContiguousArray<OrderedMapKey>, values: ContiguousArray<[UInt8]>,
        children: ContiguousArray<OrderedMapNode>, isLeaf: Bool
    ) {
        self.isLeaf = isLeaf
        self.keys = keys
        self.values = values
        self.children = children
    }

    // MARK: Changes

    static func put(_ key: OrderedMapKey, _ value: [UInt8], into node: inout OrderedMapNode) -> PutOutcome {
        makeUnique(&node)
        guard !node.isLeaf else { return node.putIntoLeaf(key, value) }
        let index = node.childIndex(of: key)
        var outcome = put(key, value, into: &node.children[index])
        if let split = outcome.split {
            node.keys.insert(split.separator, at: index)
            node.children.insert(split.right, at: index + 1)
            outcome.split = node.children.count > capacity ? node.splitChildren(insertedAt: index + 1) : nil
        }
        return outcome
    }

    /// Removes a key, and returns its value; nil where it was not there.
    ///
    /// The node may become empty. Where the key is not there a node that is shared with another map may be copied all the same.
    static func remove(_ key: OrderedMapKey, from node: inout OrderedMapNode) -> [UInt8]? {
        makeUnique(&node)
        guard node.isLeaf else {
            let index = node.childIndex(of: key)
            guard let removed = remove(key, from: &node.children[index]) else { return nil }
            node.rebalanceChild(at: index)
            return removed
        }
        let index = node.firstIndex(notBefore: key)
        guard index < node.keys.count, node.keys[index] == key else { return nil }
        node.keys.remove(at: index)
        return node.values.remove(at: index)
    }

    /// Removes the keys from `lower` to below `upper`, nil being without bound.
    ///
    /// The node may become empty.
    static func removeRange(from lower: OrderedMapKey?, to upper: OrderedMapKey?, in node: inout OrderedMapNode) {
        makeUnique(&node)
        if node.isLeaf {
            let start = node.index(from: lower)
            let end = node.index(to: upper)
            node.keys.removeSubrange(start..<end)
            node.values.removeSubrange(start..<end)
            return
        }
        guard lower != nil || upper != nil else {
            node.removeChildren(0..<node.children.count)
            return
        }
        let first = node.childIndex(from: lower)
        let last = node.childIndex(to: upper)
        guard first < last else {
            removeRange(from: lower, to: upper, in: &node.children[first])
            node.rebalanceChild(at: first)
            return
        }
        removeRange(from: nil, to: upper, in: &node.children[last])
        removeRange(from: lower, to: nil, in: &node.children[first])
        node.removeChildren(first + 1..<last)
        node.rebalanceChild(at: first + 1)
        node.rebalanceChild(at: first)
    }

    // MARK: Queries

    var isEmpty: Bool { keys.isEmpty && children.isEmpty }

    var onlyChild: OrderedMapNode? { children.count == 1 ? children[0] : nil }

    var depth: Int { 1 + (children.first?.depth ?? 0) }

    func value(for key: OrderedMapKey) -> [UInt8]? {
        var node = self
        while !node.isLeaf {
            node = node.children[node.childIndex(of: key)]
        }
        let index = node.firstIndex(notBefore: key)
        guard index < node.keys.count, node.keys[index] == key else { return nil }
        return node.values[index]
    }

    /// Visits the entries at or above `lower` and below `upper` in their order; false once the visitor has returned
    /// false.
    func visitForward(
        from lower: OrderedMapKey?, to upper: OrderedMapKey?, _ visitor: ([UInt8], [UInt8]) throws -> Bool
    ) rethrows -> Bool {
        if isLeaf {
            for index in entries(from: lower, to: upper) {
                guard try visitor(keys[index].bytes, values[index]) else { return false }
            }
            return true
        }
        let first = childIndex(from: lower)
        let last = childIndex(to: upper)
        guard first <= last else { return true }
        for index in first...last {
            guard
                try children[index].visitForward(
                    from: index == first ? lower : nil, to: index == last ? upper : nil, visitor)
            else { return false }
        }
        return true
    }

    /// Visits the entries at or above `lower` and below `upper` from the last; false once the visitor has returned
    /// false.
    func visitBackward(
        from lower: OrderedMapKey?, to upper: OrderedMapKey?, _ visitor: ([UInt8], [UInt8]) throws -> Bool
    ) rethrows -> Bool {
        if isLeaf {
            for index in entries(from: lower, to: upper).reversed() {
                guard try visitor(keys[index].bytes, values[index]) else { return false }
            }
            return true
        }
        let first = childIndex(from: lower)
        let last = childIndex(to: upper)
        guard first <= last else { return true }
        for index in (first...last).reversed() {
            guard
                try children[index].visitBackward(
                    from: index == first ? lower : nil, to: index == last ? upper : nil, visitor)
            else { return false }
        }
        return true
    }

    /// What is wrong with the tree below this node, whose keys must lie from `lower` to below `upper`; nil where
    /// nothing is.
    func brokenInvariant(from lower: OrderedMapKey?, to upper: OrderedMapKey?, _ tally: inout OrderedMapTally)
        -> String?
    {
        for index in keys.indices {
            if index > 0, !(keys[index - 1] < keys[index]) { return "keys out of order: \(keys[index].bytes)" }
            if let lower, keys[index] < lower { return "a key below its separator: \(keys[index].bytes)" }
            if let upper, !(keys[index] < upper) { return "a key not below its separator: \(keys[index].bytes)" }
        }
        if isEmpty { return "an empty node" }
        if keys.count > Self.capacity || children.count > Self.capacity { return "a node over its capacity" }
        if isLeaf {
            if values.count != keys.count { return "\(keys.count) keys with \(values.count) values" }
            tally.count += keys.count
            for (key, value) in zip(keys, values) { tally.byteCount += key.bytes.count + value.count }
            return nil
        }
        if children.count != keys.count + 1 { return "\(keys.count) separators for \(children.count) children" }
        for (index, child) in children.enumerated() {
            if child.depth != children[0].depth { return "leaves of different depth" }
            let broken = child.brokenInvariant(
                from: index == 0 ? lower : keys[index - 1], to: index == keys.count ? upper : keys[index], &tally)
            if let broken { return broken }
        }
        return nil
    }

    // MARK: -

    private var size: Int { isLeaf ? keys.count : children.count }

    private static func makeUnique(_ node: inout OrderedMapNode) {
        guard !isKnownUniquelyReferenced(&node) else { return }
        node = OrderedMapNode(keys: node.keys, values: node.values, children: node.children, isLeaf: node.isLeaf)
    }

    /// The index of the first key at or above `key`: in an inner node, of the last child that may hold keys below it.
    @inline(__always)
    private func firstIndex(notBefore key: OrderedMapKey) -> Int {
        keys.withUnsafeBufferPointer { keys in
            var low = 0
            var high = keys.count
            // A log's keys come in order: where they go is known after one comparison.
            if high > 0, keys[high &- 1] < key { return high }
            while low < high {
                let middle = (low &+ high) &>> 1
                if keys[middle] < key { low = middle &+ 1 } else { high = middle }
            }
            return low
        }
    }

    /// The index of the child of an inner node that holds `key` if any does.
    @inline(__always)
    private func childIndex(of key: OrderedMapKey) -> Int {
        keys.withUnsafeBufferPointer { keys in
            var low = 0
            var high = keys.count
            if high > 0, !(key < keys[high &- 1]) { return high }
            while low < high {
                let middle = (low &+ high) &>> 1
                if key < keys[middle] { high = middle } else { low = middle &+ 1 }
            }
            return low
        }
    }

    // Where a range begins and ends; nil is without bound.

    private func index(from lower: OrderedMapKey?) -> Int {
        guard let lower else { return 0 }
        return firstIndex(notBefore: lower)
    }

    private func index(to upper: OrderedMapKey?) -> Int {
        guard let upper else { return keys.count }
        return firstIndex(notBefore: upper)
    }

    private func childIndex(from lower: OrderedMapKey?) -> Int {
        guard let lower else { return 0 }
        return childIndex(of: lower)
    }

    private func childIndex(to upper: OrderedMapKey?) -> Int {
        guard let upper else { return children.count - 1 }
        return firstIndex(notBefore: upper)
    }

    private func entries(from lower: OrderedMapKey?, to upper: OrderedMapKey?) -> Range<Int> {
        let start = index(from: lower)
        let end = index(to: upper)
        return start..<max(start, end)
    }

    private func putIntoLeaf(_ key: OrderedMapKey, _ value: [UInt8]) -> PutOutcome {
        let index = firstIndex(notBefore: key)
        if index < keys.count, keys[index] == key {
            let replaced = values[index]
            values[index] = value
            return PutOutcome(replaced: replaced)
        }
        keys.insert(key, at: index)
        values.insert(value, at: index)
        guard keys.count > Self.capacity else { return PutOutcome() }
        let middle = Self.splitIndex(insertedAt: index)
        // With room for all that it will hold: a log's last leaf is filled from its first entry on.
        var (rightKeys, rightValues) = (ContiguousArray<OrderedMapKey>(), ContiguousArray<[UInt8]>())
        rightKeys.reserveCapacity(Self.capacity + 1)
        rightValues.reserveCapacity(Self.capacity + 1)
        rightKeys.append(contentsOf: keys[middle...])
        rightValues.append(contentsOf: values[middle...])
        let right = OrderedMapNode(keys: rightKeys, values: rightValues, children: [], isLeaf: true)
        keys.removeSubrange(middle...)
        values.removeSubrange(middle...)
        return PutOutcome(split: Split(separator: right.keys[0], right: right))
    }

    private func splitChildren(insertedAt index: Int) -> Split {
        let middle = Self.splitIndex(insertedAt: index)
        let separator = keys[middle - 1]
        let right = OrderedMapNode(
            keys: ContiguousArray(keys[middle...]), values: [], children: ContiguousArray(children[middle...]),
            isLeaf: false)
        keys.removeSubrange((middle - 1)...)
        children.removeSubrange(middle...)
        return Split(separator: separator, right: right)
    }

    /// Where to part a node of `capacity + 1`: in the middle, or behind what is full when keys arrive in order, as a
    /// log's do.
    private static func splitIndex(insertedAt index: Int) -> Int {
        index == capacity ? capacity : (capacity + 1) / 2
    }

    private func removeChildren(_ range: Range<Int>) {
        children.removeSubrange(range)
        // The separators at the removed children's left edges go, or at their right edges for the first child.
        let firstKey = max(range.lowerBound - 1, 0)
        keys.removeSubrange(firstKey..<min(firstKey + range.count, keys.count))
    }

    /// Removes the child at `index` where it is empty, and joins it with a neighbour where it has become small.
    private func rebalanceChild(at index: Int) {
        let child = children[index]
        guard !child.isEmpty else { return removeChildren(index..<index + 1) }
        guard child.size < Self.smallSize else { return }
        for left in [index - 1, index] where left >= 0 && left + 1 < children.count {
            let right = children[left + 1]
            guard !children[left].isEmpty, !right.isEmpty else { continue }
            guard children[left].size + right.size <= Self.joinedSize else { continue }
            Self.makeUnique(&children[left])
            if !right.isLeaf { children[left].keys.append(keys[left]) }
            children[left].keys.append(contentsOf: right.keys)
            children[left].values.append(contentsOf: right.values)
            children[left].children.append(contentsOf: right.children)
            removeChildren(left + 1..<left + 2)
            return
        }
    }
}
