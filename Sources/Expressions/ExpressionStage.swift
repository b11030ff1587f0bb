public import ItemModel

/// How a tree names attributes and values: through placeholders as parsed, or directly once bound.
///
/// The stage is in the type of a tree, so that the evaluator can never meet a placeholder.
public protocol ExpressionStage {
    associatedtype Path: Sendable, Hashable
    associatedtype Value: Sendable, Hashable
}

/// The stage of trees that can be evaluated: real document paths, real values.
public enum BoundStage: ExpressionStage {
    public typealias Path = DocumentPath
    public typealias Value = AttributeValue
}

/// The stage of trees as they were written.
enum ParsedStage: ExpressionStage {
    typealias Path = PathReference
    typealias Value = ValueReference
}

/// A name in a path: written out, or a placeholder with its `#`.
enum NameReference: Sendable, Hashable, CustomStringConvertible {
    case literal(Text)
    case placeholder(Text)

    var description: String {
        switch self {
        case .literal(let name): name.string
        case .placeholder(let placeholder): placeholder.string
        }
    }
}

/// A document path as written.
struct PathReference: Sendable, Hashable, CustomStringConvertible {
    let head: NameReference
    let tail: [Element]

    enum Element: Sendable, Hashable {
        case name(NameReference)
        case index(Int)
    }

    var description: String {
        tail.reduce(into: head.description) { text, element in
            switch element {
            case .name(let name): text += ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}

/// A value as written: a placeholder with its `:`.
struct ValueReference: Sendable, Hashable, CustomStringConvertible {
    let placeholder: Text

    var description: String { placeholder.string }
}
