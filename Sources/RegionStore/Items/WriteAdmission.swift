public import ItemModel

/// Decides whether writes may take what they take of the capacity of their tables and of the indexes that they change.
///
/// A region store knows what a write costs, and nothing of rates or time: whoever hands in the write keeps those.
public protocol WriteAdmission {
    /// Whether the capacity of the table or of one of its indexes has a bound at all; nothing else is asked of one that has none.
    func isLimited(_ table: Table) -> Bool

    /// Whether there is anything left of the table's own capacity for writes.
    func hasCapacity(_ table: Table) -> Bool

    /// Takes what all of the writes need.
    ///
    /// - Returns: nil, or which of them finds whose capacity used up; nothing is taken then.
    func take(_ demands: [WriteDemand]) -> (position: Int, resource: ThrottledResource)?
}

/// What a write would take, before anything is changed.
public struct WriteDemand: Sendable {
    public let table: Table
    /// By DynamoDB's rules, in bytes; zero where there is no item.
    public let oldSize: Int
    public let newSize: Int
    /// The index entries that would be written and removed, in the indexes' order.
    public let indexEffects: [ItemWriteResult.IndexEffect]
}

/// Whose capacity is used up.
public enum ThrottledResource: Sendable, Hashable {
    case table
    /// A global index of that name.
    case index(Text)
}

extension RegionStore {
    /// What a prepared write takes; nil of a table without limits.
    func demand(of prepared: PreparedWrite) -> WriteDemand? {
        guard prepared.isLimited else { return nil }
        let effects = indexChanges(from: prepared.old, to: prepared.new, at: prepared.key, in: prepared.table)
            .map(\.effect)
        return WriteDemand(
            table: prepared.table, oldSize: prepared.old?.sizeInBytes ?? 0, newSize: prepared.new?.sizeInBytes ?? 0,
            indexEffects: effects)
    }

    /// What a look at an item takes, for a condition that fails or that is all there is: as much as writing the item as it stands.
    func demand(ofLookAt old: Item?, in table: Table, _ admission: (any WriteAdmission)?) -> WriteDemand? {
        guard let admission, let table = catalog[table.uuid]?.table, admission.isLimited(table) else { return nil }
        let size = old?.sizeInBytes ?? 0
        return WriteDemand(table: table, oldSize: size, newSize: size, indexEffects: [])
    }
}
