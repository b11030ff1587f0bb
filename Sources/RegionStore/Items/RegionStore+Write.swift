import Expressions
import HybridClock
import ItemModel
import KeyValueStore

extension RegionStore {
    /// Runs one write against the item as it stands, with what is pending.
    ///
    /// - Throws: `ItemWriteError`; nothing has changed then.
    public func write(_ write: ItemWrite, at nowMilliseconds: UInt64) throws(ItemWriteError) -> ItemWriteResult {
        if let failure { throw .storage("\(failure)") }
        let prepared: PreparedWrite
        do throws(ItemWriteError) {
            prepared = try prepare(write, at: nowMilliseconds)
        } catch {
            if let demand = admission?.demand(of: error, on: region.catalog[write.table.uuid]?.table) {
                _ = admission?.take([demand], isTransaction: false, at: nowMilliseconds)
            }
            throw error
        }
        if let demand = prepared.demand,
            let refusal = admission?.take([demand], isTransaction: false, at: nowMilliseconds)
        {
            throw .throttled(refusal.resource)
        }
        return region.stage(prepared, at: nowMilliseconds)
    }

    /// Evaluates a write's condition, and finds out what becomes of its item; takes no capacity.
    func prepare(_ write: ItemWrite, at nowMilliseconds: UInt64) throws(ItemWriteError) -> PreparedWrite {
        let (table, isLimited) = try admit(write.table, at: nowMilliseconds)
        var prepared = try region.contents.prepare(
            write, in: table, maximumCollectionByteCount: configuration.maximumItemCollectionByteCount, store)
        prepared.isLimited = isLimited
        return prepared
    }

    /// The table as it is now, and whether its capacity has a bound; throws where nothing is left of that.
    func admit(
        _ requested: Table, at nowMilliseconds: UInt64
    ) throws(ItemWriteError) -> (table: Table, isLimited: Bool) {
        guard let table = region.catalog[requested.uuid]?.table, table.id == requested.id, table.status == .active
        else {
            throw .tableNotFound
        }
        guard let admission, admission.isLimited(table) else { return (table, false) }
        guard admission.hasCapacity(table, at: nowMilliseconds) else { throw .throttled(.table) }
        return (table, true)
    }
}
