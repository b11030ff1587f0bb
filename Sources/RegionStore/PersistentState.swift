import HybridClock
import ItemModel
import KeyValueStore

/// What the `meta` keyspace says of the store itself when it is opened.
struct PersistentState {
    var incarnation: Incarnation
    var highWaterMark = HybridTimestamp.zero
    var nextShortID: UInt32 = 1
    /// Up to where the log holds changes of logs that have ended: the present incarnation began there.
    var logBegin = LogPosition.zero
    /// What the store has lost of a log of its own.
    var forgotten: ForgottenTail?
    /// Whether nothing says that the store is the newest copy.
    var isUnproven = false

    /// Reads it back, or writes the first of it into a new store; a store that has forgotten begins another incarnation.
    static func load(
        from store: some KeyValueStore, region: RegionID, mark: LogMarkReading,
        using generator: inout some RandomNumberGenerator
    ) throws -> PersistentState {
        guard let format = try store.value(for: Layout.MetaKey.format, in: Layout.meta) else {
            return try create(in: store, region: region, mark: mark, using: &generator)
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
        state.logBegin = LogPosition(rawValue: try integer(Layout.MetaKey.begin, 0))
        state.forgotten = try store.value(for: Layout.MetaKey.forgotten, in: Layout.meta)
            .map(ForgottenTail.init(decoding:))
        state.isUnproven = mark == .missing
        let log = try ChangeLog.Bounds(in: store)
        if let tail = state.tail(against: mark, log, of: region) {
            try state.beginIncarnation(forgetting: tail, log, in: store, region: region, using: &generator)
        }
        return state
    }

    /// What the store has forgotten, as was found before or as the mark says.
    private func tail(against mark: LogMarkReading, _ log: ChangeLog.Bounds, of region: RegionID) -> ForgottenTail? {
        let own = Origin(region: region, incarnation: incarnation)
        if let forgotten, forgotten.log == own { return forgotten }
        guard case .found(let mark) = mark else { return nil }
        // The present log has no mark yet: the process ended before its first commit.
        guard Origin(region: region, incarnation: mark.incarnation) != forgotten?.log else { return nil }
        // A mark of another incarnation: this copy is older than the day on which that one began.
        guard mark.incarnation == incarnation else { return ForgottenTail(log: own, held: log.last, known: log.last) }
        return mark.position > log.last ? ForgottenTail(log: own, held: log.last, known: mark.position) : nil
    }

    /// Makes the store's log one that has ended, and its entries another log's.
    private mutating func beginIncarnation(
        forgetting tail: ForgottenTail, _ log: ChangeLog.Bounds, in store: some KeyValueStore, region: RegionID,
        using generator: inout some RandomNumberGenerator
    ) throws {
        var tail = tail
        tail.step = .incarnationBegun
        incarnation = Incarnation.random(using: &generator)
        forgotten = tail
        isUnproven = false
        var batch = WriteBatch()
        batch.put(Layout.MetaKey.incarnation, Self.encoded(incarnation, region), in: Layout.meta)
        batch.put(Layout.MetaKey.forgotten, tail.encoded(), in: Layout.meta)
        logBegin = log.last
        batch.put(Layout.MetaKey.begin, Layout.bigEndian(logBegin.rawValue), in: Layout.meta)
        let beforeStart = LogPosition(rawValue: log.start.rawValue - 1)
        // What stands behind the place up to which the log is held was received since.
        for (key, position) in [(Layout.MetaKey.vector, tail.held), (Layout.MetaKey.retainedFrom, beforeStart)] {
            var vector = try ReplicaProgress.vector(key, in: store)
            vector.raise(tail.log, to: position)
            var writer = ByteWriter()
            vector.encode(into: &writer)
            batch.put(key, writer.bytes, in: Layout.meta)
        }
        // Where others find the log's changes: each stands at its own position.
        for position in stride(from: beforeStart.rawValue, through: tail.held.rawValue, by: Self.placeInterval) {
            let position = LogPosition(rawValue: position)
            batch.put(
                Layout.originKey(tail.log, position), Layout.bigEndian(position.rawValue), in: Layout.origins)
        }
        try store.commit(batch, durability: .synced)
    }

    /// How many changes are read in vain at the most to find one.
    private static let placeInterval = 4_096

    private static func encoded(_ incarnation: Incarnation, _ region: RegionID) -> [UInt8] {
        Layout.bigEndian(incarnation.high, incarnation.low) + Layout.bigEndian(region.rawValue)
    }

    private static func create(
        in store: some KeyValueStore, region: RegionID, mark: LogMarkReading,
        using generator: inout some RandomNumberGenerator
    ) throws -> PersistentState {
        var state = PersistentState(incarnation: Incarnation.random(using: &generator))
        var batch = WriteBatch()
        batch.put(Layout.MetaKey.format, Layout.bigEndian(Layout.formatVersion), in: Layout.meta)
        batch.put(Layout.MetaKey.incarnation, encoded(state.incarnation, region), in: Layout.meta)
        if case .found(let mark) = mark {
            // The folder that had this log is gone. There are no streams yet whose shards could have to be replaced.
            let log = Origin(region: region, incarnation: mark.incarnation)
            let tail = ForgottenTail(log: log, held: .zero, known: mark.position, step: .streamsRolled)
            batch.put(Layout.MetaKey.forgotten, tail.encoded(), in: Layout.meta)
            var vector = AppliedVector()
            vector.raise(log, to: .zero)
            var writer = ByteWriter()
            vector.encode(into: &writer)
            batch.put(Layout.MetaKey.vector, writer.bytes, in: Layout.meta)
            state.forgotten = tail
        }
        try store.commit(batch, durability: .synced)
        return state
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
