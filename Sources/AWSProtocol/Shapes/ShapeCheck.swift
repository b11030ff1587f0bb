/// Evaluates a request's shape: first wrong type ends it, broken constraints are collected and told together.
///
/// What a request holds beyond its shape is ignored, and null is the same as absent, both as in the service.
public struct ShapeCheck {
    /// What the service qualifies the names of its model with.
    private let namespace: StaticString
    private var violations: [String] = []
    private var path: [PathElement] = []

    /// How many violations one message tells.
    private static let maximumViolationCount = 10

    /// One step from the request to a value in it.
    private enum PathElement {
        case member(StaticString)
        /// An element of a list, from zero.
        case index(Int)
        /// A value of a map.
        case key(JSONValue)
    }

    /// Checks `request` against `shape`.
    ///
    /// - Parameter namespace: what the service qualifies the names of its model with.
    /// - Throws: a serialization fault for a wrong type anywhere, or else a validation fault for all broken
    ///   constraints.
    public static func check(
        _ request: JSONValue, against shape: Shape, namespace: StaticString
    ) throws(ServiceFault) {
        var check = ShapeCheck(namespace: namespace)
        try check.checkValue(request, shape)
        guard !check.violations.isEmpty else { return }
        throw .validation(
            ServiceFault.constraintEnvelope(count: check.violations.count)
                + check.violations.joined(separator: "; "))
    }

    /// Checks the types of `request`'s values and nothing else.
    ///
    /// - Parameter namespace: what the service qualifies the names of its model with.
    public static func checkTypes(
        of request: JSONValue, against shape: Shape, namespace: StaticString
    ) throws(ServiceFault) {
        var check = ShapeCheck(namespace: namespace)
        try check.checkValue(request, shape)
    }

    private init(namespace: StaticString) {
        self.namespace = namespace
    }

    private mutating func checkValue(_ value: JSONValue, _ shape: Shape) throws(ServiceFault) {
        switch shape.type {
        case .string: try SerializationCheck.string(value)
        case .boolean: try SerializationCheck.boolean(value)
        case .integer: try SerializationCheck.number(value, "Integer")
        case .long: try SerializationCheck.number(value, "Long")
        case .timestamp: try SerializationCheck.number(value, "Date")
        case .double: try SerializationCheck.number(value, "Double")
        case .blob: try SerializationCheck.blob(value)
        case .custom(let check): return try check(value)
        case .list(let element): return try checkList(value, shape, element)
        case .map(let element): return try checkMap(value, shape, element)
        case .structure(let name, let members): return try checkStructure(value, name, members)
        }
        checkConstraints(value, shape)
    }

    private mutating func checkStructure(
        _ value: JSONValue, _ name: StaticString, _ members: [Shape.Member]
    ) throws(ServiceFault) {
        try SerializationCheck.structure(value, name, in: namespace)
        for member in members {
            path.append(.member(member.name))
            if let value = value[member.name] {
                try checkValue(value, member.shape)
            } else if member.isRequired {
                violate("Value null", "Member must not be null")
            }
            path.removeLast()
        }
    }

    private mutating func checkList(_ value: JSONValue, _ shape: Shape, _ element: Shape) throws(ServiceFault) {
        try SerializationCheck.list(value)
        checkConstraints(value, shape)
        for (index, value) in value.elements.enumerated() {
            path.append(.index(index))
            try checkContained(value, element)
            path.removeLast()
        }
    }

    private mutating func checkMap(_ value: JSONValue, _ shape: Shape, _ element: Shape) throws(ServiceFault) {
        try SerializationCheck.map(value)
        checkConstraints(value, shape)
        // A value with rules of its own has no constraints: its path is never shown.
        if case .custom(let check) = element.type {
            for (_, value) in value.members { try check(value) }
            return
        }
        for (name, value) in value.members {
            path.append(.key(name))
            try checkContained(value, element)
            path.removeLast()
        }
    }

    private mutating func checkContained(_ value: JSONValue, _ shape: Shape) throws(ServiceFault) {
        if value.isNull {
            violate("Value null", "Member must not be null")
        } else {
            try checkValue(value, shape)
        }
    }
}

extension ShapeCheck {
    private mutating func checkConstraints(_ value: JSONValue, _ shape: Shape) {
        let constraints = shape.constraints
        guard !constraints.isNone else { return }
        if !constraints.values.isEmpty, !constraints.values.contains(where: { value.isString($0) }) {
            let values = constraints.values.map(\.description).joined(separator: ", ")
            violate(of: value, "Member must satisfy enum value set: [\(values)]")
        }
        // Of a text that is empty where it may not be, only that is told.
        let isTooShort = (constraints.minimum ?? 0) > 0 && value.withStringBytes(\.isEmpty)
        if let pattern = constraints.pattern, !isTooShort, !value.withStringBytes(pattern.matches) {
            violate(of: value, "Member must satisfy regular expression pattern: \(pattern.text)")
        }
        checkBounds(value, shape)
        if let bounds = constraints.keyLength,
            value.members.contains(where: { !bounds.contains($0.name.characterCount) })
        {
            violate(
                of: value,
                """
                Map keys must satisfy constraint: [Member must have length less than or equal to \
                \(bounds.upperBound), Member must have length greater than or equal to \(bounds.lowerBound)]
                """)
        }
        if let bounds = constraints.listCount, value.members.contains(where: { !bounds.contains($0.value.count) }) {
            violate(
                of: value,
                """
                Map value must satisfy constraint: [Member must have length less than or equal to \
                \(bounds.upperBound), Member must have length greater than or equal to \(bounds.lowerBound)]
                """)
        }
    }

    private mutating func checkBounds(_ value: JSONValue, _ shape: Shape) {
        let measured: Int
        let noun: String
        switch shape.type {
        case .integer, .long: (measured, noun) = (value.integer ?? 0, "value")
        case .string: (measured, noun) = (value.characterCount, "length")
        case .list, .map: (measured, noun) = (value.count, "length")
        case .boolean, .timestamp, .double, .blob, .custom, .structure: return
        }
        if let minimum = shape.constraints.minimum, measured < minimum {
            violate(of: value, "Member must have \(noun) greater than or equal to \(minimum)")
        }
        if let maximum = shape.constraints.maximum, measured > maximum {
            violate(of: value, "Member must have \(noun) less than or equal to \(maximum)")
        }
    }

    private mutating func violate(of value: JSONValue, _ rule: String) {
        violate("Value '\(ShapeCheck.text(of: value))'", rule)
    }

    private mutating func violate(_ subject: String, _ rule: String) {
        guard violations.count < Self.maximumViolationCount else { return }
        violations.append("\(subject) at '\(pathText)' failed to satisfy constraint: \(rule)")
    }

    /// The path as the service writes it: members in lower camel case, list elements from one, map values by key.
    private var pathText: String {
        path.map { element in
            switch element {
            case .member(let name): Self.lowerCamelCase(name)
            case .index(let index): "\(index + 1).member"
            case .key(let key): "\(key.string).member"
            }
        }.joined(separator: ".")
    }

    private static func lowerCamelCase(_ name: StaticString) -> String {
        let name = name.description
        let capitals = name.prefix { $0.isUppercase }
        // An acronym goes down as a whole, up to the capital that begins the next word.
        let count = capitals.count > 1 && capitals.count < name.count ? capitals.count - 1 : capitals.count
        return name.prefix(count).lowercased() + name.dropFirst(count)
    }

    /// A value as the service's messages show it, cut off where it is long.
    private static func text(of value: JSONValue) -> String {
        switch value.kind {
        case .string: value.string
        case .array: "[\(value.elements.prefix(100).map { text(of: $0) }.joined(separator: ", "))]"
        case .object:
            "{\(value.members.prefix(100).map { "\($0.name.string)=\(text(of: $0.value))" }.joined(separator: ", "))}"
        case .number: value.integer.map(String.init) ?? ""
        case .true: "true"
        case .false: "false"
        case .null: "null"
        }
    }
}

extension JSONValue {
    /// How many Unicode characters a string has: what the lengths of constraints are counted in.
    fileprivate var characterCount: Int {
        // Each begins with the one byte that continues none.
        withStringBytes { bytes in bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
    }
}
