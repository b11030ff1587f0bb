public import ItemModel

/// A condition that can be evaluated against items.
///
/// Operands of different types are never equal and have no order; a missing operand makes a comparison false, and `<>`
/// true. Numbers compare by value, strings and binaries by bytes, sets, lists and maps element by element.
public struct Condition: Sendable, Hashable {
    public typealias Node = ConditionNode<BoundStage>

    public let root: Node

    public init(_ root: Node) { self.root = root }

    /// Whether `item` meets the condition; an item that does not exist is an empty one.
    public func evaluate(_ item: Item) -> Bool { Self.holds(root, for: item) }

    /// Whether `item` meets the condition; only the attributes that the condition reads are decoded, and those are
    /// checked.
    public func evaluate(_ item: BinaryItem) throws(BinaryDecodingError) -> Bool { try Self.holds(root, for: item) }

    /// Throws if the condition, used as a filter, reads one of the key attributes `names` of the table or index.
    public func checkFilter(keyNames names: [Text]) throws(ExpressionError) {
        var key: Text?
        root.visitPaths { path in if key == nil, names.contains(path.head) { key = path.head } }
        if let key { throw ExpressionError(.filterOnKey(key)) }
    }

    /// The names of the top-level attributes that the condition reads, increasing and each once.
    public var attributeNames: [Text] {
        var heads = Set<Text>()
        root.visitPaths { heads.insert($0.head) }
        return heads.sorted()
    }

    private static func holds<Source: AttributeSource>(
        _ node: Node, for item: Source
    ) throws(Source.Failure) -> Bool {
        switch node {
        case .and(let nodes):
            for node in nodes { guard try holds(node, for: item) else { return false } }
            return true
        case .or(let nodes):
            for node in nodes { if try holds(node, for: item) { return true } }
            return false
        case .not(let node): return try !holds(node, for: item)
        case .comparison(let comparator, let left, let right):
            return compare(try left.value(in: item), comparator, try right.value(in: item))
        case .between(let operand, let lower, let upper):
            guard let value = try operand.value(in: item), let lower = try lower.value(in: item),
                let upper = try upper.value(in: item)
            else { return false }
            return AttributeValue.ordered(lower, notAfter: value) && AttributeValue.ordered(value, notAfter: upper)
        case .in(let operand, let candidates):
            guard let value = try operand.value(in: item) else { return false }
            for candidate in candidates { if try candidate.value(in: item) == value { return true } }
            return false
        case .attributeExists(let path): return try path.value(in: item) != nil
        case .attributeNotExists(let path): return try path.value(in: item) == nil
        case .attributeType(let operand, let type):
            guard let value = try operand.value(in: item), case .string(let name) = type else { return false }
            return value.kind == AttributeValue.Kind(name: name)
        case .beginsWith(let operand, let prefix):
            guard let value = try operand.value(in: item), let prefix = try prefix.value(in: item) else { return false }
            return value.begins(with: prefix)
        case .contains(let container, let element):
            guard let value = try container.value(in: item), let element = try element.value(in: item) else {
                return false
            }
            return value.contains(element)
        }
    }

    private static func compare(_ left: AttributeValue?, _ comparator: Comparator, _ right: AttributeValue?) -> Bool {
        guard let left, let right else { return comparator == .notEqual }
        return switch comparator {
        case .equal: left == right
        case .notEqual: left != right
        case .less: AttributeValue.ordered(left, before: right)
        case .lessOrEqual: AttributeValue.ordered(left, notAfter: right)
        case .greater: AttributeValue.ordered(right, before: left)
        case .greaterOrEqual: AttributeValue.ordered(right, notAfter: left)
        }
    }
}

extension Operand<BoundStage> {
    /// The operand's value for `item`, nil where it has none.
    fileprivate func value<Source: AttributeSource>(in item: Source) throws(Source.Failure) -> AttributeValue? {
        switch self {
        case .path(let path): try path.value(in: item)
        case .value(let value): value
        case .size(let operand): try operand.value(in: item)?.size.map { .number(Number($0)) }
        }
    }

    fileprivate func visitPaths(_ visit: (DocumentPath) -> Void) {
        switch self {
        case .path(let path): visit(path)
        case .value: break
        case .size(let operand): operand.visitPaths(visit)
        }
    }
}

extension ConditionNode<BoundStage> {
    /// Shows every document path to `visit`, in the order of the tree.
    fileprivate func visitPaths(_ visit: (DocumentPath) -> Void) {
        switch self {
        case .and(let nodes), .or(let nodes): for node in nodes { node.visitPaths(visit) }
        case .not(let node): node.visitPaths(visit)
        case .comparison(_, let left, let right), .beginsWith(let left, let right), .contains(let left, let right):
            left.visitPaths(visit)
            right.visitPaths(visit)
        case .between(let operand, let lower, let upper):
            for operand in [operand, lower, upper] { operand.visitPaths(visit) }
        case .in(let operand, let candidates):
            operand.visitPaths(visit)
            for candidate in candidates { candidate.visitPaths(visit) }
        case .attributeExists(let path), .attributeNotExists(let path): visit(path)
        case .attributeType(let operand, _): operand.visitPaths(visit)
        }
    }
}
