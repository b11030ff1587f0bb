import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Reads the items of one partition of a table or of an index in the order of their sort keys, a page at a time.
struct Query: Operation {
    static let name: StaticString = "Query"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "QueryInput",
        .required("TableName", .tableName),
        .indexName,
        .select,
        .init("AttributesToGet", .attributesToGet),
        // Its bound is told in words of its own.
        .init("Limit", .integer),
        .consistentRead,
        .init("KeyConditions", .conditions),
        .init("QueryFilter", .conditions),
        .init("ConditionalOperator", .conditionalOperator),
        .init("ScanIndexForward", .boolean),
        .exclusiveStartKey,
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("ProjectionExpression", .string),
        .init("FilterExpression", .string),
        .init("KeyConditionExpression", .string),
        .init("ExpressionAttributeNames", .nameMap),
        .init("ExpressionAttributeValues", .attributeMap))

    private let range: RangeRequest
    private let keyCondition: Condition
    private let isForward: Bool
    /// Whether the filter is `QueryFilter`, which decides the words about keys in it.
    private let hasLegacyFilter: Bool

    var accesses: [Access] { [range.access(Self.name)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        let parameters = try ExpressionParameters(
            request, expressions, kinds: [.projection, .filter, .keyCondition],
            // The other expressions are older than KeyConditionExpression, and were used with KeyConditions.
            excluding: ["AttributesToGet", "QueryFilter", "ConditionalOperator"]
                + (request["KeyConditionExpression"] == nil ? [] : ["KeyConditions"]))
        if let limit = request["Limit"]?.integer, limit < 1 {
            throw .brokenConstraint(at: "Limit", "Member must have value greater than or equal to 1")
        }
        range = try RangeRequest(request, parameters, legacyFilter: "QueryFilter", hasEnvelope: true)
        let condition =
            if let condition = parameters.keyCondition { condition as Condition? } else {
                try LegacyConditions.keyConditions(request)
            }
        guard let condition else {
            throw .validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
        }
        keyCondition = condition
        isForward = request["ScanIndexForward"]?.isTrue ?? true
        hasLegacyFilter = request["QueryFilter"] != nil
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(range.reference)
        let index = try range.index(of: table)
        let schema = index?.definition.keySchema ?? table.keySchema
        if let key = range.startKey { try StartKey.checkForQuery(key, of: table, index) }
        let condition = try condition(on: schema)
        if let key = range.startKey {
            try StartKey.check(key, meets: condition, of: schema)
            if index == nil, schema.sort.isEmpty { throw StartKey.refuse(key) }
        }
        try checkFilter(schema)
        try range.checkProjected(by: index, of: table)
        try range.checkFilterProjected(by: index, of: table)
        var read = range.read(.partition(condition), of: table, through: index)
        read.isForward = isForward
        return try range.answer(read, in: environment)
    }

    private func condition(on schema: KeySchema) throws(DynamoFault) -> KeyCondition {
        let condition: KeyCondition
        do throws(ExpressionError) {
            condition = try KeyCondition(
                keyCondition, schema: schema.conditionSchema)
        } catch {
            throw .validation(error.message)
        }
        try schema.checkValues(of: condition)
        return condition
    }

    /// What the key is compared with belongs in the key condition.
    private func checkFilter(_ schema: KeySchema) throws(DynamoFault) {
        guard let filter = range.filter else { return }
        let names = schema.attributes.map(\.name)
        if hasLegacyFilter, let name = filter.attributeNames.first(where: names.contains) {
            throw .validation(
                "QueryFilter can only contain non-primary key attributes: Primary key attribute: \(name)")
        }
        do throws(ExpressionError) {
            try filter.checkFilter(keyNames: names)
        } catch {
            throw .validation(error.message)
        }
    }
}
