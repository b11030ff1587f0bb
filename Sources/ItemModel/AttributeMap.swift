/// Named attribute values in the byte order of their names: an item, or the value of an attribute of type M.
///
/// A sorted array and not a dictionary: iteration order is the same in every process, equal maps have equal bytes, and items
/// are small enough that binary search beats hashing.
public struct AttributeMap: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One attribute: its name and its value.
    public struct Attribute: Sendable, Hashable {
        public var name: Text
        public var value: AttributeValue

        @inlinable
        public init(name: Text, value: AttributeValue) {
            self.name = name
            self.value = value
        }
    }

    /// The attributes, strictly increasing by name.
    public private(set) var attributes: [Attribute]

    public init() { attributes = [] }

    /// Sorts `attributes` by name; nil when a name stands twice.
    public init?(_ attributes: [Attribute]) {
        let sorted = Self.isStrictlySorted(attributes) ? attributes : attributes.sorted { $0.name < $1.name }
        guard Self.isStrictlySorted(sorted) else { return nil }
        self.attributes = sorted
    }

    /// Memberwise; the caller has sorted.
    init(sorted attributes: [Attribute]) { self.attributes = attributes }

    /// Of a name that stands twice the later value counts.
    public init(dictionaryLiteral elements: (Text, AttributeValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }

    public var count: Int { attributes.count }
    public var isEmpty: Bool { attributes.isEmpty }

    /// The value named `name`; assigning nil removes it.
    public subscript(name: Text) -> AttributeValue? {
        get {
            let index = lowerBound(of: name)
            guard index < attributes.count, attributes[index].name == name else { return nil }
            return attributes[index].value
        }
        set {
            let index = lowerBound(of: name)
            let exists = index < attributes.count && attributes[index].name == name
            switch (exists, newValue) {
            case (true, let value?): attributes[index].value = value
            case (true, nil): attributes.remove(at: index)
            case (false, let value?): attributes.insert(Attribute(name: name, value: value), at: index)
            case (false, nil): break
            }
        }
    }

    private func lowerBound(of name: Text) -> Int {
        var (low, high) = (0, attributes.count)
        while low < high {
            let middle = (low + high) / 2
            if attributes[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func isStrictlySorted(_ attributes: [Attribute]) -> Bool {
        zip(attributes, attributes.dropFirst()).allSatisfy { $0.name < $1.name }
    }
}

/// What a table holds under one key: at most 400 KB of attributes, the key among them.
public typealias Item = AttributeMap
