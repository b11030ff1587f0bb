/// Changes to several keyspaces that become visible and durable together.
public struct WriteBatch: Sendable, Equatable {
    /// One change.
    ///
    /// Of two that touch a key, the later counts.
    public enum Operation: Sendable, Equatable {
        case put(Keyspace, key: [UInt8], value: [UInt8])
        case delete(Keyspace, key: [UInt8])
        case deleteRange(Keyspace, KeyRange)
    }

    public private(set) var operations: [Operation] = []

    /// The keys' and values' bytes so far: what an owner bounds a batch by.
    public private(set) var byteCount = 0

    /// An empty batch.
    ///
    /// - Parameter capacity: for how many operations to make room at once.
    public init(capacity: Int = 0) { operations.reserveCapacity(capacity) }

    public var isEmpty: Bool { operations.isEmpty }

    public mutating func put(_ key: [UInt8], _ value: [UInt8], in keyspace: Keyspace) {
        operations.append(.put(keyspace, key: key, value: value))
        byteCount += key.count + value.count
    }

    public mutating func delete(_ key: [UInt8], in keyspace: Keyspace) {
        operations.append(.delete(keyspace, key: key))
        byteCount += key.count
    }

    public mutating func deleteRange(_ range: KeyRange, in keyspace: Keyspace) {
        operations.append(.deleteRange(keyspace, range))
        byteCount += range.lower.count + (range.upper?.count ?? 0)
    }
}
