import ItemModel
public import KeyValueStore

/// Every keyspace of a region's store, with its keys and values; all integers big-endian.
///
/// This file is the disk format's index.
///
/// | keyspace  | key                                                                | value                             |
/// | --------- | ------------------------------------------------------------------ | --------------------------------- |
/// | `catalog` | table name · 0x00 · table UUID (16)                                | `CatalogEntry`, `LocalTableState` |
/// | `items`   | table id (4) · hash (8) · partition key form · sort key form       | `ItemValue`                       |
/// | `indexes` | index id (4) · hash (8) · index key forms · table key forms        | binary item: what is projected    |
/// | `log`     | log position (8)                                                   | `LogEntry`                        |
/// | `origins` | origin (8) · origin's log position (8)                             | own log position (8)              |
/// | `streams` | stream id (4) · shard (4) · log position (8)                       | `StreamPointer`                   |
/// | `expiry`  | table id (4) · expiry second (8) · hash (8) · key forms            | region that wrote the item (2)    |
/// | `meta`    | name                                                               | see ``MetaKey``                   |
/// | `deleted-tables` | table UUID (16)                                             | `CatalogEntry`: a tombstone       |
/// | `tombstones` | table id (4) · origin (8) · stamp (8)                           | `Tombstones.Entry`                |
///
/// `hash` is ``PartitionHash`` of the partition key's forms, so that items lie, and are scanned, in hash order. Key forms
/// are order-preserving and end themselves: see `KeyCodec` in ItemModel. `origins` holds one entry for each batch received from
/// another origin, and finds the place in this region's log from which that origin's changes can be relayed.
public enum Layout {
    public static let catalog = Keyspace(index: 0, name: "catalog")
    public static let items = Keyspace(index: 1, name: "items")
    public static let indexes = Keyspace(index: 2, name: "indexes")
    public static let log = Keyspace(index: 3, name: "log")
    public static let origins = Keyspace(index: 4, name: "origins")
    public static let streams = Keyspace(index: 5, name: "streams")
    public static let expiry = Keyspace(index: 6, name: "expiry")
    public static let meta = Keyspace(index: 7, name: "meta")
    public static let tombstones = Keyspace(index: 8, name: "tombstones")
    public static let deletedTables = Keyspace(index: 9, name: "deleted-tables")

    /// What a store has to be opened with, in this order.
    public static let keyspaces = [
        catalog, items, indexes, log, origins, streams, expiry, meta, tombstones, deletedTables,
    ]

    /// The version of everything in this file; a store of another one is refused.
    static let formatVersion: UInt32 = 5

    /// Names in the `meta` keyspace.
    ///
    /// Never used again for something else.
    enum MetaKey {
        /// Four bytes: ``Layout/formatVersion``.
        static let format = Array("format".utf8)
        /// Sixteen bytes of UUID, then the region's number (2): whose store this is.
        static let incarnation = Array("incarnation".utf8)
        /// `ForgottenTail`: what the store has lost of a log of its own, until that was fetched.
        static let forgotten = Array("forgotten".utf8)
        /// The last position of the log when the present incarnation began: what stands up to it is of logs that have ended.
        static let begin = Array("begin".utf8)
        /// Eight bytes: the hybrid clock's high-water mark.
        static let highWaterMark = Array("high-water-mark".utf8)
        /// `AppliedVector`.
        static let vector = Array("vector".utf8)
        /// `AppliedVector`: for each origin the position after which this log holds all of its changes.
        static let retainedFrom = Array("retained-from".utf8)
        /// `AppliedVector`: for each origin the highest position of what came apart from the changes before it.
        static let seen = Array("seen".utf8)
        /// `CollectedTables`.
        static let collectedTables = Array("collected-tables".utf8)
        /// `follower/` and a name: a cursor and the cause of a lapse, see `LogFollowers`.
        static let followerPrefix = Array("follower/".utf8)
        /// `ChangeLog.Bounds`: where the log begins and ends, and its size.
        static let log = Array("log".utf8)
        /// Four bytes: the next table id or index id.
        static let nextShortID = Array("next-short-id".utf8)
        /// `count/` and a table id or index id (4): count of items or entries and byte count, eight bytes each.
        static let countPrefix = Array("count/".utf8)
        /// `token/` and the name of a transaction's token: `TokenEntry`.
        static let tokenPrefix = Array("token/".utf8)
        /// `token-time/`, the milliseconds of the transaction (8) and the token's name: nothing.
        static let tokenTimePrefix = Array("token-time/".utf8)
        /// `stream/` and a stream id (4): `ChangeStream`.
        static let streamPrefix = Array("stream/".utf8)
        /// `trimmed/`, a stream id (4) and a shard (4): the position of the last of its records that was trimmed (8).
        static let trimmedPrefix = Array("trimmed/".utf8)
        /// `backfill/` and an index id (4): the key in `items` of the next item to be entered into the index.
        static let backfillPrefix = Array("backfill/".utf8)
        /// `collection/`, a table id (4), hash (8) and partition key form: the item collection's size in bytes (8).
        static let collectionPrefix = Array("collection/".utf8)
    }

    static func catalogKey(name: Text, uuid: TableUUID) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(contentsOf: Array(name.utf8))
        writer.append(0 as UInt8)
        writer.append(uuid.high)
        writer.append(uuid.low)
        return writer.bytes
    }

    static func deletedTableKey(_ uuid: TableUUID) -> [UInt8] { bigEndian(uuid.high, uuid.low) }

    package static func prefix(_ table: TableID) -> [UInt8] { bigEndian(table.rawValue) }

    /// A key of the `items` keyspace without the table's number.
    static func keyInTable(_ key: [UInt8]) -> [UInt8] { Array(key.dropFirst(MemoryLayout<UInt32>.size)) }

    package static func prefix(_ index: IndexID) -> [UInt8] { bigEndian(index.rawValue) }

    package static func logKey(_ position: LogPosition) -> [UInt8] { bigEndian(position.rawValue) }

    static func originKey(_ origin: Origin, _ position: LogPosition) -> [UInt8] {
        bigEndian(origin.rawValue, position.rawValue)
    }

    package static func prefix(_ stream: StreamID) -> [UInt8] { bigEndian(stream.rawValue) }

    package static func streamKey(_ stream: StreamID, shard: UInt32, _ position: LogPosition) -> [UInt8] {
        bigEndian(UInt64(stream.rawValue) << 32 | UInt64(shard), position.rawValue)
    }

    static func streamStateKey(_ stream: StreamID) -> [UInt8] { MetaKey.streamPrefix + bigEndian(stream.rawValue) }

    /// What all of a stream's keys of trimmed positions begin with.
    static func trimKey(_ stream: StreamID) -> [UInt8] { MetaKey.trimmedPrefix + bigEndian(stream.rawValue) }

    static func trimKey(_ stream: StreamID, shard: UInt32) -> [UInt8] { trimKey(stream) + bigEndian(shard) }

    /// The hash that a key of the `items` keyspace holds after the table's id.
    static func hash(inItemKey key: [UInt8]) -> UInt64 { integer(Array(key.dropFirst(4).prefix(8))) ?? 0 }

    static func countKey(_ table: TableID) -> [UInt8] { MetaKey.countPrefix + bigEndian(table.rawValue) }

    static func tokenKey(_ name: Text) -> [UInt8] { MetaKey.tokenPrefix + name.utf8 }

    static func tokenTimeKey(_ time: UInt64, _ name: Text) -> [UInt8] {
        MetaKey.tokenTimePrefix + bigEndian(time) + name.utf8
    }

    /// Of the same numbers as tables', so that the two never meet.
    static func countKey(_ index: IndexID) -> [UInt8] { MetaKey.countPrefix + bigEndian(index.rawValue) }

    static func backfillKey(_ index: IndexID) -> [UInt8] { MetaKey.backfillPrefix + bigEndian(index.rawValue) }

    static func collectionPrefix(_ table: TableID) -> [UInt8] {
        MetaKey.collectionPrefix + bigEndian(table.rawValue)
    }

    /// Two integers, one behind the other.
    static func bigEndian(_ first: UInt64, _ second: UInt64) -> [UInt8] {
        withUnsafeBytes(of: (first.bigEndian, second.bigEndian)) { Array($0) }
    }

    static func bigEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// The integer that `bytes` are, or nil when their number is another.
    @inlinable
    package static func integer<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ bytes: [UInt8], as: Value.Type = Value.self
    ) -> Value? {
        guard bytes.count == MemoryLayout<Value>.size else { return nil }
        return bytes.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(as: Value.self)) }
    }
}
