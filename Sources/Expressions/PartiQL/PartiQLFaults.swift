import ItemModel

/// What is wrong with a statement.
extension ExpressionFault {
    private static func malformed(_ what: String) -> Self {
        Self("Statement wasn't well formed, can't be processed: \(what)")
    }

    static let statementUnexpectedKeyword = malformed("Unexpected keyword")
    static let statementUnexpectedTerm = malformed("Unexpected term")
    static let statementUnexpectedToken = malformed("Unexpected token")
    static let statementUnexpectedEnd = malformed("Expected expression")
    static let statementTrailingToken = malformed("Unexpected token after expression")
    static let statementInvalidCharacter = malformed("Invalid character")
    static let statementUnclosed = malformed("Unterminated quoted text")
    static let statementExpectedSource = malformed("Expected identifier for simple path")
    static let statementUnexpectedPathComponent = malformed("Unexpected path component")
    static let statementLongSource = Self("A path may contain at most 2 components in the FROM clause")
    static let statementEmptyPathComponent = Self("Path component cannot be an empty string")
    static let statementUnknownFunction = malformed("Unexpected function")
    static let statementTooDeep = malformed("The statement is nested too deeply")
    static let statementExpectedLiteral = malformed("Expected a literal or a parameter")
    static let statementEmptyUpdate = malformed("Expected SET or REMOVE")
    static let statementSetMembers = malformed("A set must have elements, all of one type: string, number or binary")

    /// - Parameter what: what the service has no such thing as.
    static func statementUnsupported(_ what: String) -> Self { Self("Unsupported operation: \(what)") }

    static let statementSeveralItems = statementUnsupported(
        "Inserting multiple items in a single statement is not supported, use \"INSERT INTO tableName VALUE item\" "
            + "instead")

    static let statementParameterCount = Self("Number of parameters in request and statement don't match.")

    static let statementKeyMissing = Self(
        "Where clause does not contain a mandatory equality on all key attributes")

    static let statementOrderWithoutCondition = Self(
        "Must have WHERE clause in the statement when using ORDER BY clause.")

    static let statementOrderWithoutPartition = Self(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")

    static func statementOrder(by name: Text) -> Self {
        Self("Variable reference \(name) in ORDER BY clause must be part of the primary key")
    }
}
