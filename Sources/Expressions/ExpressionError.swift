/// An expression that DynamoDB refuses, or an update that does not fit the item it meets.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text of DynamoDB's `ValidationException`.
    public let message: String

    /// `kind` is the expression that the text opens with; nil for the faults that DynamoDB reports without a prefix.
    init(_ fault: ExpressionFault, in kind: ExpressionKind? = nil) {
        message = kind.map { "Invalid \($0.parameterName): \(fault.text)" } ?? fault.text
    }

    public var description: String { message }
}

/// Runs `body`, naming the expression in what it throws.
func reporting<Success>(
    in kind: ExpressionKind?, _ body: () throws(ExpressionFault) -> Success
) throws(ExpressionError) -> Success {
    do { return try body() } catch { throw ExpressionError(error, in: kind) }
}
