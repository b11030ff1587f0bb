import ItemModel

/// The functions of conditions.
enum ConditionFunction: String {
    case attributeExists = "attribute_exists"
    case attributeNotExists = "attribute_not_exists"
    case attributeType = "attribute_type"
    case beginsWith = "begins_with"
    case contains = "contains"
    case size = "size"

    var operandCount: Int {
        switch self {
        case .attributeExists, .attributeNotExists, .size: 1
        case .attributeType, .beginsWith, .contains: 2
        }
    }
}

/// The grammar of condition, filter and key-condition expressions.
///
///     condition   = conjunction *("OR" conjunction)
///     conjunction = negation *("AND" negation)
///     negation    = *"NOT" comparison
///     comparison  = primary [comparator operand | "BETWEEN" operand "AND" operand | "IN" "(" operand *("," operand)
/// ")"]     primary     = "(" condition ")" / operand
///     operand     = "(" operand ")" / path / value / name "(" operand *("," operand) ")"
extension ExpressionParser {
    typealias ParsedNode = ConditionNode<ParsedStage>
    typealias ParsedOperand = Operand<ParsedStage>

    /// What was parsed, before it is known whether a condition or an operand is wanted in its place.
    private struct Term {
        let content: Content
        let isParenthesized: Bool

        enum Content {
            case condition(ParsedNode)
            case operand(ParsedOperand)
            /// A function whose result is true or false.
            case function(String, ParsedNode)
        }

        init(_ content: Content, isParenthesized: Bool = false) {
            self.content = content
            self.isParenthesized = isParenthesized
        }
    }

    /// Parses the whole expression.
    mutating func parseCondition() throws(ExpressionFault) -> ParsedNode {
        let term = try parseDisjunction()
        let node = try condition(term)
        try finish()
        return node
    }

    private mutating func parseDisjunction() throws(ExpressionFault) -> Term {
        let first = try parseConjunction()
        guard keyword == .or else { return first }
        var nodes = [try condition(first)]
        while take(.or) {
            countOperator()
            nodes.append(try condition(try parseConjunction()))
        }
        return Term(.condition(.or(nodes)))
    }

    private mutating func parseConjunction() throws(ExpressionFault) -> Term {
        let first = try parseNegation()
        guard keyword == .and else { return first }
        var nodes = [try condition(first)]
        while take(.and) {
            countOperator()
            nodes.append(try condition(try parseNegation()))
        }
        return Term(.condition(.and(nodes)))
    }

    private mutating func parseNegation() throws(ExpressionFault) -> Term {
        var count = 0
        while take(.not) {
            countOperator()
            count += 1
        }
        let term = try parseComparison()
        guard count > 0 else { return term }
        var node = try condition(term)
        for _ in 0..<count { node = .not(node) }
        return Term(.condition(node))
    }

    private mutating func parseComparison() throws(ExpressionFault) -> Term {
        let left = try parsePrimary()
        if case .comparator(let comparator) = current.kind {
            let left = try operand(left)
            advance()
            countOperator()
            return Term(.condition(.comparison(comparator, left, try parseOperand())))
        }
        switch keyword {
        case .between:
            let operand = try operand(left)
            advance()
            countOperator()
            let lower = try parseOperand()
            try expect(.and)
            return Term(.condition(.between(operand, lower: lower, upper: try parseOperand())))
        case .in:
            let operand = try operand(left)
            advance()
            countOperator()
            try expect(.leftParenthesis)
            let candidates = try parseOperands()
            if candidates.count > ExpressionLimits.inOperandCount {
                faults.note(.tooManyInOperands(count: candidates.count), .limit)
            }
            return Term(.condition(.in(operand, candidates)))
        default:
            return left
        }
    }

    private mutating func parsePrimary() throws(ExpressionFault) -> Term {
        guard take(.leftParenthesis) else { return try parseBareTerm() }
        try enter()
        let inner = try parseDisjunction()
        try expect(.rightParenthesis)
        leave()
        if inner.isParenthesized { faults.note(.redundantParentheses, .redundantParentheses) }
        return Term(inner.content, isParenthesized: true)
    }

    /// Parses an operand where no condition can stand.
    private mutating func parseOperand() throws(ExpressionFault) -> ParsedOperand {
        try operand(try parseOperandTerm())
    }

    private mutating func parseOperandTerm() throws(ExpressionFault) -> Term {
        guard take(.leftParenthesis) else { return try parseBareTerm() }
        try enter()
        let inner = try parseOperandTerm()
        try expect(.rightParenthesis)
        leave()
        if inner.isParenthesized { faults.note(.redundantParentheses, .redundantParentheses) }
        return Term(inner.content, isParenthesized: true)
    }

    /// Parses operands up to and with the closing parenthesis.
    private mutating func parseOperands() throws(ExpressionFault) -> [ParsedOperand] {
        var operands = [try parseOperand()]
        while take(.comma) { operands.append(try parseOperand()) }
        try expect(.rightParenthesis)
        return operands
    }

    private mutating func parseBareTerm() throws(ExpressionFault) -> Term {
        if current.kind == .valueReference { return Term(.operand(.value(try parseValue()))) }
        guard isAtFunction, keyword == nil else { return Term(.operand(.path(try parsePath()))) }
        let name = string(of: current)
        advance()
        try expect(.leftParenthesis)
        try enter()
        let operands = try parseOperands()
        leave()
        countOperator()
        return Term(function(name, of: operands))
    }

    private mutating func function(_ name: String, of operands: [ParsedOperand]) -> Term.Content {
        guard let function = ConditionFunction(rawValue: name) else {
            let isOfUpdates = UpdateFunction(rawValue: name) != nil
            faults.note(
                isOfUpdates ? .function(name, notAllowedIn: "a condition") : .unknownFunction(name), .unknownFunction)
            return .function(name, .refused)
        }
        guard operands.count == function.operandCount, let first = operands.first, let last = operands.last else {
            laterFaults.note(.operandCount(operands.count, of: name), .operandCount)
            return function == .size ? .operand(.refused) : .function(name, .refused)
        }
        switch function {
        case .attributeExists: return .function(name, self.function(name, ofPath: first) { .attributeExists($0) })
        case .attributeNotExists: return .function(name, self.function(name, ofPath: first) { .attributeNotExists($0) })
        case .attributeType:
            guard case .value(let type) = last else {
                laterFaults.note(.operandType("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}", of: name), .operandType)
                return .function(name, .refused)
            }
            return .function(name, .attributeType(first, type))
        case .beginsWith: return .function(name, .beginsWith(first, prefix: last))
        case .contains: return .function(name, .contains(first, last))
        case .size: return .operand(.size(first))
        }
    }

    private mutating func function(
        _ name: String, ofPath operand: ParsedOperand, _ node: (PathReference) -> ParsedNode
    ) -> ParsedNode {
        guard case .path(let path) = operand else {
            laterFaults.note(.documentPathRequired(by: name), .documentPathRequired)
            return .refused
        }
        return node(path)
    }

    /// `term` where a condition is wanted; the current token is the one after it.
    private mutating func condition(_ term: Term) throws(ExpressionFault) -> ParsedNode {
        switch term.content {
        case .condition(let node), .function(_, let node): return node
        case .operand(.size):
            faults.note(.misusedFunction(ConditionFunction.size.rawValue), .misusedFunction)
            return .refused
        case .operand: throw syntaxFault
        }
    }

    /// `term` where an operand is wanted; the current token is the one after it.
    private mutating func operand(_ term: Term) throws(ExpressionFault) -> ParsedOperand {
        switch term.content {
        case .operand(let operand): return operand
        case .function(let name, _):
            faults.note(.misusedFunction(name), .misusedFunction)
            return .refused
        case .condition: throw syntaxFault
        }
    }
}

extension ConditionNode<ParsedStage> {
    /// Stands for a node that a noted fault has kept from being made; no tree that holds one leaves the parser or is
    /// bound.
    fileprivate static var refused: Self { .and([]) }
}

extension Operand<ParsedStage> {
    /// Stands for an operand as ``ConditionNode/refused`` does for a node.
    fileprivate static var refused: Self { .size(.value(ValueReference(placeholder: ""))) }
}
