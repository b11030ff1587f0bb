import AWSProtocol
import ItemModel
import RegionStore

extension RangeRequest {
    /// Reads one page and answers with it.
    func answer<Gateway: RegionAccess>(_ read: RangeRead, in environment: Environment<Gateway>) throws(DynamoFault)
        -> APIResponse
    {
        try environment.admitRead(of: read.table, through: read.index)
        let page: RangePage
        do {
            page = try environment.gateway.reader.page(read)
        } catch {
            throw .internalError("\(error)")
        }
        let capacity = capacity(of: page, read.index)
        environment.charge(capacity, forReading: read.table)
        return try response(page, capacity)
    }

    private func response(_ page: RangePage, _ capacity: ConsumedCapacity) throws(DynamoFault) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + page.items.reduce(0) { $0 + $1.range.count * 2 })
        writer.beginObject()
        writer.member("Count", page.items.count)
        if select != .count {
            writer.name("Items")
            writer.beginArray()
            for item in page.items { try ItemProjection.write(item, projection, to: &writer) }
            writer.endArray()
        }
        writer.member("ScannedCount", page.scannedCount)
        if let key = page.lastEvaluatedKey {
            writer.name("LastEvaluatedKey")
            writer.item(key)
        }
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            capacity.write(to: &writer, level: capacityLevel)
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    /// What is evaluated costs as a whole, in the table or in the index that it lies in; an item that is fetched costs by itself.
    private func capacity(of page: RangePage, _ index: SecondaryIndex?) -> ConsumedCapacity {
        var capacity = ConsumedCapacity(reference.given)
        let units = ConsumedCapacity.readUnits(page.evaluatedByteCount, isConsistent: isConsistent)
        if let index {
            capacity.addIndex(index.name, isGlobal: index.isGlobal, units)
        } else {
            capacity.addTable(units)
        }
        for size in page.fetchedSizes {
            capacity.addTable(ConsumedCapacity.readUnits(size, isConsistent: isConsistent))
        }
        return capacity
    }
}
