import ItemModel

/// Turns parsed updates into bound ones, noting operands that can't fit their operators.
struct UpdateBinder {
    let placeholders: Placeholders
    var faults = FaultLedger()

    init(placeholders: Placeholders) { self.placeholders = placeholders }

    mutating func bind(_ actions: [UpdateAction<ParsedStage>]) throws(ExpressionFault) -> [UpdateExpression.Action] {
        var bound: [UpdateExpression.Action] = []
        bound.reserveCapacity(actions.count)
        for action in actions { bound.append(try bind(action)) }
        return bound
    }

    private mutating func bind(_ action: UpdateAction<ParsedStage>) throws(ExpressionFault) -> UpdateExpression.Action {
        let path = try placeholders.resolve(action.path)
        switch action {
        case .set(_, let operand): return .set(path, try bind(operand))
        case .remove: return .remove(path)
        case .add(_, let value):
            let value = try placeholders.resolve(value)
            if value.kind != .number, !value.kind.isSet {
                faults.note(.operandType(value.kind, of: .add), .operandType)
            }
            return .add(path, value)
        case .delete(_, let value):
            let value = try placeholders.resolve(value)
            if !value.kind.isSet { faults.note(.operandType(value.kind, of: .delete), .operandType) }
            return .delete(path, value)
        }
    }

    private mutating func bind(_ operand: UpdateOperand<ParsedStage>) throws(ExpressionFault)
        -> UpdateExpression.Operand
    {
        switch operand {
        case .path(let path): return .path(try placeholders.resolve(path))
        case .value(let value): return .value(try placeholders.resolve(value))
        case .sum(let left, let right):
            let (left, right) = (try bind(left), try bind(right))
            check([left, right], are: .number, "+")
            return .sum(left, right)
        case .difference(let left, let right):
            let (left, right) = (try bind(left), try bind(right))
            check([left, right], are: .number, "-")
            return .difference(left, right)
        case .ifNotExists(let path, let fallback):
            return .ifNotExists(try placeholders.resolve(path), try bind(fallback))
        case .listAppend(let head, let tail):
            let (head, tail) = (try bind(head), try bind(tail))
            check([head, tail], are: .list, UpdateFunction.listAppend.rawValue)
            return .listAppend(head, tail)
        }
    }

    private mutating func check(
        _ operands: [UpdateExpression.Operand], are wanted: AttributeValue.Kind, _ name: String
    ) {
        for operand in operands {
            guard let kind = operand.knownKind, kind != wanted else { continue }
            faults.note(.operandType(kind.rawValue, of: name), .operandType)
        }
    }
}

extension UpdateOperand<BoundStage> {
    /// The type that the operand has if it has any; nil for what a path leads to.
    fileprivate var knownKind: AttributeValue.Kind? {
        switch self {
        case .path: nil
        case .value(let value): value.kind
        case .sum, .difference: .number
        case .ifNotExists(_, let fallback): fallback.knownKind
        case .listAppend: .list
        }
    }
}

extension AttributeValue.Kind {
    var isSet: Bool {
        switch self {
        case .stringSet, .numberSet, .binarySet: true
        case .string, .number, .binary, .bool, .null, .list, .map: false
        }
    }
}
