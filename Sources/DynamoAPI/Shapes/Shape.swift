/// What a value in a request may be: its type and the constraints that DynamoDB's model puts on it.
///
/// Declared once for each request; one engine, ``ShapeCheck``, evaluates every declaration. Source: the service's public model.
final class Shape: Sendable {
    let type: ValueType
    let constraints: Constraints

    /// The type of a value.
    enum ValueType: Sendable {
        case string
        case boolean
        /// A whole number of 32 bits.
        case integer
        /// A whole number of 64 bits.
        case long
        /// A point in time, as seconds since the Unix epoch with or without decimals.
        case timestamp
        /// A number with a fraction.
        case double
        /// Bytes in Base64.
        case blob
        /// An attribute value, whose own rules are ``AttributeDecoding``'s.
        case attributeValue
        case list(Shape)
        case map(Shape)
        /// - Parameter name: the structure's name in the model, which some error texts show.
        case structure(name: StaticString, [Member])
    }

    /// Bounds on a number's value, a string's or binary's length or a container's count, and on the content of strings.
    struct Constraints: Sendable {
        var minimum: Int?
        var maximum: Int?
        /// The values allowed, in the order in which the service lists them.
        var values: [StaticString] = []
        var pattern: Pattern?
        /// Constraints on each key of a map.
        var key: Key?
        /// Bounds on the count of each list that is a map's value.
        var listCount: ClosedRange<Int>?

        /// What a map's keys must be.
        enum Key: Sendable {
            /// A table's name or ARN.
            case tableName
        }

        var isNone: Bool {
            minimum == nil && maximum == nil && values.isEmpty && pattern == nil && key == nil && listCount == nil
        }
    }

    /// A pattern that a string must match as a whole.
    enum Pattern: Sendable {
        /// `[a-zA-Z0-9_.-]+`.
        case name
        /// The same for what is no ARN.
        case nameOrARN

        /// The pattern as error texts show it.
        static let text = "[a-zA-Z0-9_.-]+"
    }

    /// One member of a structure.
    struct Member: Sendable {
        let name: StaticString
        let shape: Shape
        let isRequired: Bool

        init(_ name: StaticString, _ shape: Shape, isRequired: Bool = false) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }

        static func required(_ name: StaticString, _ shape: Shape) -> Member {
            Member(name, shape, isRequired: true)
        }
    }

    init(_ type: ValueType, _ constraints: Constraints = Constraints()) {
        self.type = type
        self.constraints = constraints
    }
}

extension Shape {
    static let string = Shape(.string)
    static let boolean = Shape(.boolean)
    static let integer = Shape(.integer)
    static let long = Shape(.long)
    static let timestamp = Shape(.timestamp)
    static let double = Shape(.double)
    static let attributeValue = Shape(.attributeValue)
    /// An item, a key or the values of expressions.
    static let attributeMap = Shape(.map(.attributeValue))
    /// The names of expressions.
    static let nameMap = Shape(.map(.string))

    static func string(length: ClosedRange<Int>, _ pattern: Pattern? = nil) -> Shape {
        Shape(.string, Constraints(minimum: length.lowerBound, maximum: length.upperBound, pattern: pattern))
    }

    static func string(atMost maximum: Int) -> Shape {
        Shape(.string, Constraints(maximum: maximum))
    }

    /// A string that is one of `values`, in the order in which the service lists them.
    static func oneOf(_ values: StaticString...) -> Shape { Shape(.string, Constraints(values: values)) }

    static func integer(atLeast minimum: Int, atMost maximum: Int? = nil) -> Shape {
        Shape(.integer, Constraints(minimum: minimum, maximum: maximum))
    }

    static func long(atLeast minimum: Int) -> Shape { Shape(.long, Constraints(minimum: minimum)) }

    static func list(_ element: Shape, atLeast minimum: Int? = nil, atMost maximum: Int? = nil) -> Shape {
        Shape(.list(element), Constraints(minimum: minimum, maximum: maximum))
    }

    static func map(_ value: Shape, _ constraints: Constraints = Constraints()) -> Shape {
        Shape(.map(value), constraints)
    }

    static func structure(_ name: StaticString, _ members: Member...) -> Shape {
        Shape(.structure(name: name, members))
    }
}
