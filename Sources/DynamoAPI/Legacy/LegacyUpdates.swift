import AWSProtocol
import Expressions
import ItemModel

/// `AttributeUpdates`, lowered to the tree that an update expression becomes.
///
/// Source: AWS developer guide, "AttributeUpdates (legacy)".
enum LegacyUpdates {
    /// Reads the parameter; none is an update that changes nothing.
    static func read(_ request: JSONValue) throws(DynamoFault) -> UpdateExpression {
        var actions: [UpdateExpression.Action] = []
        for (name, json) in request["AttributeUpdates"]?.distinctMembers ?? [] {
            try AttributeDecoding.checkName(name)
            actions.append(try action(on: DocumentPath(name), json))
        }
        // Each is of an attribute of its own, so that their order means nothing; in this one they are the quickest to merge.
        actions.sort { $0.path.head < $1.path.head }
        do throws(ExpressionError) {
            return try UpdateExpression(actions)
        } catch {
            throw .validation(error.message)
        }
    }

    private static func action(on path: DocumentPath, _ json: JSONValue) throws(DynamoFault) -> UpdateExpression.Action
    {
        let name = json["Action"]?.string ?? "PUT"
        guard let value = try json["Value"].map(AttributeDecoding.value) else {
            guard name == "DELETE" else {
                throw .invalidParameters("Only DELETE action is allowed when no attribute value is specified")
            }
            return .remove(path)
        }
        switch (name, value.kind) {
        case ("DELETE", .stringSet), ("DELETE", .numberSet), ("DELETE", .binarySet): return .delete(path, value)
        case ("DELETE", let kind):
            throw .invalidParameters("DELETE action with value is not supported for the type \(kind.rawValue)")
        case ("ADD", .number), ("ADD", .stringSet), ("ADD", .numberSet), ("ADD", .binarySet):
            return .add(path, value)
        case ("ADD", .list):
            // Unlike in expressions, where ADD takes no lists, this appends.
            return .set(path, .listAppend(.ifNotExists(path, .value(.list([]))), .value(value)))
        case ("ADD", let kind):
            throw .invalidParameters("ADD action is not supported for the type \(kind.rawValue)")
        default: return .set(path, .value(value))
        }
    }

    /// What a client is told where such an update does not fit the item.
    static func fault(_ error: ExpressionError) -> DynamoFault {
        .validation(error.message == operandTypeMessage ? "Type mismatch for attribute to update" : error.message)
    }

    /// Of an update expression the words say what they mean; this parameter has no operands and no expression.
    private static let operandTypeMessage = "An operand in the update expression has an incorrect data type"
}
