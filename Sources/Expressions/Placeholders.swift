public import ItemModel

/// The two request parameters that define placeholders.
enum PlaceholderKind: String {
    case names = "ExpressionAttributeNames"
    case values = "ExpressionAttributeValues"

    /// What such a placeholder begins with.
    var mark: UInt8 {
        switch self {
        case .names: UInt8(ascii: "#")
        case .values: UInt8(ascii: ":")
        }
    }
}

/// One use of a placeholder in an expression; the text holds the `#` or `:`.
public enum PlaceholderReference: Sendable, Hashable {
    case name(Text)
    case value(Text)
}

/// What a request's placeholders stand for.
public struct Placeholders: Sendable, Hashable {
    /// By placeholder, strictly increasing in bytes.
    private let names: [Name]
    /// By placeholder.
    private let values: AttributeMap

    /// An attribute name with the placeholder that stands for it.
    public struct Name: Sendable, Hashable {
        public let placeholder: Text
        public let name: Text

        public init(placeholder: Text, name: Text) {
            self.placeholder = placeholder
            self.name = name
        }
    }

    /// Those of a request that defines none.
    public init() {
        names = []
        values = AttributeMap()
    }

    /// Takes `ExpressionAttributeNames` and `ExpressionAttributeValues`, nil where the request lacks the parameter.
    ///
    /// Of a placeholder that is defined twice the later definition counts. Throws when one of them is there but empty,
    /// defines what can't be a placeholder, or names what can't be an attribute, and when all of them together are too large.
    public init(names: [Name]?, values: AttributeMap?) throws(ExpressionError) {
        if let names {
            guard !names.isEmpty else { throw ExpressionError(.noPlaceholders(.names)) }
            for name in names {
                try Self.check(name.placeholder, .names)
                guard !name.name.isEmpty else { throw ExpressionError(.emptyAttributeName(of: name.placeholder)) }
                guard (1...ExpressionLimits.attributeNameByteCount).contains(name.name.byteCount) else {
                    throw ExpressionError(.attributeName(of: name.placeholder))
                }
            }
        }
        if let values {
            guard !values.isEmpty else { throw ExpressionError(.noPlaceholders(.values)) }
            for attribute in values.attributes { try Self.check(attribute.name, .values) }
        }
        let byteCount = (names ?? []).reduce(values?.sizeInBytes ?? 0) {
            $0 + $1.placeholder.byteCount + $1.name.byteCount
        }
        guard byteCount <= ExpressionLimits.placeholdersByteCount else {
            throw ExpressionError(.placeholdersTooLarge)
        }
        self.names = Self.sorted(names ?? [])
        self.values = values ?? AttributeMap()
    }

    /// Throws unless each placeholder is used in one of the request's expressions, given by their `references`.
    ///
    /// Call it once a request, with all of its expressions.
    public func checkAllUsed(by expressions: [PlaceholderReference]...) throws(ExpressionError) {
        guard !names.isEmpty || !values.isEmpty else { return }
        var isNameUsed = [Bool](repeating: false, count: names.count)
        var isValueUsed = [Bool](repeating: false, count: values.count)
        for references in expressions {
            for reference in references {
                switch reference {
                case .name(let placeholder): if let index = nameIndex(of: placeholder) { isNameUsed[index] = true }
                case .value(let placeholder): if let index = valueIndex(of: placeholder) { isValueUsed[index] = true }
                }
            }
        }
        let unusedNames = names.indices.filter { !isNameUsed[$0] }.map { names[$0].placeholder }
        guard unusedNames.isEmpty else { throw ExpressionError(.unusedPlaceholders(unusedNames, .names)) }
        let unusedValues = isValueUsed.indices.filter { !isValueUsed[$0] }.map { values.attributes[$0].name }
        guard unusedValues.isEmpty else { throw ExpressionError(.unusedPlaceholders(unusedValues, .values)) }
    }

    /// Throws the first of `references` that the request does not define.
    func check(_ references: [PlaceholderReference]) throws(ExpressionFault) {
        for reference in references {
            switch reference {
            case .name(let placeholder): guard nameIndex(of: placeholder) != nil else { throw .undefined(reference) }
            case .value(let placeholder): guard values[placeholder] != nil else { throw .undefined(reference) }
            }
        }
    }

    func resolve(_ value: ValueReference) throws(ExpressionFault) -> AttributeValue {
        guard let resolved = values[value.placeholder] else { throw .undefined(.value(value.placeholder)) }
        return resolved
    }

    func resolve(_ path: PathReference) throws(ExpressionFault) -> DocumentPath {
        let head = try resolve(path.head)
        guard !path.tail.isEmpty else { return DocumentPath(head) }
        var tail: [DocumentPath.Element] = []
        tail.reserveCapacity(path.tail.count)
        for element in path.tail {
            switch element {
            case .name(let name): tail.append(.name(try resolve(name)))
            case .index(let index): tail.append(.index(index))
            }
        }
        return DocumentPath(head, tail)
    }

    private func resolve(_ name: NameReference) throws(ExpressionFault) -> Text {
        switch name {
        case .literal(let name): return name
        case .placeholder(let placeholder):
            guard let index = nameIndex(of: placeholder) else { throw .undefined(.name(placeholder)) }
            return names[index].name
        }
    }

    private func nameIndex(of placeholder: Text) -> Int? {
        let index = names.partitioningIndex { $0.placeholder >= placeholder }
        return index < names.count && names[index].placeholder == placeholder ? index : nil
    }

    private func valueIndex(of placeholder: Text) -> Int? {
        let index = values.attributes.partitioningIndex { $0.name >= placeholder }
        return index < values.count && values.attributes[index].name == placeholder ? index : nil
    }

    private static func sorted(_ names: [Name]) -> [Name] {
        let sorted = names.enumerated().sorted { one, other in
            one.element.placeholder == other.element.placeholder
                ? one.offset < other.offset : one.element.placeholder < other.element.placeholder
        }
        return sorted.indices.compactMap { index in
            let isLast = index + 1 == sorted.count
            let isRepeated = !isLast && sorted[index].element.placeholder == sorted[index + 1].element.placeholder
            return isRepeated ? nil : sorted[index].element
        }
    }

    private static func check(_ placeholder: Text, _ kind: PlaceholderKind) throws(ExpressionError) {
        let (mark, word) = (placeholder.utf8.first, placeholder.utf8.dropFirst())
        guard mark == kind.mark, !word.isEmpty, word.allSatisfy(Lexer.isWord) else {
            throw ExpressionError(.placeholderSyntax(placeholder, kind))
        }
        guard placeholder.byteCount <= ExpressionLimits.placeholderByteCount else {
            throw ExpressionError(.placeholderTooLong(placeholder, kind))
        }
    }
}
