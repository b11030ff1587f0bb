import HybridClock
import ItemModel
import KeyValueStore

/// The `streams` keyspace and the streams' own descriptions: how streams are opened and closed, how their shards follow one another, and
/// how a change gets into one.
struct StreamShards {
    private var registry = StreamRegistry()
    /// Before which time no shard is due to be replaced or forgotten.
    private var dueMilliseconds: UInt64 = 0
    /// Whether readers have to be shown other streams after the next commit.
    private(set) var isChanged = false

    init() {}

    /// Reads every stream back when the store is opened.
    init(loading store: some KeyValueReader) throws {
        try store.visit(KeyRange(prefix: Layout.MetaKey.streamPrefix), in: Layout.meta, direction: .forward) {
            _, value in
            registry.update(try ChangeStream(decoding: value))
            return true
        }
    }

    /// All streams, as readers see them.
    var all: [ChangeStream] { registry.all }

    // MARK: Streams

    /// Opens, closes or replaces the stream of a table, so that it has just the view that its settings ask for.
    ///
    /// - Parameters:
    ///   - view: nil where no stream is asked for.
    ///   - position: the last one of the log: what comes after it is in the stream.
    ///   - takeID: makes a number for a new stream.
    /// - Returns: the label of a stream that was opened.
    mutating func reconcile(
        _ entry: CatalogEntry, _ keySchema: KeySchema, with view: StreamViewType?, after position: LogPosition,
        shardCount: UInt32, at nowMilliseconds: UInt64, into batch: inout WriteBatch, takeID: () -> UInt32
    ) -> UInt64? {
        guard registry[enabled: entry.uuid]?.viewType != view else { return nil }
        close(entry.uuid, after: position, at: nowMilliseconds, into: &batch)
        guard let view else { return nil }
        // A label tells a table's streams apart, also those of an earlier table of its name.
        let labels = registry.disabled.filter { $0.tableName == entry.name }.map(\.createdMilliseconds)
        let label = max(nowMilliseconds, labels.max().map { $0 + 1 } ?? 0)
        put(
            ChangeStream(
                id: StreamID(rawValue: takeID()), table: entry.uuid, tableName: entry.name, keySchema: keySchema,
                viewType: view, after: position, shardCount: shardCount, at: label),
            into: &batch)
        return label
    }

    /// Disables the stream of a table, if it has one; what is in it stays readable for as long as records are kept.
    mutating func close(
        _ table: TableUUID, after position: LogPosition, at nowMilliseconds: UInt64, into batch: inout WriteBatch
    ) {
        guard var stream = registry[enabled: table] else { return }
        stream.close(after: position, at: nowMilliseconds)
        put(stream, into: &batch)
    }

    private mutating func put(_ stream: ChangeStream, into batch: inout WriteBatch) {
        registry.update(stream)
        batch.put(Layout.streamStateKey(stream.id), stream.encoded(), in: Layout.meta)
        isChanged = true
        dueMilliseconds = 0
    }

    // MARK: Maintenance

    /// Replaces shards that have been open for long enough, and forgets shards and streams whose records are all too old.
    ///
    /// Cheap when nothing is due, so it is part of every tick.
    mutating func maintain(
        after position: LogPosition, _ configuration: RegionConfiguration, at nowMilliseconds: UInt64,
        into batch: inout WriteBatch
    ) {
        guard nowMilliseconds >= dueMilliseconds else { return }
        let oldest = nowMilliseconds - min(nowMilliseconds, configuration.logRetentionMilliseconds)
        var due = UInt64.max
        for table in registry.enabledTables {
            guard var stream = registry[enabled: table] else { continue }
            if stream.isDueToRoll(after: position, configuration, at: nowMilliseconds) {
                stream.roll(after: position, shardCount: configuration.streamShardCount, at: nowMilliseconds)
                put(stream, into: &batch)
            }
            removeShards(of: &stream, closedBefore: oldest, into: &batch)
            due = min(due, stream.nextDue(configuration))
        }
        for var stream in registry.disabled {
            if let closed = stream.closedMilliseconds, closed < oldest {
                remove(stream, into: &batch)
            } else {
                removeShards(of: &stream, closedBefore: oldest, into: &batch)
                due = min(due, stream.nextDue(configuration))
            }
        }
        dueMilliseconds = due
    }

    /// Replaces the open shards of every stream, whose ends the store has forgotten.
    mutating func rollAll(
        after position: LogPosition, _ configuration: RegionConfiguration, at nowMilliseconds: UInt64,
        into batch: inout WriteBatch
    ) {
        for table in registry.enabledTables {
            guard var stream = registry[enabled: table] else { continue }
            stream.roll(
                after: position, shardCount: configuration.streamShardCount, isForgotten: true, at: nowMilliseconds)
            put(stream, into: &batch)
        }
    }

    private mutating func remove(_ stream: ChangeStream, into batch: inout WriteBatch) {
        registry.remove(stream)
        batch.delete(Layout.streamStateKey(stream.id), in: Layout.meta)
        batch.deleteRange(KeyRange(prefix: Layout.trimKey(stream.id)), in: Layout.meta)
        batch.deleteRange(KeyRange(prefix: Layout.prefix(stream.id)), in: Layout.streams)
        isChanged = true
    }

    private mutating func removeShards(
        of stream: inout ChangeStream, closedBefore milliseconds: UInt64, into batch: inout WriteBatch
    ) {
        let removed = stream.removeShards(closedBefore: milliseconds)
        guard !removed.isEmpty else { return }
        for shard in removed {
            batch.delete(Layout.trimKey(stream.id, shard: shard), in: Layout.meta)
            batch.deleteRange(
                KeyRange(prefix: Layout.prefix(stream.id) + Layout.bigEndian(shard)), in: Layout.streams)
        }
        put(stream, into: &batch)
    }

    // MARK: Changes

    /// Where a change belongs in its table's stream; nil where there is no stream, or the change changed nothing.
    ///
    /// - Parameter milliseconds: when the change was logged here.
    func place(of change: ItemChange, at position: LogPosition, arrivedAt milliseconds: UInt64) -> StreamPlace? {
        guard change.table.streamViewType != nil, !change.isSameItem,
            let stream = registry[enabled: change.table.uuid],
            let shard = stream.openShard(hash: Layout.hash(inItemKey: change.key))
        else { return nil }
        let event: StreamEvent = change.old == nil ? .insert : change.new == nil ? .remove : .modify
        return StreamPlace(
            key: Layout.streamKey(stream.id, shard: shard.number, position),
            pointer: StreamPointer(arrivedMilliseconds: milliseconds, event: event),
            keepsOldImage: stream.viewType.hasOldImage)
    }

    /// Whether ``place(of:at:arrivedAt:)`` is not nil.
    func hasPlace(for change: ItemChange) -> Bool {
        place(of: change, at: .zero, arrivedAt: 0) != nil
    }

    func put(_ place: StreamPlace, into batch: inout WriteBatch) {
        batch.put(place.key, place.pointer.encoded(), in: Layout.streams)
    }

    /// Removes a trimmed entry's pointer from its stream, and notes that it was there.
    ///
    /// - Returns: false where the pointer is too young to go, and so the entry.
    func trimPointer(
        of entry: StoredLogEntry, _ header: ChangeRecord.Header, at position: LogPosition, retained: HybridTimestamp,
        in store: some KeyValueReader, into batch: inout WriteBatch
    ) throws -> Bool {
        guard entry.outcome.isInStreams, header.kind != .catalog,
            let stream = registry.stream(of: header.table, at: position),
            let hash = try stream.partitionHash(of: entry), let shard = stream.shard(at: position, hash: hash)
        else { return true }
        let key = Layout.streamKey(stream.id, shard: shard.number, position)
        guard let value = try store.value(for: key, in: Layout.streams) else { return true }
        guard try StreamPointer(decoding: value).arrivedMilliseconds < retained.milliseconds else { return false }
        batch.delete(key, in: Layout.streams)
        batch.put(
            Layout.trimKey(stream.id, shard: shard.number), Layout.bigEndian(position.rawValue), in: Layout.meta)
        return true
    }

    /// Notes that everything pending is in the store, and is shown to readers.
    mutating func committed() { isChanged = false }
}

/// Where one change stands in a stream.
struct StreamPlace {
    /// In the `streams` keyspace.
    let key: [UInt8]
    let pointer: StreamPointer
    /// Whether the stream's records hold old images, so that the log has to keep the change's.
    let keepsOldImage: Bool
}

extension ChangeStream {
    /// Whether the open shards have been open for long enough.
    ///
    /// A shard that no position of the log belongs to yet waits for one: its child would have no other range.
    fileprivate func isDueToRoll(
        after position: LogPosition, _ configuration: RegionConfiguration, at nowMilliseconds: UInt64
    ) -> Bool {
        guard let shard = openShards.first, shard.first <= position else { return false }
        return nowMilliseconds
            >= shard.openedMilliseconds.addingSaturating(configuration.streamShardLifetimeMilliseconds)
    }

    /// When the stream or one of its shards has to be replaced or forgotten.
    fileprivate func nextDue(_ configuration: RegionConfiguration) -> UInt64 {
        func end(_ closedMilliseconds: UInt64) -> UInt64 {
            closedMilliseconds.addingSaturating(configuration.logRetentionMilliseconds).addingSaturating(1)
        }
        let due = shards.map { shard in
            shard.closedMilliseconds.map(end)
                ?? shard.openedMilliseconds.addingSaturating(configuration.streamShardLifetimeMilliseconds)
        }
        return min(due.min() ?? .max, closedMilliseconds.map(end) ?? .max)
    }

    /// The hash of the partition that a log entry is about; nil where its payload lacks the key.
    ///
    /// Of a stream with one shard at a time any hash will do.
    fileprivate func partitionHash(of entry: StoredLogEntry) throws -> UInt64? {
        guard shards.contains(where: { $0.slotCount > 1 }) else { return 0 }
        let item = BinaryItem(try ChangeRecord(decoding: entry.record).payload)
        var forms: [UInt8] = []
        for attribute in keySchema.partition {
            guard let value = try item.value(named: attribute.name), KeyEncoder.append(value, to: &forms) else {
                return nil
            }
        }
        return PartitionHash.hash(forms)
    }
}

extension UInt64 {
    /// The sum, or the greatest integer where it would be beyond.
    func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
