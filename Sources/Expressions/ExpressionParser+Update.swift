import ItemModel

/// The functions of update expressions.
enum UpdateFunction: String {
    case ifNotExists = "if_not_exists"
    case listAppend = "list_append"
}

/// The grammars of update and projection expressions.
///
///     update     = 1*section
///     section    = "SET" path "=" sum *("," path "=" sum) / "REMOVE" path *("," path)
///                / ("ADD" / "DELETE") path value *("," path value)
///     sum        = "(" sum ")" / operand [("+" / "-") operand]
///     operand    = "(" operand ")" / path / value / name "(" operand *("," operand) ")"
///     projection = path *("," path)
extension ExpressionParser {
    typealias ParsedAction = UpdateAction<ParsedStage>
    typealias ParsedUpdateOperand = UpdateOperand<ParsedStage>

    /// Parses the whole expression.
    mutating func parseProjection() throws(ExpressionFault) -> [PathReference] {
        var paths = [try parsePath()]
        while take(.comma) { paths.append(try parsePath()) }
        try finish()
        return paths
    }

    /// Parses the whole expression.
    mutating func parseUpdate() throws(ExpressionFault) -> [ParsedAction] {
        var actions: [ParsedAction] = []
        var sections: [UpdateSection] = []
        repeat {
            guard let section = keyword.flatMap({ UpdateSection(rawValue: $0.rawValue) }) else { throw syntaxFault }
            if sections.contains(section) { faults.note(.repeatedSection(section), .repeatedSection) }
            sections.append(section)
            advance()
            repeat { actions.append(try parseAction(in: section)) } while take(.comma)
        } while current.kind != .end
        try finish()
        return actions
    }

    private mutating func parseAction(in section: UpdateSection) throws(ExpressionFault) -> ParsedAction {
        let path = try parsePath()
        switch section {
        case .set:
            try expect(.comparator(.equal))
            return .set(path, try parseSum())
        case .remove: return .remove(path)
        case .add: return .add(path, try parseValue())
        case .delete: return .delete(path, try parseValue())
        }
    }

    /// What SET gives a path: one operand, or the sum or the difference of two.
    ///
    /// Source: AWS developer guide, "Update expressions": `value ::= operand | operand '+' operand | operand '-' operand`.
    private mutating func parseSum() throws(ExpressionFault) -> ParsedUpdateOperand {
        try parseSumTerm().operand
    }

    /// Also tells whether parentheses enclose all of it.
    private mutating func parseSumTerm() throws(ExpressionFault) -> (
        operand: ParsedUpdateOperand, isParenthesized: Bool
    ) {
        let first = try parseTerm(allowsSum: true)
        switch first.operand {
        // A sum in parentheses is a whole value.
        case .sum, .difference: return first
        case .value, .path, .ifNotExists, .listAppend: break
        }
        let operand: ParsedUpdateOperand
        if take(.plus) {
            operand = .sum(first.operand, try parseTerm(allowsSum: false).operand)
        } else if take(.minus) {
            operand = .difference(first.operand, try parseTerm(allowsSum: false).operand)
        } else {
            return first
        }
        countOperator()
        return (operand, false)
    }

    private mutating func parseTerm(
        allowsSum: Bool
    ) throws(ExpressionFault) -> (operand: ParsedUpdateOperand, isParenthesized: Bool) {
        guard take(.leftParenthesis) else { return (try parseBareUpdateOperand(), false) }
        try enter()
        let inner = allowsSum ? try parseSumTerm() : try parseTerm(allowsSum: false)
        try expect(.rightParenthesis)
        leave()
        if inner.isParenthesized { faults.note(.redundantParentheses, .redundantParentheses) }
        return (inner.operand, true)
    }

    private mutating func parseBareUpdateOperand() throws(ExpressionFault) -> ParsedUpdateOperand {
        if current.kind == .valueReference { return .value(try parseValue()) }
        guard isAtFunction, keyword == nil else { return .path(try parsePath()) }
        let name = string(of: current)
        advance()
        try expect(.leftParenthesis)
        try enter()
        var operands = [try parseTerm(allowsSum: false).operand]
        while take(.comma) { operands.append(try parseTerm(allowsSum: false).operand) }
        try expect(.rightParenthesis)
        leave()
        countOperator()
        return function(name, of: operands)
    }

    private mutating func function(_ name: String, of operands: [ParsedUpdateOperand]) -> ParsedUpdateOperand {
        guard let function = UpdateFunction(rawValue: name) else {
            let isOfConditions = ConditionFunction(rawValue: name) != nil
            faults.note(
                isOfConditions ? .function(name, notAllowedIn: "an update") : .unknownFunction(name), .unknownFunction)
            return .refused
        }
        guard operands.count == 2, let first = operands.first, let last = operands.last else {
            laterFaults.note(.operandCount(operands.count, of: name), .operandCount)
            return .refused
        }
        switch function {
        case .listAppend:
            if first.isListAppend || last.isListAppend { faults.note(.misusedFunction(name), .misusedFunction) }
            return .listAppend(first, last)
        case .ifNotExists:
            guard case .path(let path) = first else {
                laterFaults.note(.documentPathRequired(by: name), .documentPathRequired)
                return .refused
            }
            return .ifNotExists(path, last)
        }
    }
}

extension UpdateOperand<ParsedStage> {
    /// Whether it is `list_append` itself, and none within another function.
    fileprivate var isListAppend: Bool {
        if case .listAppend = self { true } else { false }
    }

    /// Stands for an operand that a noted fault has kept from being made; no tree that holds one is ever bound.
    fileprivate static var refused: Self { .value(ValueReference(placeholder: "")) }
}
