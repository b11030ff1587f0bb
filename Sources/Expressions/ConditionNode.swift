/// A condition: what condition, filter and key-condition expressions are made of.
///
/// Build bound nodes directly to lower another notation to the same evaluator.
public indirect enum ConditionNode<Stage: ExpressionStage>: Sendable, Hashable {
    /// True when all hold; of none, true.
    case and([ConditionNode])
    /// True when one holds; of none, false.
    case or([ConditionNode])
    case not(ConditionNode)
    case comparison(Comparator, Operand<Stage>, Operand<Stage>)
    /// Whether the first lies between the others, both included.
    case between(Operand<Stage>, lower: Operand<Stage>, upper: Operand<Stage>)
    case `in`(Operand<Stage>, [Operand<Stage>])
    case attributeExists(Stage.Path)
    case attributeNotExists(Stage.Path)
    /// The value is a string that names a type as `AttributeValue.Kind` does.
    case attributeType(Operand<Stage>, Stage.Value)
    case beginsWith(Operand<Stage>, prefix: Operand<Stage>)
    /// Whether a string or binary holds another within it, or a set or list holds an element.
    case contains(Operand<Stage>, Operand<Stage>)
}

/// What conditions compare.
public indirect enum Operand<Stage: ExpressionStage>: Sendable, Hashable {
    case path(Stage.Path)
    case value(Stage.Value)
    /// The length of a string, the bytes of a binary, or the number of elements of a set, list or map.
    case size(Operand)
}

/// The six comparison operators.
public enum Comparator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// The comparator that holds when both operands change places.
    var mirrored: Comparator {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}

extension Operand: CustomStringConvertible
where Stage.Path: CustomStringConvertible, Stage.Value: CustomStringConvertible {
    public var description: String {
        switch self {
        case .path(let path): "\(path)"
        case .value(let value): "\(value)"
        case .size(let operand): "size(\(operand))"
        }
    }
}

extension ConditionNode: CustomStringConvertible
where Stage.Path: CustomStringConvertible, Stage.Value: CustomStringConvertible {
    /// The condition in an expression's own notation, with only the parentheses that it needs.
    public var description: String {
        switch self {
        case .and(let nodes): nodes.map { $0.isCompound ? "(\($0))" : "\($0)" }.joined(separator: " AND ")
        case .or(let nodes): nodes.map { $0.isDisjunction ? "(\($0))" : "\($0)" }.joined(separator: " OR ")
        case .not(let node): node.isCompound ? "NOT (\(node))" : "NOT \(node)"
        case .comparison(let comparator, let left, let right): "\(left) \(comparator.rawValue) \(right)"
        case .between(let operand, let lower, let upper): "\(operand) BETWEEN \(lower) AND \(upper)"
        case .in(let operand, let candidates):
            "\(operand) IN (\(candidates.map(\.description).joined(separator: ", ")))"
        case .attributeExists(let path): "attribute_exists(\(path))"
        case .attributeNotExists(let path): "attribute_not_exists(\(path))"
        case .attributeType(let operand, let type): "attribute_type(\(operand), \(type))"
        case .beginsWith(let operand, let prefix): "begins_with(\(operand), \(prefix))"
        case .contains(let container, let element): "contains(\(container), \(element))"
        }
    }

    private var isDisjunction: Bool {
        if case .or = self { true } else { false }
    }

    private var isCompound: Bool {
        if case .and = self { true } else { isDisjunction }
    }
}
