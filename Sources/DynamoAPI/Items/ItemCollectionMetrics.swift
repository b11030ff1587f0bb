import AWSProtocol
import ItemModel
import RegionStore

/// What `ReturnItemCollectionMetrics` asks for: how large the items of one partition key are in a table with local indexes.
///
/// Source: AWS developer guide, "Item collections in local secondary indexes".
struct ItemCollectionMetrics {
    /// The partition key attributes.
    let key: Item

    /// Whole gigabytes between which the collection's size lies.
    private let sizeRange: (lower: Double, upper: Double)

    /// - Parameters:
    ///   - item: an item with its key, or the key alone.
    ///   - table: the table that it is in.
    ///   - byteCount: the size of the collection.
    init(of item: Item, in table: Table, byteCount: Int? = nil) {
        let gigabytes = Double((byteCount ?? 0) >> 30)
        sizeRange = (gigabytes, gigabytes + 1)
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
        writer.double(sizeRange.lower)
        writer.double(sizeRange.upper)
        writer.endArray()
        writer.endObject()
    }
}
