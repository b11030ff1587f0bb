import AWSProtocol
import Expressions
import ItemModel
import KeyValueStore
import RegionStore

/// Reads up to a hundred items as of one moment.
struct TransactGetItems: Operation {
    static let name: StaticString = "TransactGetItems"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "TransactGetItemsInput",
        .required(
            "TransactItems",
            .list(
                .structure(
                    "TransactGetItem",
                    .required(
                        "Get",
                        .structure(
                            "Get",
                            .required("Key", .attributeMap),
                            .required("TableName", .tableName),
                            .init("ProjectionExpression", .string),
                            .init("ExpressionAttributeNames", .nameMap)))),
                atLeast: 1, atMost: 100)),
        .init("ReturnConsumedCapacity", .returnConsumedCapacity))

    private let reads: [TransactionRead]
    private let capacityLevel: CapacityLevel

    var accesses: [Access] { reads.map { Access(GetItem.name, .table($0.reference)) } }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        var reads: [TransactionRead] = []
        for element in request["TransactItems"]?.elements.map(\.self) ?? [] {
            guard let get = element["Get"] else { continue }
            reads.append(
                TransactionRead(
                    reference: try TableReference(get), key: try get["Key"].map(AttributeDecoding.item) ?? Item(),
                    projection: try ItemProjection.read(get, expressions)))
        }
        self.reads = reads
        capacityLevel = CapacityLevel(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        try TransactionRead.answer(reads, capacityLevel, sumsTables: true, in: environment)
    }
}
