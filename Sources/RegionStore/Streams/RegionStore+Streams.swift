import HybridClock
import ItemModel
import KeyValueStore

/// How streams are opened and closed, how their shards follow one another, and how a change gets into one.
extension RegionStore {
    /// Reads every stream back when the store is opened.
    func loadStreams() throws(RegionStoreError) {
        do {
            try store.visit(KeyRange(prefix: Layout.MetaKey.streamPrefix), in: Layout.meta, direction: .forward) {
                _, value in
                streams.update(try ChangeStream(decoding: value))
                return true
            }
        } catch {
            throw RegionStoreError(error)
        }
    }

    /// Opens, closes or replaces the stream of a replica here, so that it is the one that the table's settings ask for.
    func reconcileStream(_ state: inout Catalog.TableState, _ keySchema: KeySchema, at nowMilliseconds: UInt64) {
        let view = TableSettings(state.entry).streamViewType
        let current = streams[enabled: state.entry.uuid]
        guard current?.viewType != view else { return }
        if current != nil { closeStream(of: state.entry.uuid, at: nowMilliseconds) }
        guard let view else { return }
        // A label tells a table's streams apart, also those of an earlier table of its name.
        let labels = streams.disabled.filter { $0.tableName == state.entry.name }.map(\.createdMilliseconds)
        let label = max(nowMilliseconds, labels.max().map { $0 + 1 } ?? 0)
        state.local.streamLabelMilliseconds = label
        keep(
            ChangeStream(
                id: StreamID(rawValue: takeShortID()), table: state.entry.uuid, tableName: state.entry.name,
                keySchema: keySchema, viewType: view, after: lastPosition, shardCount: configuration.streamShardCount,
                at: label))
    }

    /// Disables the stream of a table, if it has one; what is in it stays readable for as long as records are kept.
    func closeStream(of table: TableUUID, at nowMilliseconds: UInt64) {
        guard var stream = streams[enabled: table] else { return }
        stream.close(after: lastPosition, at: nowMilliseconds)
        keep(stream)
    }

    private func keep(_ stream: ChangeStream) {
        streams.update(stream)
        pending.batch.put(Layout.streamStateKey(stream.id), stream.encoded(), in: Layout.meta)
        pending.isCatalogChanged = true
        streamsDueMilliseconds = 0
    }

    /// Replaces shards that have been open for long enough, and forgets shards and streams whose records are all too old.
    ///
    /// Cheap when nothing is due, so it is part of every tick.
    func maintainStreams(at nowMilliseconds: UInt64) {
        guard nowMilliseconds >= streamsDueMilliseconds else { return }
        let lifetime = configuration.streamShardLifetimeMilliseconds
        let retention = configuration.logRetentionMilliseconds
        let oldest = nowMilliseconds - min(nowMilliseconds, retention)
        var due = UInt64.max
        for uuid in catalog.uuids {
            guard var stream = streams[enabled: uuid] else { continue }
            let opened = stream.openShards.first?.openedMilliseconds ?? 0
            // A shard that no position of the log belongs to yet waits for one: its child would have no other range.
            let isDue = nowMilliseconds >= opened.addingSaturating(lifetime)
            if isDue, let first = stream.openShards.first?.first, first <= lastPosition {
                stream.roll(after: lastPosition, shardCount: configuration.streamShardCount, at: nowMilliseconds)
                keep(stream)
            }
            forgetShards(of: &stream, closedBefore: oldest)
            due = min(due, nextDue(of: stream, at: nowMilliseconds))
        }
        for var stream in streams.disabled {
            if let closed = stream.closedMilliseconds, closed < oldest {
                streams.remove(stream)
                pending.batch.delete(Layout.streamStateKey(stream.id), in: Layout.meta)
                pending.batch.deleteRange(KeyRange(prefix: Layout.trimKey(stream.id)), in: Layout.meta)
                pending.batch.deleteRange(KeyRange(prefix: Layout.prefix(stream.id)), in: Layout.streams)
                pending.isCatalogChanged = true
            } else {
                forgetShards(of: &stream, closedBefore: oldest)
                due = min(due, nextDue(of: stream, at: nowMilliseconds))
            }
        }
        streamsDueMilliseconds = due
    }

    private func forgetShards(of stream: inout ChangeStream, closedBefore milliseconds: UInt64) {
        let removed = stream.removeShards(closedBefore: milliseconds)
        guard !removed.isEmpty else { return }
        for shard in removed {
            pending.batch.delete(Layout.trimKey(stream.id, shard: shard), in: Layout.meta)
            pending.batch.deleteRange(
                KeyRange(prefix: Layout.prefix(stream.id) + Layout.bigEndian(shard)), in: Layout.streams)
        }
        keep(stream)
    }

    private func nextDue(of stream: ChangeStream, at nowMilliseconds: UInt64) -> UInt64 {
        var due = UInt64.max
        for shard in stream.shards {
            let next =
                if let closed = shard.closedMilliseconds {
                    closed.addingSaturating(configuration.logRetentionMilliseconds).addingSaturating(1)
                } else {
                    shard.openedMilliseconds.addingSaturating(configuration.streamShardLifetimeMilliseconds)
                }
            due = min(due, next)
        }
        if let closed = stream.closedMilliseconds {
            due = min(due, closed.addingSaturating(configuration.logRetentionMilliseconds).addingSaturating(1))
        }
        return due
    }

    // MARK: - Changes

    /// Where a change belongs in its table's stream, and whether the stream's records hold old images, so that the log has to keep this
    /// one's; nil where there is no stream, or the change changed nothing.
    func streamPlace(
        of change: ItemChange, at position: LogPosition, _ nowMilliseconds: UInt64
    ) -> (key: [UInt8], pointer: StreamPointer, keepsOldImage: Bool)? {
        guard change.table.streamViewType != nil, change.oldBytes != change.newBytes?[...],
            let stream = streams[enabled: change.table.uuid],
            let shard = stream.openShard(hash: Layout.hash(inItemKey: change.key))
        else { return nil }
        let event: StreamEvent =
            change.oldBytes == nil ? .insert : change.newBytes == nil ? .remove : .modify
        // Where the physical clock was set back, the stamps have not gone back with it.
        let pointer = StreamPointer(
            arrivedMilliseconds: max(nowMilliseconds, clock.highWaterMark.milliseconds), event: event)
        return (
            Layout.streamKey(stream.id, shard: shard.number, position), pointer,
            stream.viewType == .oldImage || stream.viewType == .newAndOldImages
        )
    }

    /// Removes a trimmed entry's pointer from its stream, and notes that it was there.
    ///
    /// - Returns: false where the pointer is too young to go, and so the entry.
    func trimPointer(
        of entry: StoredLogEntry, _ header: ChangeRecord.Header, at position: LogPosition, retained: HybridTimestamp
    ) throws -> Bool {
        guard entry.outcome == .applied, header.kind != .catalog,
            let stream = streams.stream(of: header.table, at: position),
            let hash = try partitionHash(of: entry, in: stream),
            let shard = stream.shard(at: position, hash: hash)
        else { return true }
        let key = Layout.streamKey(stream.id, shard: shard.number, position)
        guard let value = try store.value(for: key, in: Layout.streams) else { return true }
        guard try StreamPointer(decoding: value).arrivedMilliseconds < retained.milliseconds else { return false }
        pending.batch.delete(key, in: Layout.streams)
        pending.batch.put(
            Layout.trimKey(stream.id, shard: shard.number), Layout.bigEndian(position.rawValue), in: Layout.meta)
        return true
    }

    /// Of a stream with one shard at a time any hash will do.
    private func partitionHash(of entry: StoredLogEntry, in stream: ChangeStream) throws -> UInt64? {
        guard stream.shards.contains(where: { $0.slotCount > 1 }) else { return 0 }
        let payload = try ChangeRecord(decoding: entry.record).payload
        let item = BinaryItem(payload)
        var forms: [UInt8] = []
        for attribute in stream.keySchema.partition {
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
