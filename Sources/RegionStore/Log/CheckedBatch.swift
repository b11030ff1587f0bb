import HybridClock
import ItemModel
import KeyValueStore

/// Another region's changes, decoded and checked: applied where they are newer than what is here, logged either way.
struct CheckedBatch {
    let batch: ReceivedBatch
    let changes: [ReceiveCheck.Change]

    /// Applies every change that is not here yet, and raises the vector.
    ///
    /// - Throws: `ApplyError.storage`, when part of the batch may be staged and cannot be taken back.
    func apply(
        to region: inout RegionState, _ progress: inout ReplicaProgress, in store: some KeyValueReader,
        at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        guard batch.origin != region.origin else { return }
        let known = progress.vector[batch.origin]
        let next = region.log.nextPosition
        for change in changes
        where change.record.position > known || region.catalog.isCatchingUp(change.record) {
            try apply(change, to: &region, &progress, in: store, at: nowMilliseconds)
        }
        guard batch.isComplete else {
            if let last = changes.map(\.record.position).max() { progress.noteSeen(batch.origin, at: last) }
            return
        }
        guard batch.position > known || !progress.vector.contains(batch.origin) else { return }
        progress.noteApplied(batch.origin, upTo: batch.position)
        // Behind this place stands all that is above the position, but for what came in parts before. What logged nothing, as no replica
        // takes it, needs no place.
        if region.log.nextPosition > next, progress.seen[batch.origin] <= batch.position {
            region.log.noteBatchEnd(of: batch.origin, at: batch.position, into: &region.batch)
        }
    }

    private func apply(
        _ change: ReceiveCheck.Change, to region: inout RegionState, _ progress: inout ReplicaProgress,
        in store: some KeyValueReader,
        at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        let record = change.record
        region.raiseClock(to: record.version.stamp, at: nowMilliseconds)
        switch change.content {
        case .catalog(let entry):
            region.raiseClock(to: entry, at: nowMilliseconds)
            if batch.isComplete || region.catalog.lacks(anyOf: entry) {
                region.append(change.bytes, outcome: .applied)
            }
            region.mergeCatalog(entry, at: nowMilliseconds)
        case .item(let item, let key, let id):
            // A replica that waits for its first snapshot takes nothing until it has it: what the snapshot does not
            // hold is shipped to it once more, while a change that it holds, undone by a deletion that is long
            // collected, would come back with this one. So it is with what the parts held that an old copy was compared with.
            guard let state = region.catalog[record.table], state.local.isServing, let table = state.table,
                table.id == id, state.local.transferredPosition(of: record.version.origin) < record.position
            else { return }
            let stored = try region.contents.receivedValue(key, in: store)
            if let stored, stored.version >= record.version {
                return logOld(change, stored: stored.version, to: &region, &progress)
            }
            if let stored, stored.version > record.replaced, stored.version.origin != record.version.origin {
                region.counters.conflicts += 1
            }
            region.counters.replicatedApplied += 1
            if !batch.isComplete { progress.noteLogged(batch.origin, at: record.position) }
            let itemChange = try region.contents.receivedChange(
                to: item, payload: record.payload, isDeletion: record.kind == .delete, key: key, stored: stored,
                table: table, in: store)
            _ = region.stage(
                itemChange, version: record.version, originPosition: record.position, at: nowMilliseconds
            ) { oldImage in
                LogEntry.encode(record: change.bytes, outcome: .applied, oldImage: oldImage)
            }
        case .foreign: break
        }
    }

    /// Logs a change that is here already, or that a newer version has superseded.
    private func logOld(
        _ change: ReceiveCheck.Change, stored: Version, to region: inout RegionState,
        _ progress: inout ReplicaProgress
    ) {
        let record = change.record
        guard stored != record.version else {
            region.counters.replicatedDuplicates += 1
            if batch.isComplete { region.append(change.bytes, outcome: .repeated) }
            return
        }
        region.counters.replicatedSuperseded += 1
        if stored.origin != record.version.origin, record.replaced < stored { region.counters.conflicts += 1 }
        // What comes in parts may come often. What the vector counts, a replica catches up with, and it is relayed from here to nobody who
        // lacks it: see `LocalTableState.closeGap`.
        guard batch.isComplete || progress.noteLogged(batch.origin, at: record.position) else { return }
        region.append(change.bytes, outcome: .superseded)
    }
}

/// Items as links bring them; an error of the store is one of the delivery.
extension TableContents {
    /// What is stored under a received item's key, with what is pending.
    func receivedValue(_ key: [UInt8], in store: some KeyValueReader) throws(ApplyError) -> ItemValue? {
        do {
            return try items.value(key, in: store)
        } catch {
            throw .storage("\(error)")
        }
    }

    /// What a received item or deletion changes.
    func receivedChange(
        to item: Item, payload: [UInt8], isDeletion: Bool, key: [UInt8], stored: ItemValue?, table: Table,
        in store: some KeyValueReader
    ) throws(ApplyError) -> ItemChange {
        do {
            return try change(
                of: key, item, in: table, from: stored, to: isDeletion ? nil : EncodedItem(item, bytes: payload), store)
        } catch {
            throw .storage("\(error)")
        }
    }
}
