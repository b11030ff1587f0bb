public import ItemModel

/// Where a value lies in an item: the name of a top-level attribute, then member names and list indexes.
///
/// Head and tail are apart so that the commonest path, one name, allocates nothing.
public struct DocumentPath: Sendable, Hashable, CustomStringConvertible {
    public let head: Text
    public let tail: [Element]

    /// One step below the top level.
    public enum Element: Sendable, Hashable {
        case name(Text)
        /// Never negative.
        case index(Int)
    }

    public init(_ head: Text, _ tail: [Element] = []) {
        self.head = head
        self.tail = tail
    }

    /// The path in an expression's own notation; names that only a placeholder can express stand as they are.
    public var description: String {
        tail.reduce(into: head.string) { text, element in
            switch element {
            case .name(let name): text += ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// The path as error texts show it: `[a, b, [3]]`.
    var elementList: String {
        let elements = tail.map { element in
            switch element {
            case .name(let name): name.string
            case .index(let index): "[\(index)]"
            }
        }
        return "[\(([head.string] + elements).joined(separator: ", "))]"
    }

    /// The value at this path in a stored item; nil where there is none.
    public func value(of item: BinaryItem) throws(BinaryDecodingError) -> AttributeValue? { try value(in: item) }

    /// The value at this path; nil where an attribute, member or element is missing or a step meets another type.
    func value<Source: AttributeSource>(in item: Source) throws(Source.Failure) -> AttributeValue? {
        guard var value = try item.value(named: head) else { return nil }
        for element in tail {
            switch (element, value) {
            case (.name(let name), .map(let members)):
                guard let member = members[name] else { return nil }
                value = member
            case (.index(let index), .list(let elements)):
                guard elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }
}

/// What expressions read: an item in whatever form its owner holds it.
protocol AttributeSource {
    associatedtype Failure: Error

    /// The value of the top-level attribute `name`, nil where there is none.
    func value(named name: Text) throws(Failure) -> AttributeValue?
}

extension AttributeMap: AttributeSource {
    func value(named name: Text) -> AttributeValue? { self[name] }
}

extension BinaryItem: AttributeSource {}
