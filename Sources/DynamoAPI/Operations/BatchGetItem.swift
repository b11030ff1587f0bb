import AWSProtocol
import Expressions
import ItemModel
import KeyValueStore
import RegionStore

/// Reads the items of up to a hundred keys, of any number of tables; what is too much for one answer is left for the next call.
struct BatchGetItem: Operation {
    static let name: StaticString = "BatchGetItem"
    /// A hundred of the largest items are 40 MB to read.
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "BatchGetItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .required("RequestItems", .requestItems))

    private let reads: [BatchRead]
    private let capacityLevel: CapacityLevel

    private static let maximumKeyCount = 100
    /// The sizes of all items in one answer, by DynamoDB's rules.
    private static let maximumByteCount = 16 << 20

    var accesses: [Access] { reads.map { Access(Self.name, .table($0.reference)) } }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        guard request["RequestItems"].map({ $0.count > 0 }) ?? false else {
            throw .validation("The requestItems parameter is required for BatchGetItem")
        }
        for (name, json) in request["RequestItems"]?.distinctMembers ?? []
        where json["Keys"]?.count ?? 0 > Self.maximumKeyCount {
            throw .brokenConstraint(
                at: "RequestItems.\(name).member.Keys",
                "Member must have length less than or equal to \(Self.maximumKeyCount)")
        }
        var reads: [BatchRead] = []
        var keyCount = 0
        for (name, json) in request["RequestItems"]?.distinctMembers ?? [] {
            let read = try BatchRead(name, json, expressions)
            keyCount += read.keys.count
            guard keyCount <= Self.maximumKeyCount else {
                throw .validation("Too many items requested for the BatchGetItem call")
            }
            reads.append(read)
        }
        self.reads = reads
        capacityLevel = CapacityLevel(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        var tables: [Table] = []
        for read in reads { tables.append(try environment.table(read.reference)) }
        var seen = BatchKeys()
        for (read, table) in zip(reads, tables) {
            for key in read.keys {
                try table.keySchema.checkKey(key)
                try seen.insert(key, of: table)
            }
        }
        var answer = Answer(remainingByteCount: Self.maximumByteCount)
        var throttled: DynamoFault?
        for (read, table) in zip(reads, tables) {
            let fault = environment.readFault(of: table)
            throttled = throttled ?? fault
            let items: [StoredItem?]
            do throws(KeyValueStoreError) {
                let isSkipped = answer.isFull || fault != nil
                items = isSkipped ? [] : try environment.gateway.reader.items(read.keys, in: table)
            } catch {
                throw .internalError("\(error)")
            }
            try answer.add(items, of: read) { capacity in
                environment.charge(capacity, forReading: table)
                return environment.readFault(of: table) == nil
            }
        }
        // What could be read is answered; a batch of which nothing could be read is refused as a whole.
        if let throttled, answer.isEmpty { throw throttled }
        return answer.response(to: reads, capacityLevel)
    }
}

/// The answer as it fills, table by table.
private struct Answer {
    private(set) var remainingByteCount: Int
    private(set) var isFull = false
    private var responses = JSONWriter(capacity: 4096)
    /// How many of each table's keys are answered.
    private var processedCounts: [Int] = []
    private var capacities: [ConsumedCapacity] = []

    init(remainingByteCount: Int) {
        self.remainingByteCount = remainingByteCount
        responses.beginObject()
        responses.name("Responses")
        responses.beginObject()
    }

    /// Whether no key at all is answered.
    var isEmpty: Bool { processedCounts.allSatisfy { $0 == 0 } }

    /// Adds what was found for the keys of `read`, until the answer is full.
    ///
    /// - Parameter take: takes what one key took, and says whether there is capacity for another.
    mutating func add(
        _ items: [StoredItem?], of read: BatchRead, _ take: (ConsumedCapacity) -> Bool
    ) throws(DynamoFault) {
        var capacity = ConsumedCapacity(read.reference.given)
        var processedCount = 0
        responses.name(text: read.reference.given)
        responses.beginArray()
        for item in items {
            let size = try item?.binaryItem.checkedSize() ?? 0
            guard size <= remainingByteCount else {
                isFull = true
                break
            }
            remainingByteCount -= size
            processedCount += 1
            var taken = ConsumedCapacity(read.reference.given)
            taken.addTable(ConsumedCapacity.readUnits(size, isConsistent: read.isConsistent))
            capacity.addTable(taken.tableUnits)
            if let item { try ItemProjection.write(item.binaryItem, read.projection, to: &responses) }
            guard take(taken) else { break }
        }
        responses.endArray()
        processedCounts.append(processedCount)
        capacities.append(capacity)
    }

    func response(to reads: [BatchRead], _ capacityLevel: CapacityLevel) -> APIResponse {
        var writer = responses
        writer.endObject()
        writer.name("UnprocessedKeys")
        writer.beginObject()
        for (read, count) in zip(reads, processedCounts) where count < read.keys.count {
            read.writeUnprocessed(read.keys[count...], to: &writer)
        }
        writer.endObject()
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            writer.beginArray()
            for capacity in capacities { capacity.write(to: &writer, level: capacityLevel) }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}

extension Shape {
    fileprivate static let requestItems = Shape.map(
        .structure(
            "KeysAndAttributes",
            .required("Keys", .list(.attributeMap, atLeast: 1)),
            Member("AttributesToGet", .attributesToGet),
            Member("ConsistentRead", .boolean),
            Member("ProjectionExpression", .string),
            Member("ExpressionAttributeNames", .nameMap)),
        Constraints(maximum: 100, keyLength: 1...1024))
}
