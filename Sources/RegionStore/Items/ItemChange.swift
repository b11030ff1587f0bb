import Expressions
import ItemModel

/// One item's change with all that follows from it in what the table holds, before anything is changed.
struct ItemChange {
    let table: Table
    /// In the `items` keyspace.
    let key: [UInt8]
    /// The version of what the change replaces, be it a tombstone; nil where there is nothing.
    let storedVersion: Version?
    let old: OldItem?
    let new: EncodedItem?
    /// The indexes whose entries change, in the table's order.
    let indexChanges: [IndexChange]
    /// Nil in a table without local indexes.
    let collection: CollectionChange?
    /// Nil in a table whose items do not expire.
    let expiry: ExpiryChange?
    /// Whether a tombstone takes the place of an item that goes.
    var leavesTombstone: Bool

    /// The version of the tombstone that the change replaces.
    var storedTombstone: Version? { old == nil ? storedVersion : nil }

    var oldSize: Int { old?.size ?? 0 }
    var newSize: Int { new?.size ?? 0 }

    /// By how much the count of the table's items changes.
    var itemCountDifference: Int { (new == nil ? 0 : 1) - (old == nil ? 0 : 1) }

    /// Whether the item stays as it is: of equal items the bytes are equal.
    var isSameItem: Bool { old?.bytes == new?.bytes[...] }
}

/// A write that was evaluated against the item as it stands, before anything is changed.
struct PreparedWrite {
    let change: ItemChange
    var updated: UpdatedItem?
    /// The binary form of the key attributes, for the record of a deletion.
    var deletedKeyBytes: [UInt8]?
    /// Whether it has to be asked whether there is capacity for it.
    var isLimited = false

    /// Whether there is nothing to log: an update that makes no item, or a deletion of what is not there in a table that no other region has.
    var changesNothing: Bool {
        change.new == nil && change.old == nil && (deletedKeyBytes == nil || !change.table.isGlobal)
    }

    /// What the write takes; nil of a table without limits.
    var demand: WriteDemand? {
        guard isLimited else { return nil }
        return WriteDemand(
            table: change.table, oldSize: change.oldSize, newSize: change.newSize,
            indexEffects: change.indexChanges.map(\.effect))
    }

    /// The change's record.
    func record(
        at position: LogPosition, version: Version, cause: ChangeRecord.Cause,
        transaction: ChangeRecord.TransactionBounds?
    ) -> ChangeRecord {
        ChangeRecord(
            kind: change.new == nil ? .delete : .put, cause: cause, position: position, version: version,
            replaced: change.storedVersion ?? .zero, table: change.table.uuid, transaction: transaction,
            payload: change.new?.bytes ?? deletedKeyBytes ?? [])
    }
}
