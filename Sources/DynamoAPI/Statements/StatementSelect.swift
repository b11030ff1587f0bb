import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// How a SELECT is carried out: as queries of the partitions that its condition names, or as a scan.
struct StatementSelect {
    let statement: PartiQLStatement
    let select: PartiQLStatement.Select
    let range: RangeRequest
    let nextToken: Text?

    init(
        _ select: PartiQLStatement.Select, of statement: PartiQLStatement, reference: TableReference,
        isConsistent: Bool, limit: Int?, nextToken: Text?, _ capacityLevel: CapacityLevel
    ) throws(DynamoFault) {
        self.select = select
        self.statement = statement
        self.nextToken = nextToken
        let names = select.columns.map { columns in Set(columns.map(\.path.head)).sorted() }
        do throws(ExpressionError) {
            range = RangeRequest(
                reference: reference, indexName: select.source.index, isConsistent: isConsistent, limit: limit,
                filter: select.condition,
                projection: try names.map { names throws(ExpressionError) in
                    try Projection(names.map { DocumentPath($0) })
                }, capacityLevel: capacityLevel)
        } catch {
            throw .validation(error.message)
        }
    }

    func answer<Gateway: RegionAccess>(in environment: Environment<Gateway>) throws(DynamoFault) -> APIResponse {
        let table = try environment.table(range.reference)
        if let name = range.indexName {
            guard let index = table.index(named: name) else {
                throw .validation("The table does not have the specified index")
            }
            guard !range.isConsistent || !index.isGlobal else {
                throw .validation("Strongly consistent read is not supported on Global Secondary Indexes")
            }
        }
        let index = try range.index(of: table)
        let schema = index?.definition.keySchema ?? table.keySchema
        let (partitions, isForward) = try partitions(of: schema)
        try range.checkProjected(by: index, of: table)
        // A statement that does not go by the index's key scans it, and finds nothing there.
        if partitions.contains(where: { if case .partition = $0 { true } else { false } }) {
            try range.checkFilterProjected(by: index, of: table, noun: "Secondary index")
        }
        try environment.admitRead(of: table, through: index)
        let start = try nextToken.map { text throws(DynamoFault) in try NextToken(text, for: statement) }
        var page = Page(limit: range.limit)
        var place = start?.partition ?? 0
        while place < partitions.count {
            var read = range.read(partitions[place], of: table, through: index)
            read.isForward = isForward
            read.exclusiveStartKey = place == start?.partition ? start?.key : nil
            read.limit = page.remainingCount
            read.byteLimit = page.remainingByteCount
            do {
                page.add(try environment.gateway.reader.page(read), isConsistent: range.isConsistent)
            } catch {
                throw .internalError("\(error)")
            }
            if page.lastKey != nil { break }
            place += 1
            if page.isFull, place < partitions.count { break }
        }
        let next = place < partitions.count ? NextToken(partition: place, key: page.lastKey) : nil
        let capacity = capacity(of: page, index)
        environment.charge(capacity, forReading: table)
        return try response(page, capacity, next)
    }

    /// What is read, one part after the other, and whether in the order of ascending sort keys.
    private func partitions(of schema: KeySchema) throws(DynamoFault) -> ([RangeRead.Range], isForward: Bool) {
        let keys = PartiQLKeys(of: select.condition, schema: schema.conditionSchema)
        let isForward: Bool
        let found: [KeyCondition]?
        do throws(ExpressionError) {
            isForward = try keys.isForward(select.order, hasCondition: select.condition != nil)
            found = try keys.partitions().map { keys.sorted($0, by: select.order) }
        } catch {
            throw .validation(error.message)
        }
        guard let found else { return ([.segment(number: 0, count: 1)], isForward) }
        for condition in found { try schema.checkValues(of: condition) }
        return (found.map(RangeRead.Range.partition), isForward)
    }

    /// What was read so far.
    private struct Page {
        private let limit: Int?
        private(set) var items: [BinaryItem] = []
        private(set) var lastKey: Item?
        private(set) var units = 0.0
        private(set) var fetchedUnits = 0.0
        private var scannedCount = 0
        private var byteCount = 0

        private static let maximumByteCount = 1 << 20

        init(limit: Int?) { self.limit = limit }

        var remainingCount: Int? { limit.map { max(1, $0 - scannedCount) } }
        var remainingByteCount: Int { max(1, Self.maximumByteCount - byteCount) }
        var isFull: Bool { scannedCount >= limit ?? .max || byteCount >= Self.maximumByteCount }

        mutating func add(_ page: RangePage, isConsistent: Bool) {
            items += page.items
            lastKey = page.lastEvaluatedKey
            scannedCount += page.scannedCount
            byteCount += page.evaluatedByteCount
            units += ConsumedCapacity.readUnits(page.evaluatedByteCount, isConsistent: isConsistent)
            for size in page.fetchedSizes {
                fetchedUnits += ConsumedCapacity.readUnits(size, isConsistent: isConsistent)
            }
        }
    }

    private func capacity(of page: Page, _ index: SecondaryIndex?) -> ConsumedCapacity {
        var capacity = ConsumedCapacity(range.reference.given)
        if let index {
            capacity.addIndex(index.name, isGlobal: index.isGlobal, page.units)
            capacity.addTable(page.fetchedUnits)
        } else {
            capacity.addTable(page.units)
        }
        return capacity
    }

    private func response(
        _ page: Page, _ capacity: ConsumedCapacity, _ next: NextToken?
    ) throws(DynamoFault) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + page.items.reduce(0) { $0 + $1.range.count * 2 })
        writer.beginObject()
        writer.name("Items")
        writer.beginArray()
        for item in page.items { try SelectedColumns.write(item, select.columns, to: &writer) }
        writer.endArray()
        if let next {
            writer.member("NextToken", next.text(for: statement))
            if let key = next.key {
                writer.name("LastEvaluatedKey")
                writer.item(key)
            }
        }
        if range.capacityLevel != .none {
            writer.name("ConsumedCapacity")
            capacity.write(to: &writer, level: range.capacityLevel)
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}

extension RangeRequest {
    /// What a SELECT asks for.
    init(
        reference: TableReference, indexName: Text?, isConsistent: Bool, limit: Int?, filter: Condition?,
        projection: Projection?, capacityLevel: CapacityLevel
    ) {
        self.reference = reference
        self.indexName = indexName
        self.isConsistent = isConsistent
        self.limit = limit
        startKey = nil
        self.filter = filter
        self.projection = projection
        select = nil
        self.capacityLevel = capacityLevel
    }
}
