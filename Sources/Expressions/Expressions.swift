/// Which request parameter an expression was given in; it decides the grammar and opens every error text.
///
/// The module is DynamoDB's expression language, free of JSON and storage. Reading order: ``ConditionNode`` and
/// ``UpdateAction`` are the tree, in two stages (``ExpressionStage``): as parsed, with placeholders standing for names
/// and values, and bound, without. `ExpressionParser` makes the first, ``ExpressionCache`` keeps it by text, binding it
/// to a request's ``Placeholders`` makes a ``Condition``, ``KeyCondition``, ``Projection`` or ``UpdateExpression``.
/// Whatever else says the same things, such as the parameters that expressions replaced, builds bound trees directly.
///
/// Source: AWS developer guide, "Using expressions in DynamoDB".
public enum ExpressionKind: UInt8, Sendable, Hashable, CaseIterable {
    case condition
    case filter
    case keyCondition
    case projection
    case update

    /// DynamoDB's name of the request parameter, as error texts quote it.
    public var parameterName: String {
        switch self {
        case .condition: "ConditionExpression"
        case .filter: "FilterExpression"
        case .keyCondition: "KeyConditionExpression"
        case .projection: "ProjectionExpression"
        case .update: "UpdateExpression"
        }
    }
}

/// What DynamoDB allows an expression to hold.
///
/// Source: AWS developer guide, "Quotas: expression parameters".
public enum ExpressionLimits {
    /// The length of one expression in UTF-8 bytes.
    public static let byteCount = 4_096
    /// Comparators, logical operators, `+`, `-`, BETWEEN, IN and functions in one expression.
    public static let operatorCount = 300
    /// Operands on the right of one IN.
    public static let inOperandCount = 100
    /// Values of a partition key in one IN of a PartiQL statement.
    public static let inPartitionKeyCount = 50
    /// Names and indexes in one document path.
    public static let pathDepth = 32
    /// How many lists and maps may stand around a value in an item.
    public static let nestingDepth = 32
    /// The length of one placeholder in UTF-8 bytes, its `#` or `:` included.
    public static let placeholderByteCount = 255
    /// All placeholders of a request with what they stand for, by the rules for sizes of items.
    public static let placeholdersByteCount = 2 << 20
    /// The length of an attribute's name in UTF-8 bytes.
    public static let attributeNameByteCount = 65_535
    /// The largest index that a document path may hold.
    public static let listIndex = Int(Int32.max)
    /// How deeply parentheses and function calls may stand inside each other.
    ///
    /// Every level but the innermost must hold an operator of its own, or its parentheses are redundant: no deeper
    /// expression is within ``operatorCount``.
    static let parenthesisDepth = operatorCount + 2
}
