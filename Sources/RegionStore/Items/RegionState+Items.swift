import HybridClock
import ItemModel
import KeyValueStore

/// Changes of items.
extension RegionState {
    /// Puts what was prepared into the batch.
    ///
    /// - Parameter transaction: the change's place in its transaction.
    mutating func stage(
        _ prepared: PreparedWrite, transaction: ChangeRecord.TransactionBounds? = nil,
        cause: ChangeRecord.Cause = .user, at nowMilliseconds: UInt64
    ) -> ItemWriteResult {
        guard !prepared.changesNothing else { return ItemWriteResult(ofNothing: 0) }
        let version = nextVersion(at: nowMilliseconds)
        let position = log.nextPosition
        let record = prepared.record(at: position, version: version, cause: cause, transaction: transaction)
        let collectionByteCount = stage(
            prepared.change, version: version, originPosition: position, at: nowMilliseconds
        ) { oldImage in
            LogEntry.encode(record, outcome: .applied, oldImage: oldImage)
        }
        switch cause {
        case .user, .system: counters.localWrites += 1
        case .timeToLive: counters.expirations += 1
        }
        return ItemWriteResult(
            prepared.change, logged: LoggedChange(position: position, version: version), updated: prepared.updated,
            collectionByteCount: collectionByteCount)
    }

    /// Puts everything that belongs to a change into the batch: item or tombstone, index entries, counts, log and
    /// stream.
    ///
    /// Local and replicated writes both come through here.
    ///
    /// - Parameters:
    ///   - originPosition: where the change stands in its origin's log; nil where a snapshot brought it.
    ///   - entry: makes the log entry, with the old image that the stream's records hold.
    /// - Returns: the size of the item's collection; nil in a table without local indexes.
    mutating func stage(
        _ change: ItemChange, version: Version, originPosition: LogPosition?, at nowMilliseconds: UInt64,
        entry: (_ oldImage: ArraySlice<UInt8>) -> [UInt8]
    ) -> Int? {
        let collectionByteCount = stageItem(change, version: version, originPosition: originPosition)
        let position = log.nextPosition
        // Where the physical clock was set back, the stamps have not gone back with it.
        let place = streams.place(
            of: change, at: position, arrivedAt: max(nowMilliseconds, clock.highWaterMark.milliseconds))
        let oldImage = place?.keepsOldImage ?? false ? change.old?.bytes ?? [] : []
        log.append(entry(oldImage), at: position, into: &batch)
        if let place { streams.put(place, into: &batch) }
        return collectionByteCount
    }

    /// The part of a change that is state and not history: what a snapshot carries too.
    ///
    /// - Parameter originPosition: nil where a snapshot brought the change.
    mutating func stageItem(_ change: ItemChange, version: Version, originPosition: LogPosition?) -> Int? {
        catalog.count(change)
        return contents.apply(change, version: version, originPosition: originPosition, into: &batch)
    }

    /// Puts what a snapshot transfer has brought into the batch: as state, and into the log only where this region's stream has to tell of it.
    ///
    /// A replica that is filled for the first time has no past, and its stream begins with what comes after the transfer.
    ///
    /// - Parameters:
    ///   - version: the change's.
    ///   - payload: of the item or, of a deletion, of its key.
    ///   - isFirst: whether the replica was never complete before.
    mutating func stageTransferred(
        _ change: ItemChange, version: Version, payload: [UInt8], isFirst: Bool, at nowMilliseconds: UInt64
    ) {
        guard !isFirst, streams.hasPlace(for: change) else {
            _ = stageItem(change, version: version, originPosition: nil)
            return
        }
        // As of now: what is kept in the log goes by the age of its stamp.
        let record = ChangeRecord(
            kind: change.new == nil ? .delete : .put, cause: .system, position: log.nextPosition,
            version: nextVersion(at: nowMilliseconds), replaced: change.storedVersion ?? .zero,
            table: change.table.uuid, payload: payload)
        _ = stage(change, version: version, originPosition: nil, at: nowMilliseconds) { oldImage in
            LogEntry.encode(record, outcome: .transferred, oldImage: oldImage)
        }
    }

    /// Logs another region's record that changes no item here, for whoever it is relayed to.
    mutating func append(_ record: [UInt8], outcome: LogEntry.Outcome) {
        log.append(LogEntry.encode(record: record, outcome: outcome), at: log.nextPosition, into: &batch)
    }
}
