import HybridClock
import ItemModel

/// Decodes and checks what links deliver, before anything of it is applied.
struct ReceiveCheck {
    let catalog: Catalog
    let clock: HybridLogicalClock
    let nowMilliseconds: UInt64

    /// A record that was decoded and checked.
    struct Change {
        let bytes: [UInt8]
        let record: ChangeRecord
        let content: Content

        enum Content {
            case catalog(CatalogEntry)
            /// The item of a put, the attributes of the key of a deletion; and where the item lies in the table.
            case item(Item, key: [UInt8], TableID)
            /// Of a table that has no replica here.
            case foreign
        }
    }

    /// An item or a tombstone of a snapshot that was decoded and checked.
    struct TransferredItem {
        let snapshot: SnapshotItem
        let item: Item
        let key: [UInt8]
    }

    func changes(of batch: ReceivedBatch) throws(ApplyError) -> [Change] {
        try each(batch.records) { bytes in
            let record = try ChangeRecord(decoding: bytes)
            guard record.version.origin == batch.origin else {
                throw ApplyError.malformed("a record of \(record.version.origin) in a batch of \(batch.origin)")
            }
            guard record.position <= batch.position else {
                throw ApplyError.malformed("position \(record.position) in a batch up to \(batch.position)")
            }
            try clock.check(record.version.stamp, at: nowMilliseconds)
            return Change(bytes: bytes, record: record, content: try content(of: record))
        }
    }

    func entries(of catalog: ReceivedCatalog) throws(ApplyError) -> [CatalogEntry] {
        // A stamp too far ahead would have tables count as deleted that are yet to be created.
        _ = try each(catalog.collected.entries) { entry in try clock.check(entry.stamp, at: nowMilliseconds) }
        return try each(catalog.entries) { bytes in
            let entry = try CatalogEntry(decoding: bytes)
            try check(entry)
            return entry
        }
    }

    func items(_ items: [SnapshotItem], of table: Table) throws(ApplyError) -> [TransferredItem] {
        try each(items) { snapshot in
            try clock.check(snapshot.version.stamp, at: nowMilliseconds)
            let item = try Item(decoding: snapshot.payload)
            return TransferredItem(snapshot: snapshot, item: item, key: try Self.key(of: item, in: table))
        }
    }

    private func each<Element, Result>(
        _ elements: [Element], _ body: (Element) throws -> Result
    ) throws(ApplyError) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(elements.count)
        do {
            for element in elements { results.append(try body(element)) }
        } catch let error as ApplyError {
            throw error
        } catch let error as ClockError {
            throw .clock(error)
        } catch {
            throw .malformed("\(error)")
        }
        return results
    }

    private func content(of record: ChangeRecord) throws -> Change.Content {
        if record.kind == .catalog {
            let entry = try CatalogEntry(decoding: record.payload)
            guard entry.uuid == record.table else { throw ApplyError.malformed("a catalog entry of another table") }
            try check(entry)
            return .catalog(entry)
        }
        let item = try Item(decoding: record.payload)
        guard let table = catalog[record.table]?.table else { return .foreign }
        return .item(item, key: try Self.key(of: item, in: table), table.id)
    }

    private static func key(of item: Item, in table: Table) throws(ApplyError) -> [UInt8] {
        guard let key = table.storageKey(of: item) else { throw .malformed("an item that lacks its table's key") }
        return key
    }

    /// Throws for an entry that no region makes, or whose stamps are too far ahead.
    private func check(_ entry: CatalogEntry) throws {
        for setting in entry.settings { try clock.check(setting.version.stamp, at: nowMilliseconds) }
        let foundation = entry[SettingName.table]
        if let foundation {
            guard TableFoundation(foundation) != nil else { throw ApplyError.malformed("a table without a key schema") }
        }
        guard entry.isDeleted || entry.deletion == nil else {
            throw ApplyError.malformed("a table that is no longer deleted")
        }
        guard let known = catalog[entry.uuid]?.entry else { return }
        guard known.name == entry.name, known[SettingName.table] == foundation || entry.isDeleted else {
            throw ApplyError.malformed("another name or key schema of the table \(known.name)")
        }
    }
}
