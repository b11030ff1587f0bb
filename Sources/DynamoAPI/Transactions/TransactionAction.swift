import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// One action of TransactWriteItems.
struct TransactionAction: Sendable {
    let reference: TableReference
    private let action: Action
    private let condition: Condition?
    /// Whether a failed condition's reason holds the item.
    let returnsItem: Bool
    /// The size of the item or key and of the values of the expressions, by DynamoDB's rules; zero in a request that is too small to
    /// reach the bound.
    let payloadByteCount: Int

    private enum Action {
        case write(ItemWrite.Action)
        case check(key: Item)
    }

    /// Reads an element of `TransactItems`, whose shape has been checked.
    init(_ json: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        let names: [StaticString] = ["ConditionCheck", "Put", "Delete", "Update"]
        let given = names.filter { json[$0] != nil }
        guard given.count == 1, let content = json[given[0]] else {
            throw .validation("TransactItems can only contain one of Check, Put, Update or Delete")
        }
        reference = try TableReference(content)
        let isUpdate = given[0].description == "Update"
        let parameters = try ExpressionParameters(
            content, expressions, kinds: isUpdate ? [.update, .condition] : [.condition], excluding: [])
        condition = parameters.condition
        returnsItem = content["ReturnValuesOnConditionCheckFailure"]?.isString("ALL_OLD") ?? false
        let key = try (content["Key"] ?? content["Item"]).map(AttributeDecoding.item) ?? Item()
        if json.documentByteCount > Transaction.maximumByteCount {
            let values = try content["ExpressionAttributeValues"].map(AttributeDecoding.item) ?? Item()
            payloadByteCount = key.sizeInBytes + values.sizeInBytes
        } else {
            payloadByteCount = 0
        }
        switch given[0].description {
        case "Put":
            try AttributeDecoding.checkSize(of: key, from: content)
            action = .write(.put(key))
        case "Delete": action = .write(.delete(key: key))
        case "Update":
            guard let update = parameters.update else { throw .internalError("an Update without its expression") }
            action = .write(.update(key: key, update))
        default: action = .check(key: key)
        }
    }

    /// What the action takes the right to, by itself.
    var access: Access {
        let name: StaticString =
            switch action {
            case .write(.put): PutItem.name
            case .write(.update): UpdateItem.name
            case .write(.delete): DeleteItem.name
            case .check: "ConditionCheckItem"
            }
        return Access(name, .table(reference))
    }

    /// Checks what refuses the whole request, and does not cancel the transaction: keys that are empty.
    func checkKeysAreNotEmpty(in table: Table) throws(DynamoFault) {
        switch action {
        case .write(.put(let item)):
            try table.keySchema.checkNotEmpty(item)
            try table.checkIndexKeysAreNotEmpty(item)
        case .write(.update(let key, _)), .write(.delete(let key)), .check(let key):
            try table.keySchema.checkNotEmpty(key)
        }
    }

    /// The action as the region carries it out, once it fits the table's schema.
    func step(in table: Table) throws(DynamoFault) -> Transaction.Step {
        switch action {
        case .write(let write):
            switch write {
            case .put(let item):
                try table.keySchema.checkItem(item)
                try table.checkIndexKeys(of: item)
            case .delete(let key): try table.keySchema.checkKey(key)
            case .update(let key, let update):
                try table.keySchema.checkKey(key)
                try update.check(fits: table)
            }
            return .write(ItemWrite(table: table, action: write, condition: condition))
        case .check(let key):
            try table.keySchema.checkKey(key)
            guard let condition else { throw .internalError("a ConditionCheck without its condition") }
            return .check(ItemCheck(table: table, key: key, condition: condition))
        }
    }
}

extension Shape {
    /// The elements of `TransactItems` of TransactWriteItems.
    static let transactWriteItem = Shape.structure(
        "TransactWriteItem",
        Member(
            "ConditionCheck",
            .structure(
                "ConditionCheck",
                .required("Key", .attributeMap),
                .required("TableName", .tableName),
                .required("ConditionExpression", .string),
                Member("ExpressionAttributeNames", .nameMap),
                Member("ExpressionAttributeValues", .attributeMap),
                Member("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))),
        Member(
            "Put",
            .structure(
                "Put",
                .required("Item", .attributeMap),
                .required("TableName", .tableName),
                Member("ConditionExpression", .string),
                Member("ExpressionAttributeNames", .nameMap),
                Member("ExpressionAttributeValues", .attributeMap),
                Member("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))),
        Member(
            "Delete",
            .structure(
                "Delete",
                .required("Key", .attributeMap),
                .required("TableName", .tableName),
                Member("ConditionExpression", .string),
                Member("ExpressionAttributeNames", .nameMap),
                Member("ExpressionAttributeValues", .attributeMap),
                Member("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))),
        Member(
            "Update",
            .structure(
                "Update",
                .required("Key", .attributeMap),
                .required("UpdateExpression", .string),
                .required("TableName", .tableName),
                Member("ConditionExpression", .string),
                Member("ExpressionAttributeNames", .nameMap),
                Member("ExpressionAttributeValues", .attributeMap),
                Member("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))))
}
