import HybridClock
import ItemModel
import KeyValueStore

/// Part of a table as a snapshot transfer brings it, decoded and checked.
struct CheckedSnapshotPart {
    /// The table whose replica here waits for it.
    let table: Table
    let part: SnapshotPart
    let items: [ReceiveCheck.TransferredItem]

    /// Takes over what is newer than what is here.
    ///
    /// Nothing of it is shipped: it is no change, and other regions have it already. Where the replica was complete before, its stream
    /// tells what became of each item.
    ///
    /// - Throws: `ApplyError.storage`, when some of it may be staged and cannot be taken back.
    func apply(
        to region: inout RegionState, in store: some KeyValueReader, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        guard var state = region.catalog[table.uuid] else { return }
        let isFirst = !state.local.isServing
        if isFirst, !state.local.isTransferBegun {
            state.local.isTransferBegun = true
            region.catalog.put(state)
        }
        for transferred in items {
            let snapshot = transferred.snapshot
            region.raiseClock(to: snapshot.version.stamp, at: nowMilliseconds)
            let stored = try region.contents.receivedValue(transferred.key, in: store)
            if let stored, stored.version >= snapshot.version { continue }
            let change = try region.contents.receivedChange(
                to: transferred.item, payload: snapshot.payload, isDeletion: snapshot.isTombstone,
                key: transferred.key, stored: stored, table: table, in: store)
            region.stageTransferred(
                change, version: snapshot.version, payload: snapshot.payload, isFirst: isFirst, at: nowMilliseconds)
        }
    }
}
