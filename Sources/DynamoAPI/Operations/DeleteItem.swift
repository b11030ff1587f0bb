import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Deletes the item of a key; where there is none, nothing.
struct DeleteItem: Operation {
    static let name: StaticString = "DeleteItem"
    static let shape = Shape.structure(
        "DeleteItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .required("TableName", .tableName),
        .init("ReturnValues", .returnValues),
        .required("Key", .attributeMap),
        .init("ReturnItemCollectionMetrics", .returnItemCollectionMetrics),
        .init("Expected", .expected),
        .init("ConditionalOperator", .conditionalOperator),
        .init("ConditionExpression", .string),
        .init("ExpressionAttributeNames", .nameMap),
        .init("ExpressionAttributeValues", .attributeMap),
        .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))

    private let reference: TableReference
    private let key: Item
    private let condition: Condition?
    private let options: WriteOptions

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        condition = try WriteCondition.read(request, expressions)
        key = try request["Key"].map(AttributeDecoding.item) ?? Item()
        options = WriteOptions(request)
        try options.checkReturnsOldOnly()
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(reference)
        try table.keySchema.checkKey(key)
        environment.submit(
            ItemWrite(table: table, action: .delete(key: key), condition: condition), of: reference, options,
            completion: completion)
        return nil
    }
}
