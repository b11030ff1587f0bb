import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Changes attributes of the item of a key, or makes the item.
struct UpdateItem: Operation {
    static let name: StaticString = "UpdateItem"
    static let shape = Shape.structure(
        "UpdateItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .required("TableName", .tableName),
        .init("ReturnValues", .returnValues),
        .required("Key", .attributeMap),
        .init("ReturnItemCollectionMetrics", .returnItemCollectionMetrics),
        .init("AttributeUpdates", .attributeUpdates),
        .init("Expected", .expected),
        .init("ConditionalOperator", .conditionalOperator),
        .init("UpdateExpression", .string),
        .init("ConditionExpression", .string),
        .init("ExpressionAttributeNames", .nameMap),
        .init("ExpressionAttributeValues", .attributeMap),
        .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))

    private let reference: TableReference
    private let key: Item
    private let update: UpdateExpression
    private let condition: Condition?
    private let options: WriteOptions

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        let parameters = try ExpressionParameters(
            request, expressions, kinds: [.update, .condition],
            excluding: ["AttributeUpdates", "Expected", "ConditionalOperator"])
        key = try request["Key"].map(AttributeDecoding.item) ?? Item()
        condition =
            if let condition = parameters.condition { condition } else { try LegacyConditions.expected(request) }
        update = if let update = parameters.update { update } else { try LegacyUpdates.read(request) }
        options = WriteOptions(request, isLegacyUpdate: parameters.update == nil)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(reference)
        try table.keySchema.checkKey(key)
        try update.check(fits: table)
        environment.submit(
            ItemWrite(table: table, action: .update(key: key, update), condition: condition), of: reference, options,
            completion: completion)
        return nil
    }
}

extension Shape {
    /// The parameter that UpdateExpression replaced.
    fileprivate static let attributeUpdates = Shape.map(
        .structure(
            "AttributeValueUpdate",
            Member("Action", .oneOf("ADD", "DELETE", "PUT")),
            Member("Value", .attributeValue)))
}
