/// A map in the order of its keys' bytes that is copied in constant time: a B+ tree whose nodes are shared until they
/// are changed.
///
/// A change copies those nodes on its path that another copy of the map also holds, and changes the others in place. So
/// a map that nobody copies is never copied, and after a copy each node is paid for once.
struct OrderedMap: Sendable {
    private(set) var count = 0
    /// The bytes of all keys and values.
    private(set) var byteCount = 0
    private var root: OrderedMapNode?

    init() {}

    // MARK: Changes

    mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        let key = OrderedMapKey(key)
        guard root != nil else {
            root = OrderedMapNode(key, value)
            count = 1
            byteCount = key.bytes.count + value.count
            return
        }
        let outcome = Self.withRoot(&root) { OrderedMapNode.put(key, value, into: &$0) }
        if let replaced = outcome.replaced {
            byteCount += value.count - replaced.count
        } else {
            count += 1
            byteCount += key.bytes.count + value.count
        }
        if let split = outcome.split, let left = root {
            root = OrderedMapNode(left, split.separator, split.right)
        }
    }

    mutating func remove(_ key: [UInt8]) {
        let key = OrderedMapKey(key)
        guard root != nil, let value = Self.withRoot(&root, { OrderedMapNode.remove(key, from: &$0) }) else { return }
        count -= 1
        byteCount -= key.bytes.count + value.count
        dropRootLevels()
    }

    mutating func removeRange(_ range: KeyRange) {
        var removed = OrderedMapTally()
        visit(range, direction: .forward) { key, value in
            removed.count += 1
            removed.byteCount += key.count + value.count
            return true
        }
        guard removed.count > 0 else { return }
        let lower = OrderedMapKey(range.lower)
        let upper = range.upper.map(OrderedMapKey.init)
        Self.withRoot(&root) { OrderedMapNode.removeRange(from: lower, to: upper, in: &$0) }
        count -= removed.count
        byteCount -= removed.byteCount
        dropRootLevels()
    }

    // MARK: Queries

    func value(for key: [UInt8]) -> [UInt8]? {
        root?.value(for: OrderedMapKey(key))
    }

    /// Calls `visitor` with the entries of `range` until it returns false.
    ///
    /// Changes made to the map meanwhile are not seen.
    func visit(
        _ range: KeyRange, direction: Direction, _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) rethrows {
        let upper = range.upper.map(OrderedMapKey.init)
        let lower = OrderedMapKey(range.lower)
        if let upper, !(lower < upper) { return }
        switch direction {
        case .forward: _ = try root?.visitForward(from: lower, to: upper, visitor)
        case .backward: _ = try root?.visitBackward(from: lower, to: upper, visitor)
        }
    }

    /// What breaks the rules of the tree's shape, in words; nil where all is well.
    ///
    /// It reads the whole tree.
    func brokenInvariant() -> String? {
        var tally = OrderedMapTally()
        if let broken = root?.brokenInvariant(from: nil, to: nil, &tally) { return broken }
        if tally.count != count { return "\(tally.count) entries where \(count) are counted" }
        if tally.byteCount != byteCount { return "\(tally.byteCount) bytes where \(byteCount) are counted" }
        return nil
    }

    /// The number of levels of nodes.
    var depth: Int { root?.depth ?? 0 }

    // MARK: -

    /// Lends the root out of its optional, so that it stays the only reference to the node while it is changed.
    private static func withRoot<Result>(
        _ root: inout OrderedMapNode?, _ body: (inout OrderedMapNode) -> Result
    ) -> Result {
        guard var node = root.take() else { preconditionFailure("a change inside an empty map") }
        defer { root = node }
        return body(&node)
    }

    private mutating func dropRootLevels() {
        while let node = root {
            if node.isEmpty {
                root = nil
            } else if let child = node.onlyChild {
                root = child
            } else {
                return
            }
        }
    }
}

/// Counts of entries and of their bytes.
struct OrderedMapTally {
    var count = 0
    var byteCount = 0
}

/// A key with its first eight bytes beside it, so that most comparisons read no other memory.
struct OrderedMapKey: Sendable {
    let bytes: [UInt8]
    /// The first eight bytes as a big-endian number, padded with zeros: it orders keys as far as it differs.
    let prefix: UInt64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        prefix = bytes.withUnsafeBytes { bytes in
            if bytes.count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
            var prefix: UInt64 = 0
            for index in 0..<bytes.count {
                prefix |= UInt64(bytes[index]) << UInt64(56 - 8 * index)
            }
            return prefix
        }
    }

    @inline(__always)
    static func < (left: Self, right: Self) -> Bool {
        if left.prefix != right.prefix { return left.prefix < right.prefix }
        return orderOfRest(left.bytes, right.bytes) < 0
    }

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool {
        left.prefix == right.prefix && orderOfRest(left.bytes, right.bytes) == 0
    }

    /// Below, at or above zero as `left` sorts before, with or after `right`, whose first eight bytes, padded, are the
    /// same.
    private static func orderOfRest(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let common = min(left.count, right.count)
        // Where one ends within the padded bytes, it is the other's prefix.
        guard common > 8 else { return left.count - right.count }
        return left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes in
                var offset = 8
                while offset &+ 8 <= common {
                    let leftWord = leftBytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
                    let rightWord = rightBytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
                    if leftWord != rightWord { return leftWord < rightWord ? -1 : 1 }
                    offset &+= 8
                }
                while offset < common {
                    if leftBytes[offset] != rightBytes[offset] {
                        return leftBytes[offset] < rightBytes[offset] ? -1 : 1
                    }
                    offset &+= 1
                }
                return leftBytes.count - rightBytes.count
            }
        }
    }
}
