import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// A PartiQL statement of a request, with its parameters.
struct Statement: Sendable {
    let content: PartiQLStatement
    let reference: TableReference
    /// Whether a failed condition's fault holds the item.
    let returnsItemOnFailure: Bool
    /// The length of its text, and the size of its parameters by DynamoDB's rules.
    let payloadByteCount: Int

    /// Reads `Statement` and `Parameters`.
    init(_ json: JSONValue) throws(DynamoFault) {
        var parameters: [AttributeValue] = []
        for element in json["Parameters"]?.elements.map(\.self) ?? [] {
            parameters.append(try AttributeDecoding.value(element))
        }
        let text = json["Statement"]?.text ?? ""
        payloadByteCount = parameters.reduce(text.byteCount) { $0 + $1.sizeInBytes }
        do throws(ExpressionError) {
            content = try PartiQLStatement(parsing: text, parameters: parameters)
        } catch {
            throw .validation(error.message)
        }
        reference = try TableReference(content.source.table)
        returnsItemOnFailure = json["ReturnValuesOnConditionCheckFailure"]?.isString("ALL_OLD") ?? false
    }

    /// What the statement takes the right to.
    var access: Access {
        let name: StaticString =
            switch content {
            case .select, .exists: "PartiQLSelect"
            case .insert: "PartiQLInsert"
            case .update: "PartiQLUpdate"
            case .delete: "PartiQLDelete"
            }
        return Access(name, content.source.index.map { .index(reference, $0) } ?? .table(reference))
    }

    /// Whether it changes nothing; EXISTS counts among the writes that it guards.
    var isRead: Bool {
        if case .select = content { true } else { false }
    }

    /// Whether the item that it writes must not be there.
    var isInsert: Bool {
        if case .insert = content { true } else { false }
    }

    /// What a failed condition is told as.
    func fault(_ error: ItemWriteError, isUpdate: Bool) -> DynamoFault {
        if isInsert, case .conditionFailed = error { return .duplicateItem }
        return DynamoFault(error, returnsItem: returnsItemOnFailure, isUpdate: isUpdate)
    }
}

extension DynamoFault {
    /// An INSERT met an item of its key.
    static let duplicateItem = DynamoFault(
        dynamo: "DuplicateItemException", "Duplicate primary key exists in table")
}

/// The parameters that requests with statements share.
extension Shape {
    static let statement = Shape.string(length: 1...8192)
    static let statementParameters = Shape.list(.attributeValue, atLeast: 1)
}
