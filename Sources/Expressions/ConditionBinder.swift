import ItemModel

/// Turns parsed conditions into bound ones, noting operands that can't fit their operators.
struct ConditionBinder {
    let placeholders: Placeholders
    var faults = FaultLedger()

    init(placeholders: Placeholders) { self.placeholders = placeholders }

    mutating func bind(_ node: ConditionNode<ParsedStage>) throws(ExpressionFault) -> Condition.Node {
        switch node {
        case .and(let nodes): return .and(try bind(nodes))
        case .or(let nodes): return .or(try bind(nodes))
        case .not(let node): return .not(try bind(node))
        case .comparison(let comparator, let left, let right):
            let (left, right) = (try bind(left), try bind(right))
            checkDistinct(left, [right], comparator.rawValue)
            if comparator != .equal && comparator != .notEqual { checkOrdered([left, right], comparator.rawValue) }
            return .comparison(comparator, left, right)
        case .between(let operand, let lower, let upper):
            let (operand, lower, upper) = (try bind(operand), try bind(lower), try bind(upper))
            checkDistinct(operand, [lower, upper], "BETWEEN")
            checkOrdered([operand, lower, upper], "BETWEEN")
            checkBounds(lower, upper)
            return .between(operand, lower: lower, upper: upper)
        case .in(let operand, let candidates):
            let operand = try bind(operand)
            var bound: [Operand<BoundStage>] = []
            bound.reserveCapacity(candidates.count)
            for candidate in candidates { bound.append(try bind(candidate)) }
            checkDistinct(operand, bound, "IN")
            return .in(operand, bound)
        case .attributeExists(let path): return .attributeExists(try placeholders.resolve(path))
        case .attributeNotExists(let path): return .attributeNotExists(try placeholders.resolve(path))
        case .attributeType(let operand, let type):
            let (operand, type) = (try bind(operand), try placeholders.resolve(type))
            checkTypeName(type)
            return .attributeType(operand, type)
        case .beginsWith(let operand, let prefix):
            let (operand, prefix) = (try bind(operand), try bind(prefix))
            checkDistinct(operand, [prefix], ConditionFunction.beginsWith.rawValue)
            checkPrefix(operand)
            checkPrefix(prefix)
            return .beginsWith(operand, prefix: prefix)
        case .contains(let container, let element):
            let (container, element) = (try bind(container), try bind(element))
            checkDistinct(container, [element], ConditionFunction.contains.rawValue)
            return .contains(container, element)
        }
    }

    private mutating func bind(_ nodes: [ConditionNode<ParsedStage>]) throws(ExpressionFault) -> [Condition.Node] {
        var bound: [Condition.Node] = []
        bound.reserveCapacity(nodes.count)
        for node in nodes { bound.append(try bind(node)) }
        return bound
    }

    private mutating func bind(_ operand: Operand<ParsedStage>) throws(ExpressionFault) -> Operand<BoundStage> {
        switch operand {
        case .path(let path): return .path(try placeholders.resolve(path))
        case .value(let value): return .value(try placeholders.resolve(value))
        case .size(let measured):
            let measured = try bind(measured)
            if let kind = measured.knownKind, [.number, .bool, .null].contains(kind) {
                faults.note(.operandType(kind.rawValue, of: ConditionFunction.size.rawValue), .operandType)
            }
            return .size(measured)
        }
    }

    private mutating func checkDistinct(_ first: Operand<BoundStage>, _ others: [Operand<BoundStage>], _ name: String) {
        guard case .path(let path) = first, others.contains(first) else { return }
        faults.note(.operandsNotDistinct(operator: name, first: path), .operandsNotDistinct)
    }

    private mutating func checkOrdered(_ operands: [Operand<BoundStage>], _ name: String) {
        for operand in operands {
            guard let kind = operand.knownKind, !kind.isOrdered else { continue }
            faults.note(.operandType(kind.rawValue, of: name), .operandType)
        }
    }

    private mutating func checkBounds(_ lower: Operand<BoundStage>, _ upper: Operand<BoundStage>) {
        guard case .value(let lower) = lower, case .value(let upper) = upper else { return }
        if lower.kind != upper.kind {
            faults.note(.boundTypesDiffer(lower, upper), .operandType)
        } else if AttributeValue.ordered(upper, before: lower) {
            faults.note(.boundsReversed(lower, upper), .operandType)
        }
    }

    private mutating func checkPrefix(_ operand: Operand<BoundStage>) {
        guard let kind = operand.knownKind, kind != .string, kind != .binary else { return }
        faults.note(.operandType(kind.rawValue, of: ConditionFunction.beginsWith.rawValue), .operandType)
    }

    private mutating func checkTypeName(_ type: AttributeValue) {
        guard case .string(let name) = type else {
            faults.note(.operandType(type.kind.rawValue, of: ConditionFunction.attributeType.rawValue), .operandType)
            return
        }
        if AttributeValue.Kind(name: name) == nil { faults.note(.attributeTypeName(name), .operandType) }
    }
}

extension Operand<BoundStage> {
    /// The type that the operand has whatever the item; nil for what a path leads to.
    fileprivate var knownKind: AttributeValue.Kind? {
        switch self {
        case .path: nil
        case .value(let value): value.kind
        case .size: .number
        }
    }
}
