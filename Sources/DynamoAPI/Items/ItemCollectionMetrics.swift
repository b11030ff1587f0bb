import ItemModel
import RegionStore

/// What `ReturnItemCollectionMetrics` asks for: how large the items of one partition key are in a table with local indexes.
///
/// Source: AWS developer guide, "Item collections in local secondary indexes".
struct ItemCollectionMetrics {
    /// The partition key attributes.
    let key: Item

    /// The estimate in gigabytes: the service's lowest, as no collection has a bound here that a client would have to watch.
    private static let sizeRange = (lower: 0.0, upper: 1.0)

    /// - Parameters:
    ///   - item: an item with its key, or the key alone.
    ///   - table: the table that it is in.
    init(of item: Item, in table: Table) {
        var key = Item()
        for attribute in table.keySchema.partition { key[attribute.name] = item[attribute.name] }
        self.key = key
    }

    /// Whether a request wants them.
    static func areWanted(by request: JSONValue) -> Bool {
        request["ReturnItemCollectionMetrics"]?.isString("SIZE") ?? false
    }

    /// Whether `table` has item collections: those without a local index have none.
    static func exist(for table: Table) -> Bool { table.indexes.contains { !$0.isGlobal } }

    /// Writes the value, an object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("ItemCollectionKey")
        writer.item(key)
        writer.name("SizeEstimateRangeGB")
        writer.beginArray()
        writer.units(Self.sizeRange.lower)
        writer.units(Self.sizeRange.upper)
        writer.endArray()
        writer.endObject()
    }
}
