public import ItemModel

/// Decides whether writes may take what they take of the capacity of their tables and of the indexes that they change.
///
/// A region store knows what a write costs, and nothing of rates: the store's owner gives it one of these, which keeps those.
public protocol WriteAdmission: Sendable {
    /// Whether the capacity of the table or of one of its indexes has a bound at all; nothing else is asked of one that has none.
    func isLimited(_ table: Table) -> Bool

    /// Whether there is anything left of the table's own capacity for writes.
    func hasCapacity(_ table: Table, at nowMilliseconds: UInt64) -> Bool

    /// Takes what all of the writes need.
    ///
    /// - Parameter isTransaction: whether they are the steps of a transaction, which take more.
    /// - Returns: nil, or which of them finds whose capacity used up; nothing is taken then.
    func take(
        _ demands: [WriteDemand], isTransaction: Bool, at nowMilliseconds: UInt64
    ) -> (position: Int, resource: ThrottledResource)?
}

extension WriteAdmission {
    /// What a write takes that found its condition false; nil where it takes nothing.
    func demand(of error: ItemWriteError, on table: Table?) -> WriteDemand? {
        guard case .conditionFailed(let old) = error, let table, isLimited(table) else { return nil }
        // A condition was evaluated on a decoded item, whose size is no read of damaged bytes.
        return WriteDemand(ofReading: (try? old?.sizeInBytes()) ?? 0, in: table)
    }
}

/// What a write would take, before anything is changed.
public struct WriteDemand: Sendable {
    public let table: Table
    /// By DynamoDB's rules, in bytes; zero where there is no item.
    public let oldSize: Int
    public let newSize: Int
    /// The index entries that would be written and removed, in the indexes' order.
    public let indexEffects: [ItemWriteResult.IndexEffect]

    init(table: Table, oldSize: Int, newSize: Int, indexEffects: [ItemWriteResult.IndexEffect]) {
        self.table = table
        self.oldSize = oldSize
        self.newSize = newSize
        self.indexEffects = indexEffects
    }

    /// What reading an item of that size takes, for a condition that fails or that is all there is: as much as writing the item as it
    /// stands.
    init(ofReading size: Int, in table: Table) {
        self.init(table: table, oldSize: size, newSize: size, indexEffects: [])
    }
}

/// Whose capacity is used up.
public enum ThrottledResource: Sendable, Hashable {
    case table
    /// A global index of that name.
    case index(Text)
}
