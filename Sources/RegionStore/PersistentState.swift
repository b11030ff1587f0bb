import HybridClock
import ItemModel
import KeyValueStore

/// What the `meta` keyspace says of the store itself when it is opened.
struct PersistentState {
    var incarnation: Incarnation
    var highWaterMark = HybridTimestamp.zero
    var nextShortID: UInt32 = 1

    /// Reads it back, or writes the first of it into a new store.
    static func load(
        from store: some KeyValueStore, region: RegionID, using generator: inout some RandomNumberGenerator
    ) throws -> PersistentState {
        guard let format = try store.value(for: Layout.MetaKey.format, in: Layout.meta) else {
            return try create(in: store, region: region, using: &generator)
        }
        guard let version: UInt32 = Layout.integer(format) else { throw RegionStoreError.corrupt("format version") }
        guard version == Layout.formatVersion else {
            throw RegionStoreError.unknownFormat(found: version, supported: Layout.formatVersion)
        }
        var state = PersistentState(incarnation: try readIncarnation(from: store, region: region))
        func integer<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ key: [UInt8], _ fallback: Value)
            throws -> Value
        {
            guard let bytes = try store.value(for: key, in: Layout.meta) else { return fallback }
            guard let value: Value = Layout.integer(bytes) else {
                throw RegionStoreError.corrupt(String(decoding: key, as: UTF8.self))
            }
            return value
        }
        state.highWaterMark = HybridTimestamp(rawValue: try integer(Layout.MetaKey.highWaterMark, 0))
        state.nextShortID = try integer(Layout.MetaKey.nextShortID, 1)
        guard state.nextShortID > 0 else { throw RegionStoreError.corrupt("next short id") }
        return state
    }

    private static func create(
        in store: some KeyValueStore, region: RegionID, using generator: inout some RandomNumberGenerator
    ) throws -> PersistentState {
        let incarnation = Incarnation.random(using: &generator)
        var batch = WriteBatch()
        batch.put(Layout.MetaKey.format, Layout.bigEndian(Layout.formatVersion), in: Layout.meta)
        batch.put(
            Layout.MetaKey.incarnation,
            Layout.bigEndian(incarnation.high) + Layout.bigEndian(incarnation.low) + Layout.bigEndian(region.rawValue),
            in: Layout.meta)
        try store.commit(batch, durability: .synced)
        return PersistentState(incarnation: incarnation)
    }

    private static func readIncarnation(from store: some KeyValueStore, region: RegionID) throws -> Incarnation {
        guard let bytes = try store.value(for: Layout.MetaKey.incarnation, in: Layout.meta) else {
            throw RegionStoreError.corrupt("incarnation")
        }
        var reader = ByteReader(bytes)
        let incarnation = Incarnation(high: try reader.readUInt64(), low: try reader.readUInt64())
        let found = RegionID(rawValue: try reader.readUInt16())
        try reader.expectEnd()
        guard found == region else { throw RegionStoreError.otherRegion(found: found, expected: region) }
        return incarnation
    }
}
