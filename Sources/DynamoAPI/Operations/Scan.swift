import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Reads a table or an index, or one of the segments that clients divide it into, a page at a time.
struct Scan: Operation {
    static let name: StaticString = "Scan"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "ScanInput",
        .required("TableName", .tableName),
        .indexName,
        .init("AttributesToGet", .attributesToGet),
        .limit,
        .select,
        .init("ScanFilter", .conditions),
        .init("ConditionalOperator", .conditionalOperator),
        .exclusiveStartKey,
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("TotalSegments", .integer(atLeast: 1, atMost: 1_000_000)),
        .init("Segment", .integer(atLeast: 0, atMost: 999_999)),
        .init("ProjectionExpression", .string),
        .init("FilterExpression", .string),
        .init("ExpressionAttributeNames", .nameMap),
        .init("ExpressionAttributeValues", .attributeMap),
        .consistentRead)

    private let range: RangeRequest
    private let segment: Segment

    var accesses: [Access] { [range.access(Self.name)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        let parameters = try ExpressionParameters(
            request, expressions, kinds: [.projection, .filter],
            excluding: ["AttributesToGet", "ScanFilter", "ConditionalOperator"])
        range = try RangeRequest(request, parameters, legacyFilter: "ScanFilter", hasEnvelope: false)
        segment = try Segment(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(range.reference)
        let index = try range.index(of: table)
        if let key = range.startKey { try StartKey.check(key, liesIn: segment, of: table, index) }
        try range.checkProjected(by: index, of: table)
        try range.checkFilterProjected(by: index, of: table)
        let read = range.read(.segment(number: segment.number, count: segment.count), of: table, through: index)
        return try range.answer(read, in: environment)
    }
}
