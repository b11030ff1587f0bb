import ItemModel
import RegionStore

/// The keys that one batch has named so far, of which no two may be the same.
struct BatchKeys {
    private var seen: Set<TableKey> = []

    /// A key of a table, which a request can name by its name and by its ARN.
    private struct TableKey: Hashable {
        let table: TableID
        let key: Item
    }

    /// Takes one more key, which has the table's key attributes and no others.
    mutating func insert(_ key: Item, of table: Table) throws(DynamoFault) {
        guard isNew(key, of: table) else {
            throw .validation("Provided list of item keys contains duplicates")
        }
    }

    /// Takes one more key, and says whether it was not there yet.
    mutating func isNew(_ key: Item, of table: Table) -> Bool {
        seen.insert(TableKey(table: table.id, key: key)).inserted
    }
}
