/// One thing that an update does to one document path.
///
/// Build bound actions directly to lower another notation to the same evaluator.
public enum UpdateAction<Stage: ExpressionStage>: Sendable, Hashable {
    case set(Stage.Path, UpdateOperand<Stage>)
    case remove(Stage.Path)
    /// Adds a number to a number, or elements to a set; creates what is missing.
    case add(Stage.Path, Stage.Value)
    /// Takes elements out of a set; a set that loses its last element is removed.
    case delete(Stage.Path, Stage.Value)

    /// What the action changes.
    public var path: Stage.Path {
        switch self {
        case .set(let path, _), .remove(let path), .add(let path, _), .delete(let path, _): path
        }
    }

    /// Whether it can only take something away.
    var isRemoval: Bool {
        switch self {
        case .remove, .delete: true
        case .set, .add: false
        }
    }

    /// The section of an update expression that such an action is written in.
    var section: UpdateSection {
        switch self {
        case .set: .set
        case .remove: .remove
        case .add: .add
        case .delete: .delete
        }
    }
}

/// A section of an update expression.
enum UpdateSection: String, CaseIterable {
    case set = "SET"
    case remove = "REMOVE"
    case add = "ADD"
    case delete = "DELETE"
}

/// What SET assigns.
public indirect enum UpdateOperand<Stage: ExpressionStage>: Sendable, Hashable {
    case path(Stage.Path)
    case value(Stage.Value)
    case sum(UpdateOperand, UpdateOperand)
    case difference(UpdateOperand, UpdateOperand)
    /// What is at the path, or else the operand.
    case ifNotExists(Stage.Path, UpdateOperand)
    case listAppend(UpdateOperand, UpdateOperand)
}

extension UpdateOperand: CustomStringConvertible
where Stage.Path: CustomStringConvertible, Stage.Value: CustomStringConvertible {
    /// The operand in an expression's own notation, with only the parentheses that it needs.
    public var description: String {
        switch self {
        case .path(let path): "\(path)"
        case .value(let value): "\(value)"
        case .sum(let left, let right): "\(left) + \(right.isArithmetic ? "(\(right))" : "\(right)")"
        case .difference(let left, let right): "\(left) - \(right.isArithmetic ? "(\(right))" : "\(right)")"
        case .ifNotExists(let path, let fallback): "if_not_exists(\(path), \(fallback))"
        case .listAppend(let head, let tail): "list_append(\(head), \(tail))"
        }
    }

    private var isArithmetic: Bool {
        switch self {
        case .sum, .difference: true
        case .path, .value, .ifNotExists, .listAppend: false
        }
    }
}

extension [UpdateAction<ParsedStage>] {
    /// The update in an expression's own notation; actions of one section stand together.
    var expressionText: String {
        var text = ""
        var section: UpdateSection?
        for action in self {
            text += action.section == section ? ", " : "\(text.isEmpty ? "" : " ")\(action.section.rawValue) "
            section = action.section
            switch action {
            case .set(let path, let operand): text += "\(path) = \(operand)"
            case .remove(let path): text += "\(path)"
            case .add(let path, let value), .delete(let path, let value): text += "\(path) \(value)"
            }
        }
        return text
    }
}
