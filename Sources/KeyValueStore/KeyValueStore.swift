/// An ordered key-value store with atomic batches and snapshots: all that Meridian asks of storage.
///
/// Keys are ordered by their bytes. Nothing above this protocol may assume that the data lies on the local disk, or
/// that a range read is cheap enough to scan for what a key could say. Reading order: this file, `WriteBatch`,
/// `InMemoryStore`.
public protocol KeyValueStore: KeyValueReader, AnyObject, Sendable {
    /// A consistent view of everything committed when it was taken.
    associatedtype Snapshot: KeyValueReader & Sendable

    /// Takes a view that later commits do not change; it is released with its last reference.
    func snapshot() throws(KeyValueStoreError) -> Snapshot

    /// Applies every operation of `batch` in order, over all keyspaces, or none of them.
    ///
    /// Returns when the batch is visible to readers and, with `Durability.synced`, when it would survive the loss of
    /// power, with every batch committed before it. One thread at a time may commit; readers never wait for it.
    func commit(_ batch: WriteBatch, durability: Durability) throws(KeyValueStoreError)

    /// The value of `key`, where it is known without waiting for the disk.
    func cachedValue(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> Cached<[UInt8]>
}

/// What is known of a value without reading the disk.
public enum Cached<Value: Sendable>: Sendable {
    /// The value; nil where there is none.
    case known(Value?)
    /// The disk has to be read.
    case unknown
}

extension Cached: Equatable where Value: Equatable {}

/// The reading half, which a store and its snapshots share.
///
/// Any thread may read.
public protocol KeyValueReader {
    /// The value of `key`, or nil where there is none.
    func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]?

    /// The values of `keys`, in their order, nil where there is none.
    func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?]

    /// Calls `visitor` with each entry of `range` in the order of `direction`, until it returns false.
    ///
    /// On a store the visit sees one consistent state, as on a snapshot. What the visitor throws ends the visit and is
    /// thrown on.
    func visit(
        _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws
}

/// One named keyspace of a store: keys in different keyspaces have nothing to do with each other.
public struct Keyspace: Sendable, Hashable {
    /// Its place in the list that the store was opened with, from zero.
    ///
    /// A matter of the running process, not of the disk.
    public let index: Int
    /// Its name on disk.
    public let name: String

    public init(index: Int, name: String) {
        self.index = index
        self.name = name
    }
}

/// Keys from `lower` to below `upper`.
public struct KeyRange: Sendable, Hashable {
    public var lower: [UInt8]
    /// Nil for no upper bound.
    public var upper: [UInt8]?

    public init(from lower: [UInt8], to upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// Every key that begins with `prefix`.
    public init(prefix: [UInt8]) {
        lower = prefix
        upper = Self.successor(ofPrefix: prefix)
    }

    /// The least key above every key that begins with `prefix`; nil where there is none, as all its bytes are 0xFF.
    public static func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.last {
            if last < 0xFF {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return nil
    }
}

/// The order in which a range is visited.
public enum Direction: Sendable, Hashable {
    case forward
    case backward
}

/// What a commit has survived by the time that it returns.
public enum Durability: Sendable, Hashable {
    /// The loss of power.
    case synced
    /// The end of the process, but not the loss of power.
    case buffered
}

/// Why a store could not do what it was asked.
public enum KeyValueStoreError: Error, Sendable, Hashable {
    /// The underlying engine's or file system's own words. After a failed commit the store's owner must stop: what is
    /// durable is unknown.
    case engine(String)
    /// A checksum did not match, or a file is missing.
    case corruption(String)
    /// The disk has no room left. After a failed commit the store's owner must stop, as after any other failure.
    case full(String)
    /// The store is open already: the text says in which process.
    case inUse(String)
    /// The directory cannot be used.
    case unavailable(String)
    /// The store was closed or, in the in-memory store, crashed.
    case closed
}
