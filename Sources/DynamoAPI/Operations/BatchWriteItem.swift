import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Puts and deletes up to 25 items of any number of tables, as one command for the writer.
///
/// So either all of them are durable or, where the store fails, nobody knows. Left unprocessed are only those that their tables have no
/// capacity for.
struct BatchWriteItem: Operation {
    static let name: StaticString = "BatchWriteItem"
    static let shape = Shape.structure(
        "BatchWriteItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("ReturnItemCollectionMetrics", .returnItemCollectionMetrics),
        .required("RequestItems", .requestItems))

    private let requests: [(reference: TableReference, actions: [ItemWrite.Action])]
    private let capacityLevel: CapacityLevel
    private let returnsCollectionMetrics: Bool

    private static let maximumWriteCount = 25

    var accesses: [Access] { requests.map { Access(Self.name, .table($0.reference)) } }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        var requests: [(TableReference, [ItemWrite.Action])] = []
        var writeCount = 0
        for (name, json) in request["RequestItems"]?.distinctMembers ?? [] {
            let reference = try TableReference(name)
            var actions: [ItemWrite.Action] = []
            for element in json.elements { actions.append(try Self.action(element)) }
            writeCount += actions.count
            guard writeCount <= Self.maximumWriteCount else {
                throw .validation("Too many items requested for the BatchWriteItem call")
            }
            requests.append((reference, actions))
        }
        self.requests = requests
        capacityLevel = CapacityLevel(request)
        returnsCollectionMetrics = ItemCollectionMetrics.areWanted(by: request)
    }

    private static func action(_ json: JSONValue) throws(DynamoFault) -> ItemWrite.Action {
        switch (json["PutRequest"]?["Item"], json["DeleteRequest"]?["Key"]) {
        case (let item?, nil):
            let decoded = try AttributeDecoding.item(item)
            try AttributeDecoding.checkSize(of: decoded, from: json)
            return .put(decoded)
        case (nil, let key?): return .delete(key: try AttributeDecoding.item(key))
        case (nil, nil):
            throw .validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        case (.some, .some):
            throw .validation(
                """
                Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes
                """)
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let tables = try requests.map { request throws(DynamoFault) in try environment.table(request.reference) }
        let writes = try writes(to: tables)
        environment.submit(.batch(writes), \.batch, completion) { [self] results in
            response(to: results, of: writes, tables, in: environment)
        }
        return nil
    }

    /// The writes in the request's order, checked against the tables' schemas and each other.
    private func writes(to tables: [Table]) throws(DynamoFault) -> [ItemWrite] {
        var seen = BatchKeys()
        var writes: [ItemWrite] = []
        for ((_, actions), table) in zip(requests, tables) {
            for action in actions {
                switch action {
                case .put(let item):
                    // The words of PutItem are not used here.
                    guard table.keySchema.key(of: item) != nil else { throw KeySchema.mismatch }
                    try table.keySchema.checkItem(item)
                    try table.checkIndexKeys(of: item)
                case .delete(let key), .update(let key, _): try table.keySchema.checkKey(key)
                }
                if let key = table.keySchema.key(of: action.item) { try seen.insert(key, of: table) }
                writes.append(ItemWrite(table: table, action: action))
            }
        }
        return writes
    }

    private func response<Gateway: RegionAccess>(
        to results: [Result<ItemWriteResult, ItemWriteError>], of writes: [ItemWrite], _ tables: [Table],
        in environment: Environment<Gateway>
    ) -> APIResponse {
        var done: [ItemWriteResult?] = []
        var throttled: DynamoFault?
        for (result, write) in zip(results, writes) {
            switch result {
            case .success(let result): done.append(result)
            case .failure(.throttled(let resource)):
                throttled = throttled ?? environment.writeFault(resource, of: write.table)
                done.append(nil)
            // All else was checked before, but that the table is gone or that an item collection would be too large: then the others
            // have taken effect, as they may in the service.
            case .failure(let error): return DynamoFault(error, returnsItem: false, isUpdate: false).response
            }
        }
        // A batch of which nothing could be written is refused as a whole.
        if let throttled, done.allSatisfy({ $0 == nil }) { return throttled.response }
        return response(to: done, tables)
    }

    /// - Parameter results: nil for what is left unprocessed.
    private func response(to results: [ItemWriteResult?], _ tables: [Table]) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writeUnprocessed(results, to: &writer)
        if returnsCollectionMetrics { writeCollectionMetrics(results, tables, to: &writer) }
        if capacityLevel != .none { writeCapacities(results, to: &writer) }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    /// What is left to write, in the form of the request.
    private func writeUnprocessed(_ results: [ItemWriteResult?], to writer: inout JSONWriter) {
        writer.name("UnprocessedItems")
        writer.beginObject()
        var results = results[...]
        for (reference, actions) in requests {
            let left = zip(actions, results).filter { $0.1 == nil }.map(\.0)
            results = results.dropFirst(actions.count)
            guard !left.isEmpty else { continue }
            writer.name(text: reference.given)
            writer.beginArray()
            for action in left { action.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    private func writeCollectionMetrics(
        _ results: [ItemWriteResult?], _ tables: [Table], to writer: inout JSONWriter
    ) {
        guard tables.contains(where: ItemCollectionMetrics.exist) else { return }
        writer.name("ItemCollectionMetrics")
        writer.beginObject()
        var results = results[...]
        for ((reference, actions), table) in zip(requests, tables) {
            let written = Array(results.prefix(actions.count))
            results = results.dropFirst(actions.count)
            guard ItemCollectionMetrics.exist(for: table) else { continue }
            writer.name(text: reference.given)
            writer.beginArray()
            var collections: [ItemCollectionMetrics] = []
            for (action, result) in zip(actions, written) {
                guard let result else { continue }
                // Of a collection with several writes, the size after the last.
                let metrics = ItemCollectionMetrics(of: action.item, in: table, byteCount: result.collectionByteCount)
                if let place = collections.firstIndex(where: { $0.key == metrics.key }) {
                    collections[place] = metrics
                } else {
                    collections.append(metrics)
                }
            }
            for metrics in collections { metrics.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    private func writeCapacities(_ results: [ItemWriteResult?], to writer: inout JSONWriter) {
        var results = results[...]
        writer.name("ConsumedCapacity")
        writer.beginArray()
        for (reference, actions) in requests {
            var capacity = ConsumedCapacity(reference.given)
            for result in results.prefix(actions.count) {
                if let result { capacity.addWrite(result) }
            }
            results = results.dropFirst(actions.count)
            capacity.write(to: &writer, level: capacityLevel)
        }
        writer.endArray()
    }
}

extension ItemWrite.Action {
    /// Writes the value, an object: the element of `RequestItems` that it came as.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .put(let item):
            writer.name("PutRequest")
            writer.beginObject()
            writer.name("Item")
            writer.item(item)
        case .update(let key, _), .delete(let key):
            writer.name("DeleteRequest")
            writer.beginObject()
            writer.name("Key")
            writer.item(key)
        }
        writer.endObject()
        writer.endObject()
    }

    /// The key attributes, or the whole item, that say which item is meant.
    var item: Item {
        switch self {
        case .put(let item): item
        case .update(let key, _), .delete(let key): key
        }
    }
}

extension Shape {
    fileprivate static let requestItems = Shape.map(
        .list(
            .structure(
                "WriteRequest",
                Member("PutRequest", .structure("PutRequest", .required("Item", .attributeMap))),
                Member("DeleteRequest", .structure("DeleteRequest", .required("Key", .attributeMap))))),
        Constraints(minimum: 1, maximum: 25, keyLength: 1...1024, listCount: 1...25))
}
