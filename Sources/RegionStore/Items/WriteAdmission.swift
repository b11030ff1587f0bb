public import ItemModel

/// Decides whether a write may take what it takes of the capacity of its table and of the indexes that it changes.
///
/// A region store knows what a write costs, and nothing of rates or time: whoever hands in the write keeps those.
public protocol WriteAdmission {
    /// Whether the capacity of the table or of one of its indexes has a bound at all; nothing else is asked of one that has none.
    func isLimited(_ table: Table) -> Bool

    /// Whether there is anything left of the table's own capacity for writes.
    func hasCapacity(_ table: Table) -> Bool

    /// Takes what a write needs.
    ///
    /// - Returns: nil, or whose capacity is used up; nothing is taken then.
    func take(_ demand: WriteDemand) -> ThrottledResource?
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
    /// Throws where nothing is left of the table's capacity.
    ///
    /// - Returns: who is to be asked about the rest of the write; nil where nothing is bounded.
    func admission(
        to table: Table, _ admission: (any WriteAdmission)?
    ) throws(ItemWriteError) -> (any WriteAdmission)? {
        guard let admission, admission.isLimited(table) else { return nil }
        guard admission.hasCapacity(table) else { throw .throttled(.table) }
        return admission
    }

    /// Takes what the change of an item needs, or throws.
    func admit(
        _ admission: any WriteAdmission, old: Item?, new: Item?, at key: [UInt8], in table: Table
    ) throws(ItemWriteError) {
        let effects = indexChanges(from: old, to: new, at: key, in: table).map(\.effect)
        let demand = WriteDemand(
            table: table, oldSize: old?.sizeInBytes ?? 0, newSize: new?.sizeInBytes ?? 0, indexEffects: effects)
        if let resource = admission.take(demand) { throw .throttled(resource) }
    }
}
