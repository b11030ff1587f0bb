public import ItemModel

/// Which parts of an item to return.
public struct Projection: Sendable, Hashable {
    /// The paths in the order they were given.
    public let paths: [DocumentPath]
    private let tree: PathTree<Bool>

    /// A projection onto `paths`; throws if two of them overlap, in the words of a projection expression.
    public init(_ paths: [DocumentPath]) throws(ExpressionError) {
        self = try reporting(in: .projection) { () throws(ExpressionFault) in try Projection(checking: paths) }
    }

    init(checking paths: [DocumentPath]) throws(ExpressionFault) {
        do { tree = try PathTree(paths.lazy.map { ($0, true) }) } catch {
            throw PathClash.firstFault(among: paths)?.fault ?? .pathInvalidForUpdate
        }
        self.paths = paths
    }

    /// The names of the top-level attributes that are returned in part or whole, increasing and each once.
    public var attributeNames: [Text] { tree.members.map(\.name) }

    /// What `item` has of the parts; a map or list that has none of its selected parts is left out.
    ///
    /// Selected list elements keep their order and close up.
    public func apply(to item: Item) -> Item { tree.selection(from: item) }

    /// As ``apply(to:)-(Item)``; only the attributes that are returned are decoded.
    public func apply(to item: BinaryItem) throws(BinaryDecodingError) -> Item { try tree.selection(from: item) }
}

extension PathTree {
    /// What `item` has at the tree's paths, at the same places but for list elements, which close up.
    func selection<Source: AttributeSource>(from item: Source) throws(Source.Failure) -> Item {
        var selected = Item()
        for member in members {
            guard let value = try item.value(named: member.name) else { continue }
            selected[member.name] = member.tree.selection(from: value)
        }
        return selected
    }

    private func selection(from value: AttributeValue) -> AttributeValue? {
        if leaf != nil { return value }
        switch value {
        case .map(let map) where !members.isEmpty:
            let selected = selection(from: map)
            return selected.isEmpty ? nil : .map(selected)
        case .list(let list) where !elements.isEmpty:
            let selected = elements.compactMap { element in
                list.indices.contains(element.index) ? element.tree.selection(from: list[element.index]) : nil
            }
            return selected.isEmpty ? nil : .list(selected)
        default: return nil
        }
    }
}
