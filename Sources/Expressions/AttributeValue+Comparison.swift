import ItemModel

extension AttributeValue.Kind {
    /// Whether values of the type have an order: strings, numbers and binaries.
    var isOrdered: Bool {
        switch self {
        case .string, .number, .binary: true
        case .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet: false
        }
    }

    /// The type named `name`, which is one of `S`, `N`, `B` and so on in exactly these letters.
    init?(name: Text) {
        // Of an equal number of ASCII bytes, `String` equality is equality of bytes.
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        self.init(rawValue: name.string)
    }
}

extension AttributeValue {
    /// Whether both are of one ordered type and `left` comes before `right`: numbers by value, strings and binaries by
    /// bytes.
    static func ordered(_ left: AttributeValue, before right: AttributeValue) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left < right
        case (.number(let left), .number(let right)): left < right
        case (.binary(let left), .binary(let right)): left.lexicographicallyPrecedes(right)
        default: false
        }
    }

    /// Whether both are of one ordered type and `left` does not come after `right`.
    static func ordered(_ left: AttributeValue, notAfter right: AttributeValue) -> Bool {
        left.kind == right.kind && left.kind.isOrdered && !ordered(right, before: left)
    }

    /// Whether this string or binary begins with `prefix`, of the same type.
    func begins(with prefix: AttributeValue) -> Bool {
        switch (self, prefix) {
        case (.string(let text), .string(let prefix)): text.utf8.starts(with: prefix.utf8)
        case (.binary(let bytes), .binary(let prefix)): bytes.starts(with: prefix)
        default: false
        }
    }

    /// Whether this string or binary holds `element` as a part, or this set or list holds it as an element.
    func contains(_ element: AttributeValue) -> Bool {
        switch (self, element) {
        case (.string(let text), .string(let part)): Self.contains(Array(text.utf8), Array(part.utf8))
        case (.binary(let bytes), .binary(let part)): Self.contains(bytes, part)
        case (.stringSet(let elements), .string(let element)): elements.contains(element)
        case (.numberSet(let elements), .number(let element)): elements.contains(element)
        case (.binarySet(let elements), .binary(let element)): elements.contains(element)
        case (.list(let elements), _): elements.contains(element)
        default: false
        }
    }

    /// The operand `size`: UTF-16 code units of a string, bytes of a binary, elements of anything that has some, else
    /// nil.
    var size: Int? {
        switch self {
        case .string(let text): text.string.utf16.count
        case .binary(let bytes): bytes.count
        case .list(let elements): elements.count
        case .map(let members): members.count
        case .stringSet(let elements): elements.count
        case .numberSet(let elements): elements.count
        case .binarySet(let elements): elements.count
        case .number, .bool, .null: nil
        }
    }

    /// Knuth, Morris and Pratt's search: linear whatever the bytes, since both may be long and chosen by an adversary.
    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= bytes.count else { return false }
        guard !part.isEmpty else { return true }
        // For each length of a matched start of `part`, less one: the longest proper start that also ends it.
        var borders = [Int](repeating: 0, count: part.count)
        var matched = 0
        for index in 1..<max(part.count, 1) {
            while matched > 0, part[index] != part[matched] { matched = borders[matched - 1] }
            if part[index] == part[matched] { matched += 1 }
            borders[index] = matched
        }
        matched = 0
        for byte in bytes {
            while matched > 0, byte != part[matched] { matched = borders[matched - 1] }
            if byte == part[matched] { matched += 1 }
            if matched == part.count { return true }
        }
        return false
    }
}
