import ItemModel

/// Parses one statement by recursive descent.
///
/// All tokens are cut at once: the statement is at most 8 KB.
struct PartiQLParser {
    private var tokens: [PartiQLToken] = []
    private var index = 0
    private let parameters: [AttributeValue]
    private var parameterCount = 0
    /// How many parentheses, lists, maps and negations stand around the present place.
    private var depth = 0

    /// The bound on ``depth``, which is the parser's own stack: more than any item or condition may have.
    static let maximumDepth = 128

    init(_ text: Text, parameters: [AttributeValue]) throws(ExpressionFault) {
        self.parameters = parameters
        var lexer = PartiQLLexer(text)
        repeat { tokens.append(try lexer.next()) } while tokens.last != .end
    }

    /// The whole statement.
    mutating func parse() throws(ExpressionFault) -> PartiQLStatement {
        let statement = try statement()
        _ = take(symbol: ";")
        guard current == .end else { throw .statementTrailingToken }
        guard parameterCount == parameters.count else { throw .statementParameterCount }
        return statement
    }

    // MARK: Tokens

    var current: PartiQLToken { tokens[min(index, tokens.count - 1)] }
    var following: PartiQLToken { tokens[min(index + 1, tokens.count - 1)] }

    mutating func advance() { index += 1 }

    /// Takes a symbol if it is next.
    mutating func take(symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        advance()
        return true
    }

    /// Takes a keyword, given in lower case, if it is next.
    mutating func take(keyword: String) -> Bool {
        guard current == .keyword(keyword) else { return false }
        advance()
        return true
    }

    mutating func expect(symbol: String) throws(ExpressionFault) {
        guard take(symbol: symbol) else { throw unexpected }
    }

    mutating func expect(keyword: String) throws(ExpressionFault) {
        guard take(keyword: keyword) else { throw unexpected }
    }

    /// What is wrong with the present token in a place where it cannot stand.
    var unexpected: ExpressionFault {
        switch current {
        case .keyword: .statementUnexpectedKeyword
        case .end: .statementUnexpectedEnd
        case .identifier, .quoted, .string, .number, .parameter: .statementUnexpectedTerm
        case .symbol: .statementUnexpectedToken
        }
    }

    /// Takes the value of a question mark.
    ///
    /// One that there is no value for is counted, and noticed at the end.
    mutating func takeParameter() -> AttributeValue {
        advance()
        parameterCount += 1
        return parameters.indices.contains(parameterCount - 1) ? parameters[parameterCount - 1] : .null
    }

    /// Runs `body` one level deeper.
    mutating func nested<Result>(
        _ body: (inout PartiQLParser) throws(ExpressionFault) -> Result
    ) throws(ExpressionFault) -> Result {
        guard depth < Self.maximumDepth else { throw .statementTooDeep }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Paths

    /// A document path: `a`, `"a b".c[0]`, `a['b']`.
    mutating func path() throws(ExpressionFault) -> DocumentPath {
        let head = try name()
        var tail: [DocumentPath.Element] = []
        while true {
            if take(symbol: ".") {
                tail.append(.name(Text(try name())))
            } else if take(symbol: "[") {
                switch current {
                case .number(let digits):
                    guard let index = Int(digits), index <= ExpressionLimits.listIndex else {
                        throw digits.contains(where: { !$0.isNumber })
                            ? .statementUnexpectedPathComponent : .indexOutOfRange(digits: digits)
                    }
                    tail.append(.index(index))
                case .string(let name): tail.append(.name(Text(name)))
                default: throw .statementUnexpectedPathComponent
                }
                advance()
                try expect(symbol: "]")
            } else {
                break
            }
            guard tail.count < ExpressionLimits.pathDepth else { throw .pathTooDeep(levels: tail.count + 1) }
        }
        return DocumentPath(Text(head), tail)
    }

    /// A name, in quotes or not.
    mutating func name() throws(ExpressionFault) -> String {
        switch current {
        case .identifier(let name), .quoted(let name):
            guard !name.isEmpty else { throw .statementEmptyPathComponent }
            advance()
            return name
        default: throw unexpected
        }
    }
}
