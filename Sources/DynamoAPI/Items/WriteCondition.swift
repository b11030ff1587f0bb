import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// The condition of PutItem and DeleteItem.
enum WriteCondition {
    /// Reads `ConditionExpression` or what it replaced, `Expected`.
    static func read(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) -> Condition? {
        let parameters = try ExpressionParameters(
            request, expressions, kinds: [.condition], excluding: ["Expected", "ConditionalOperator"])
        if let condition = parameters.condition { return condition }
        return try LegacyConditions.expected(request)
    }
}

extension AttributeDecoding {
    /// Throws where an item to be put is larger than DynamoDB allows.
    ///
    /// An item's JSON is never shorter than its size, so only a long request has to be measured.
    static func checkSize(of item: Item, from request: JSONValue) throws(DynamoFault) {
        guard request.documentByteCount > maximumItemByteCount, item.sizeInBytes > maximumItemByteCount else { return }
        throw .itemTooLarge
    }

    private static let maximumItemByteCount = 400 * 1024
}
