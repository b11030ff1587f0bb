import Expressions
import ItemModel

/// The parameters that expressions replaced, lowered to the trees that expressions become.
///
/// Source: AWS developer guide, "Legacy conditional parameters".
enum LegacyConditions {
    /// Reads `Expected` with `ConditionalOperator`.
    static func expected(_ request: JSONValue) throws(DynamoFault) -> Condition? {
        nil
    }
}
