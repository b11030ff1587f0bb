import ItemModel

/// Document paths merged by their common beginnings, none of which may end on the way of another.
///
/// Names and indexes are in increasing order at every level, whatever order the paths came in.
struct PathTree<Leaf: Sendable & Hashable>: Sendable, Hashable {
    /// What a path that ends here carries; such a tree has nothing below it.
    private(set) var leaf: Leaf?
    /// The names below this point; empty if there are ``elements``.
    private(set) var members: [Member] = []
    /// The list indexes below this point; empty if there are ``members``.
    private(set) var elements: [Element] = []

    struct Member: Sendable, Hashable {
        let name: Text
        var tree: PathTree
    }

    struct Element: Sendable, Hashable {
        let index: Int
        var tree: PathTree
    }

    /// A tree of no path.
    init() {}

    /// Merges `paths`, each with its leaf; throws for the first that clashes with one before it.
    init(_ paths: some Sequence<(DocumentPath, Leaf)>) throws(PathClash) {
        for (path, leaf) in paths { try insert(path, leaf) }
    }

    /// Adds a path; throws if it clashes with one that is there.
    mutating func insert(_ path: DocumentPath, _ leaf: Leaf) throws(PathClash) {
        try withMember(path.head) { (tree: inout PathTree) throws(PathClash) in try tree.insert(path.tail[...], leaf) }
    }

    private mutating func insert(_ path: ArraySlice<DocumentPath.Element>, _ newLeaf: Leaf) throws(PathClash) {
        guard leaf == nil else { throw .overlap }
        let rest = path.dropFirst()
        switch path.first {
        case nil:
            guard members.isEmpty, elements.isEmpty else { throw .overlap }
            leaf = newLeaf
        case .name(let name):
            guard elements.isEmpty else { throw .conflict }
            try withMember(name) { (tree: inout PathTree) throws(PathClash) in try tree.insert(rest, newLeaf) }
        case .index(let index):
            guard members.isEmpty else { throw .conflict }
            let place = elements.partitioningIndex { $0.index >= index }
            if place == elements.count || elements[place].index != index {
                elements.insert(Element(index: index, tree: PathTree()), at: place)
            }
            try elements[place].tree.insert(rest, newLeaf)
        }
    }

    private mutating func withMember(
        _ name: Text, _ body: (inout PathTree) throws(PathClash) -> Void
    ) throws(PathClash) {
        let place = members.partitioningIndex { $0.name >= name }
        if place == members.count || members[place].name != name {
            members.insert(Member(name: name, tree: PathTree()), at: place)
        }
        try body(&members[place].tree)
    }
}

/// How two document paths of one expression can exclude each other; the raw value is DynamoDB's word.
enum PathClash: String, Error {
    /// One is the other or leads through it.
    case overlap
    /// One takes for a list what the other takes for a map.
    case conflict

    /// How `one` and `other` clash, if they do.
    init?(_ one: DocumentPath, _ other: DocumentPath) {
        guard one.head == other.head else { return nil }
        for elements in zip(one.tail, other.tail) {
            switch elements {
            case (.name(let left), .name(let right)): guard left == right else { return nil }
            case (.index(let left), .index(let right)): guard left == right else { return nil }
            case (.name, .index), (.index, .name):
                self = .conflict
                return
            }
        }
        self = .overlap
    }

    /// The fault of the first path of `paths` that clashes with one before it, nil if none does.
    static func firstFault(among paths: [DocumentPath]) -> (clash: PathClash, fault: ExpressionFault)? {
        var tree = PathTree<Bool>()
        for (index, path) in paths.enumerated() {
            do { try tree.insert(path, true) } catch {
                for earlier in paths[..<index] {
                    guard let clash = PathClash(earlier, path) else { continue }
                    return (clash, .clash(clash, earlier, path))
                }
            }
        }
        return nil
    }
}

extension Array {
    /// The first index whose element meets `predicate`, which every element after one that meets it does too; else
    /// `count`.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
