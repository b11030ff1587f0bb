import HybridClock
import ItemModel
public import KeyValueStore

/// What keeps a store from growing for ever.
extension RegionStore {
    /// Removes tombstones that no late write can need any more, in the order of the log.
    ///
    /// A tombstone goes when every other replica of its table has acknowledged the deletion, and this region has everything,
    /// from every region, that was stamped up to it: an older write can then neither be on its way nor be made. It reads
    /// what is committed, so nothing may be pending.
    ///
    /// - Parameter limit: how many log entries to look at.
    /// - Returns: whether it stopped at the limit, so that there may be more to do.
    public func collectTombstones(limit: Int) throws(KeyValueStoreError) -> Bool {
        if let failure { throw failure }
        precondition(pending.isEmpty, "a collection reads what is committed: commit first")
        let stable = stableTime
        var cursor = tombstoneCursor
        var seen = 0
        let range = KeyRange(from: Layout.logKey(cursor.successor), to: Layout.logKey(lastPosition.successor))
        do {
            try store.visit(range, in: Layout.log, direction: .forward) { key, value in
                guard seen < limit, let own: UInt64 = Layout.integer(key) else { return false }
                seen += 1
                let entry = try StoredLogEntry(value)
                let header = try entry.header()
                if header.kind == .delete, entry.outcome != .superseded {
                    guard try collect(entry, header, stable: stable) else { return false }
                }
                cursor = LogPosition(rawValue: own)
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        guard cursor > tombstoneCursor else { return false }
        tombstoneCursor = cursor
        pending.batch.put(Layout.MetaKey.tombstoneCursor, Layout.bigEndian(cursor.rawValue), in: Layout.meta)
        return seen >= limit
    }

    /// - Returns: whether this entry is dealt with; false where its tombstone has to wait, and all behind it with it.
    private func collect(_ entry: StoredLogEntry, _ header: ChangeRecord.Header, stable: HybridTimestamp) throws -> Bool
    {
        guard let state = catalog[header.table], let table = state.table else { return true }
        // What a replica still has to get of older changes is behind the stable time's back.
        guard !state.local.needsTransfer, state.local.catchUps.entries.isEmpty else { return false }
        let record = try ChangeRecord(decoding: entry.record)
        guard let key = table.storageKey(of: try Item(decoding: record.payload)),
            let stored = try itemValue(key), stored.isTombstone, stored.version == header.version
        else { return true }
        guard header.version.stamp <= stable else { return false }
        // What came with a snapshot has no position of its own; the snapshot held it, so its position is at most the snapshot's.
        let position = entry.outcome == .filled ? state.local.snapshotVector[header.version.origin] : header.position
        for replica in table.replicas where replica.region != configuration.name {
            guard let region = configuration.id(of: replica.region) else { continue }
            // What a region has written itself it has, as long as it has its disk.
            let isOwn = presentOrigin(of: region) == header.version.origin
            guard
                isOwn || replica.status == .creationFailed
                    || peers.vector(of: region).map({ $0[header.version.origin] >= position }) ?? false
            else { return false }
        }
        pending.batch.delete(key, in: Layout.items)
        pending.items.set(key, to: nil)
        counters.tombstonesCollected += 1
        return true
    }

    /// Forgets changes that are older than streams keep them, that every other region has, and whose tombstones are
    /// dealt with.
    ///
    /// It reads what is committed, so nothing may be pending.
    ///
    /// - Parameter limit: how many log entries to remove at the most.
    /// - Returns: whether it stopped at the limit.
    public func trimLog(at nowMilliseconds: UInt64, limit: Int) throws(KeyValueStoreError) -> Bool {
        if let failure { throw failure }
        precondition(pending.isEmpty, "a trim reads what is committed: commit first")
        let retained = HybridTimestamp(
            milliseconds: nowMilliseconds - min(nowMilliseconds, configuration.logRetentionMilliseconds))
        let limited = HybridTimestamp(
            milliseconds: nowMilliseconds - min(nowMilliseconds, configuration.logRetentionLimitMilliseconds))
        let acknowledged = acknowledgedPosition
        var start = logStart
        var forgotten = AppliedVector()
        var seen = 0
        do {
            let range = KeyRange(from: Layout.logKey(logStart), to: Layout.logKey(tombstoneCursor.successor))
            try store.visit(range, in: Layout.log, direction: .forward) { key, value in
                guard seen < limit, let own: UInt64 = Layout.integer(key) else { return false }
                let entry = try StoredLogEntry(value)
                let header = try entry.header()
                guard header.version.stamp < retained,
                    own <= acknowledged.rawValue || header.version.stamp < limited
                else { return false }
                // What came from another region late is as old as its arrival to those who read streams here.
                guard
                    try trimPointer(of: entry, header, at: LogPosition(rawValue: own), retained: retained)
                else { return false }
                seen += 1
                pending.batch.delete(key, in: Layout.log)
                if header.version.origin != origin, entry.outcome != .filled {
                    forgotten.raise(header.version.origin, to: header.position)
                }
                start = LogPosition(rawValue: own).successor
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        guard start > logStart else { return false }
        // One entry a batch, at the batch's position: those up to the last record trimmed find nothing any more.
        for entry in forgotten.entries {
            let range = KeyRange(
                from: Layout.originKey(entry.origin, .zero),
                to: Layout.originKey(entry.origin, entry.position.successor))
            pending.batch.deleteRange(range, in: Layout.origins)
            retainedFrom.raise(entry.origin, to: entry.position)
            pending.isRetainedFromChanged = true
        }
        logStart = start
        pending.batch.put(Layout.MetaKey.logStart, Layout.bigEndian(start.rawValue), in: Layout.meta)
        return seen >= limit
    }

    /// Up to where every other region of the topology has acknowledged this region's own log.
    var acknowledgedPosition: LogPosition {
        var position = lastPosition
        for region in configuration.regions where region.id != configuration.region {
            position = min(position, peers.vector(of: region.id)?[origin] ?? .zero)
        }
        return position
    }
}
