import AWSProtocol
import Expressions
import ItemModel
import KeyValueStore
import RegionStore

/// Reads the item of a key: the busiest operation, so its answer is written straight from the stored bytes.
struct GetItem: Operation {
    static let name: StaticString = "GetItem"
    static let shape = Shape.structure(
        "GetItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("AttributesToGet", .attributesToGet),
        .required("TableName", .tableName),
        .required("Key", .attributeMap),
        .init("ConsistentRead", .boolean),
        .init("ProjectionExpression", .string),
        .init("ExpressionAttributeNames", .nameMap))

    private let reference: TableReference
    private let key: Item
    private let projection: Projection?
    private let isConsistent: Bool
    private let capacityLevel: CapacityLevel

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        projection = try ItemProjection.read(request, expressions)
        key = try request["Key"].map(AttributeDecoding.item) ?? Item()
        isConsistent = request["ConsistentRead"]?.isTrue ?? false
        capacityLevel = CapacityLevel(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(reference)
        try table.keySchema.checkKey(key)
        try environment.admitRead(of: table)
        let reader = environment.gateway.reader
        let cached: Cached<StoredItem>
        do throws(KeyValueStoreError) {
            cached = try reader.cachedItem(key, in: table)
        } catch {
            throw .internalError("\(error)")
        }
        if case .known(let item) = cached { return try response(item, of: table, in: environment) }
        // Other clients' requests wait for this thread, and must not wait for the disk.
        let isTaken = environment.gateway.readFromDisk {
            do {
                completion(try response(try reader.item(key, in: table), of: table, in: environment))
            } catch let fault as DynamoFault {
                completion(fault.response)
            } catch {
                completion(DynamoFault.internalError("\(error)").response)
            }
        }
        guard isTaken else { throw .overloaded }
        return nil
    }

    private func response<Gateway: RegionAccess>(
        _ item: StoredItem?, of table: Table, in environment: Environment<Gateway>
    ) throws(DynamoFault) -> APIResponse {
        let stored = item?.binaryItem
        // An item's size takes a look at all of it, so only where somebody wants to know.
        guard capacityLevel != .none || environment.limitsReads(of: table) else { return try response(stored, nil) }
        var capacity = ConsumedCapacity(reference.given)
        capacity.addTable(
            ConsumedCapacity.readUnits(try stored?.checkedSize() ?? 0, isConsistent: isConsistent))
        environment.charge(capacity, forReading: table)
        return try response(stored, capacity)
    }

    private func response(_ stored: BinaryItem?, _ capacity: ConsumedCapacity?) throws(DynamoFault) -> APIResponse {
        var writer = JSONWriter(capacity: 64 + (stored?.range.count ?? 0) * 2)
        writer.beginObject()
        if let stored {
            writer.name("Item")
            try ItemProjection.write(stored, projection, to: &writer)
        }
        if let capacity, capacityLevel != .none {
            writer.name("ConsumedCapacity")
            capacity.write(to: &writer, level: capacityLevel)
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
