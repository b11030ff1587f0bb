public import ItemModel

/// An update that can be applied to items.
///
/// Everything that an update reads is read before it changes anything; list indexes are those of the item before the
/// update.
public struct UpdateExpression: Sendable, Hashable {
    public typealias Action = UpdateAction<BoundStage>
    public typealias Operand = UpdateOperand<BoundStage>

    /// The actions in the order they were given.
    public let actions: [Action]
    /// The actions' paths, each with its index in ``actions``.
    let tree: PathTree<Int>

    /// An update of `actions`; throws if two of their paths clash, in the words of an update expression.
    public init(_ actions: [Action]) throws(ExpressionError) {
        self = try reporting(in: .update) { () throws(ExpressionFault) in
            try UpdateExpression(checking: actions, faults: FaultLedger())
        }
    }

    /// Throws the gravest of the paths' faults and of `faults`.
    init(checking actions: [Action], faults: FaultLedger) throws(ExpressionFault) {
        var (faults, tree) = (faults, PathTree<Int>())
        do { tree = try PathTree(actions.enumerated().lazy.map { ($0.element.path, $0.offset) }) } catch {
            let paths = actions.map(\.path)
            if let (clash, fault) = PathClash.firstFault(among: paths) {
                faults.note(fault, clash == .overlap ? .pathsOverlap : .pathsConflict)
            }
        }
        try faults.check()
        self.actions = actions
        self.tree = tree
    }

    /// Throws if the update touches one of the key attributes `names` of the table.
    public func checkLeavesKey(_ names: [Text]) throws(ExpressionError) {
        for action in actions where names.contains(action.path.head) {
            throw ExpressionError(.updateOfKey(action.path.head))
        }
    }

    /// The names of the top-level attributes that are changed in part or whole, increasing and each once.
    public var attributeNames: [Text] { tree.members.map(\.name) }

    /// The names of the top-level attributes that SET's operands read, increasing and each once.
    public var readAttributeNames: [Text] {
        var heads = Set<Text>()
        for case .set(_, let operand) in actions { operand.visitPaths { heads.insert($0.head) } }
        return heads.sorted()
    }

    /// The top-level attributes that get a value of a type that the update alone decides, in the order of its actions.
    public var definiteKinds: [(name: Text, kind: AttributeValue.Kind)] {
        actions.compactMap { action in
            guard action.path.tail.isEmpty else { return nil }
            return switch action {
            case .set(let path, let operand): operand.definiteKind.map { (path.head, $0) }
            case .add(let path, let value): (path.head, value.kind)
            case .remove, .delete: nil
            }
        }
    }

    /// The top-level attributes inside of which the update writes or reads, each once, in the order of its actions.
    public var nestedAttributeNames: [Text] {
        var names: [Text] = []
        var seen: Set<Text> = []
        func note(_ path: DocumentPath) {
            if !path.tail.isEmpty, seen.insert(path.head).inserted { names.append(path.head) }
        }
        for action in actions {
            note(action.path)
            if case .set(_, let operand) = action { operand.visitPaths(note) }
        }
        return names
    }

    /// The item that the update makes where there is none: of its key attributes and of what is set and added.
    ///
    /// There is nothing to take away, by whatever path; an update that can do nothing else makes no item, one without any action does.
    ///
    /// - Returns: nil where no item is made.
    public func creating(fromKey key: Item) throws(ExpressionError) -> UpdatedItem? {
        let makers = actions.filter { !$0.isRemoval }
        if makers.count == actions.count { return try apply(to: key) }
        return makers.isEmpty ? nil : try UpdateExpression(makers).apply(to: key)
    }

    /// What becomes of `item`, which the update leaves unchanged if it throws.
    ///
    /// The item's size is the caller's to check, as is that attributes in index keys keep their types.
    public func apply(to item: Item) throws(ExpressionError) -> UpdatedItem {
        try reporting(in: nil) { () throws(ExpressionFault) in
            var changes: [AttributeChange] = []
            changes.reserveCapacity(actions.count)
            for action in actions { changes.append(try change(of: action, to: item)) }
            return UpdatedItem(item: try tree.applying(changes, to: item), tree: tree)
        }
    }

    private func change(of action: Action, to item: Item) throws(ExpressionFault) -> AttributeChange {
        switch action {
        case .set(let path, let operand):
            let value = try operand.value(in: item)
            guard path.tail.count + value.depth <= ExpressionLimits.nestingDepth else { throw .nestingTooDeep }
            return .put(value)
        case .remove: return .remove
        case .add(let path, let value):
            guard let old = path.value(in: item) else { return .put(value) }
            return .put(try old.adding(value))
        case .delete(let path, let value):
            guard let old = path.value(in: item) else { return .remove }
            return try old.subtracting(value).map { .put($0) } ?? .remove
        }
    }
}

/// An item after an update.
public struct UpdatedItem: Sendable, Hashable {
    /// The whole item; UPDATED_NEW's and ALL_NEW's source.
    public let item: Item
    private let tree: PathTree<Int>

    init(item: Item, tree: PathTree<Int>) {
        self.item = item
        self.tree = tree
    }

    /// What `ReturnValues` UPDATED_OLD answers: what `old`, the item before the update, had at the updated paths.
    public func updatedOld(from old: Item) -> Item { tree.selection(from: old) }

    /// What `ReturnValues` UPDATED_NEW answers: what is at the updated paths now, of a list what lies at the index now.
    public func updatedNew() -> Item { tree.selection(from: item) }
}

extension UpdateOperand<BoundStage> {
    /// The operand's value for the item before the update.
    fileprivate func value(in item: Item) throws(ExpressionFault) -> AttributeValue {
        switch self {
        case .path(let path):
            guard let value = path.value(in: item) else { throw .missingAttribute }
            return value
        case .value(let value): return value
        case .sum(let left, let right):
            let (left, right) = (try left.number(in: item), try right.number(in: item))
            do { return .number(try left.adding(right)) } catch { throw .result(error) }
        case .difference(let left, let right):
            let (left, right) = (try left.number(in: item), try right.number(in: item))
            do { return .number(try left.subtracting(right)) } catch { throw .result(error) }
        case .ifNotExists(let path, let fallback):
            if let value = path.value(in: item) { return value }
            return try fallback.value(in: item)
        case .listAppend(let head, let tail):
            let (head, tail) = (try head.list(in: item), try tail.list(in: item))
            return .list(head + tail)
        }
    }

    /// Shows every document path to `visit`, in the order of the tree.
    fileprivate func visitPaths(_ visit: (DocumentPath) -> Void) {
        switch self {
        case .path(let path): visit(path)
        case .value: break
        case .sum(let left, let right), .difference(let left, let right), .listAppend(let left, let right):
            left.visitPaths(visit)
            right.visitPaths(visit)
        case .ifNotExists(let path, let fallback):
            visit(path)
            fallback.visitPaths(visit)
        }
    }

    /// The type of the operand's value, whatever the item is; nil where the item decides it.
    fileprivate var definiteKind: AttributeValue.Kind? {
        switch self {
        case .path, .ifNotExists: nil
        case .value(let value): value.kind
        case .sum, .difference: .number
        case .listAppend: .list
        }
    }

    private func number(in item: Item) throws(ExpressionFault) -> Number {
        guard case .number(let number) = try value(in: item) else { throw .operandDataType }
        return number
    }

    private func list(in item: Item) throws(ExpressionFault) -> [AttributeValue] {
        guard case .list(let elements) = try value(in: item) else { throw .operandDataType }
        return elements
    }
}

extension AttributeValue {
    /// The sum of two numbers, or a set with the elements of both.
    fileprivate func adding(_ other: AttributeValue) throws(ExpressionFault) -> AttributeValue {
        switch (self, other) {
        case (.number(let left), .number(let right)):
            do { return .number(try left.adding(right)) } catch { throw .result(error) }
        case (.stringSet(let left), .stringSet(let right)): return .stringSet(Self.union(left, right, by: <))
        case (.numberSet(let left), .numberSet(let right)): return .numberSet(Self.union(left, right, by: <))
        case (.binarySet(let left), .binarySet(let right)):
            return .binarySet(Self.union(left, right) { $0.lexicographicallyPrecedes($1) })
        default: throw .operandDataType
        }
    }

    /// This set without the elements of `other`, nil if none is left.
    fileprivate func subtracting(_ other: AttributeValue) throws(ExpressionFault) -> AttributeValue? {
        switch (self, other) {
        case (.stringSet(let left), .stringSet(let right)):
            let rest = Self.difference(left, right)
            return rest.isEmpty ? nil : .stringSet(rest)
        case (.numberSet(let left), .numberSet(let right)):
            let rest = Self.difference(left, right)
            return rest.isEmpty ? nil : .numberSet(rest)
        case (.binarySet(let left), .binarySet(let right)):
            let rest = Self.difference(left, right)
            return rest.isEmpty ? nil : .binarySet(rest)
        default: throw .operandDataType
        }
    }

    /// Merges two increasing sequences of distinct elements into one.
    private static func union<Element: Equatable>(
        _ left: [Element], _ right: [Element], by precedes: (Element, Element) -> Bool
    ) -> [Element] {
        var merged: [Element] = []
        merged.reserveCapacity(left.count + right.count)
        var (rest, others) = (left[...], right[...])
        while let element = rest.first, let other = others.first {
            if element == other { others.removeFirst() }
            if precedes(other, element) {
                merged.append(other)
                others.removeFirst()
            } else {
                merged.append(element)
                rest.removeFirst()
            }
        }
        return merged + rest + others
    }

    private static func difference<Element: Hashable>(_ left: [Element], _ right: [Element]) -> [Element] {
        let removed = Set(right)
        return left.filter { !removed.contains($0) }
    }
}
