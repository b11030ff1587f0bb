import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Puts an item in the place of the one with its key, if there is one.
struct PutItem: Operation {
    static let name: StaticString = "PutItem"
    static let shape = Shape.structure(
        "PutItemInput",
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .required("TableName", .tableName),
        .init("ReturnValues", .returnValues),
        .required("Item", .attributeMap),
        .init("ReturnItemCollectionMetrics", .returnItemCollectionMetrics),
        .init("Expected", .expected),
        .init("ConditionalOperator", .conditionalOperator),
        .init("ConditionExpression", .string),
        .init("ExpressionAttributeNames", .nameMap),
        .init("ExpressionAttributeValues", .attributeMap),
        .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))

    private let reference: TableReference
    private let item: Item
    private let condition: Condition?
    private let options: WriteOptions

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        condition = try WriteCondition.read(request, expressions)
        item = try request["Item"].map(AttributeDecoding.item) ?? Item()
        options = WriteOptions(request)
        try options.checkReturnsOldOnly()
        try AttributeDecoding.checkSize(of: item, from: request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.table(reference)
        try table.keySchema.checkItem(item)
        try table.checkIndexKeys(of: item)
        environment.submit(
            ItemWrite(table: table, action: .put(item), condition: condition), of: reference, options,
            completion: completion)
        return nil
    }
}
