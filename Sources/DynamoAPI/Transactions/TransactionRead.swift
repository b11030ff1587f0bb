import AWSProtocol
import Expressions
import ItemModel
import KeyValueStore
import RegionStore

/// One read of TransactGetItems, or of an ExecuteTransaction that reads.
///
/// All of them are read from one snapshot, so that no write conflicts with them.
struct TransactionRead: Sendable {
    let reference: TableReference
    let key: Item
    let projection: Projection?
    /// What the item must be, beside having the key, to be found; nil for anything.
    var filter: Condition?
    /// What a SELECT returns, in the place of a projection.
    var columns: [PartiQLStatement.Column]?

    /// Reads all and answers.
    ///
    /// - Parameter sumsTables: whether the capacity is told for each table, or else for each read.
    static func answer<Gateway: RegionAccess>(
        _ reads: [TransactionRead], _ capacityLevel: CapacityLevel, sumsTables: Bool,
        in environment: Environment<Gateway>
    ) throws(DynamoFault) -> APIResponse {
        var keys: [(table: Table, key: Item)] = []
        for read in reads { keys.append((try environment.table(read.reference), read.key)) }
        try check(keys)
        try admit(keys.map(\.table), in: environment)
        let items: [StoredItem?]
        do throws(KeyValueStoreError) {
            items = try environment.gateway.reader.items(keys)
        } catch {
            throw .internalError("\(error)")
        }
        var sizes: [Int] = []
        for item in items { sizes.append(try item?.binaryItem.checkedSize() ?? 0) }
        for (index, size) in sizes.enumerated() {
            var capacity = ConsumedCapacity(reads[index].reference.given, .transactionalRead)
            capacity.addTable(ConsumedCapacity.readUnits(size, isConsistent: true))
            environment.charge(capacity, forReading: keys[index].table)
        }
        return try response(to: reads, items, sizes, capacityLevel, sumsTables: sumsTables)
    }

    /// Throws where nothing is left of a table's capacity.
    private static func admit<Gateway: RegionAccess>(
        _ tables: [Table], in environment: Environment<Gateway>
    ) throws(DynamoFault) {
        let faults = tables.map { environment.readFault(of: $0) }
        guard faults.contains(where: { $0 != nil }) else { return }
        throw .transactionCancelled(faults.map { $0.map(CancellationReason.init(throttled:)) ?? .none })
    }

    private static func check(_ keys: [(table: Table, key: Item)]) throws(DynamoFault) {
        var reasons: [CancellationReason] = []
        for (table, key) in keys {
            do throws(DynamoFault) {
                try table.keySchema.checkKey(key)
                reasons.append(.none)
            } catch {
                reasons.append(CancellationReason(error))
            }
        }
        guard reasons.allSatisfy({ $0.code == .none }) else { throw .transactionCancelled(reasons) }
        var seen = BatchKeys()
        for (table, key) in keys {
            guard seen.isNew(key, of: table) else { throw .multipleOperationsOnItem }
        }
    }

    private static func response(
        to reads: [TransactionRead], _ items: [StoredItem?], _ sizes: [Int], _ capacityLevel: CapacityLevel,
        sumsTables: Bool
    ) throws(DynamoFault) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + items.reduce(0) { $0 + ($1?.value.count ?? 0) * 2 })
        var capacities: [ConsumedCapacity] = []
        var byteCount = 0
        writer.beginObject()
        writer.name("Responses")
        writer.beginArray()
        for ((read, item), size) in zip(zip(reads, items), sizes) {
            byteCount += size
            let place = !sumsTables ? nil : capacities.firstIndex { $0.tableName == read.reference.given }
            if place == nil { capacities.append(ConsumedCapacity(read.reference.given, .transactionalRead)) }
            capacities[place ?? capacities.count - 1].addTable(ConsumedCapacity.readUnits(size, isConsistent: true))
            writer.beginObject()
            if let item, try read.isWanted(item) {
                if let projection = read.projection {
                    let selected = try ItemProjection.selected(of: item.binaryItem, projection)
                    if !selected.isEmpty {
                        writer.name("Item")
                        writer.item(selected)
                    }
                } else {
                    writer.name("Item")
                    try SelectedColumns.write(item.binaryItem, read.columns, to: &writer)
                }
            }
            writer.endObject()
        }
        writer.endArray()
        guard byteCount <= Transaction.maximumByteCount else { throw .transactionTooLarge }
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            writer.beginArray()
            for capacity in capacities { capacity.write(to: &writer, level: capacityLevel) }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    /// Whether the item meets the filter.
    func isWanted(_ item: StoredItem) throws(DynamoFault) -> Bool {
        guard let filter else { return true }
        do throws(BinaryDecodingError) {
            return filter.evaluate(try Item(decoding: item.bytes))
        } catch {
            throw .internalError("\(error)")
        }
    }
}
