/// What a value in a request may be: its type and the constraints that the service's model puts on it.
///
/// Declared once for each request; one engine, ``ShapeCheck``, evaluates every declaration.
public final class Shape: Sendable {
    let type: ValueType
    let constraints: Constraints

    /// The type of a value.
    public enum ValueType: Sendable {
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
        /// A value with rules of the service's own, which `check` knows; constraints do not apply to it.
        case custom(check: @Sendable (JSONValue) throws(ServiceFault) -> Void)
        case list(Shape)
        case map(Shape)
        /// - Parameter name: the structure's name in the model, which some error texts show.
        case structure(name: StaticString, [Member])
    }

    /// Bounds on a number's value, a string's or binary's length or a container's count, and on the content of strings.
    public struct Constraints: Sendable {
        var minimum: Int?
        var maximum: Int?
        /// The values allowed, in the order in which the service lists them.
        var values: [StaticString]
        var pattern: Pattern?
        /// Bounds on the length of each key of a map.
        var keyLength: ClosedRange<Int>?
        /// Bounds on the count of each list that is a map's value.
        var listCount: ClosedRange<Int>?

        public init(
            minimum: Int? = nil, maximum: Int? = nil, values: [StaticString] = [], pattern: Pattern? = nil,
            keyLength: ClosedRange<Int>? = nil, listCount: ClosedRange<Int>? = nil
        ) {
            self.minimum = minimum
            self.maximum = maximum
            self.values = values
            self.pattern = pattern
            self.keyLength = keyLength
            self.listCount = listCount
        }

        var isNone: Bool {
            minimum == nil && maximum == nil && values.isEmpty && pattern == nil && keyLength == nil
                && listCount == nil
        }
    }

    /// A pattern that a string must match as a whole.
    public struct Pattern: Sendable {
        /// The pattern as error texts show it.
        let text: StaticString
        /// Whether the UTF-8 bytes of a string match it.
        let matches: @Sendable (UnsafeRawBufferPointer) -> Bool

        public init(_ text: StaticString, matches: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool) {
            self.text = text
            self.matches = matches
        }
    }

    /// One member of a structure.
    public struct Member: Sendable {
        let name: StaticString
        let shape: Shape
        let isRequired: Bool

        public init(_ name: StaticString, _ shape: Shape, isRequired: Bool = false) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }

        public static func required(_ name: StaticString, _ shape: Shape) -> Member {
            Member(name, shape, isRequired: true)
        }
    }

    public init(_ type: ValueType, _ constraints: Constraints = Constraints()) {
        self.type = type
        self.constraints = constraints
    }
}

extension Shape {
    public static let string = Shape(.string)
    public static let boolean = Shape(.boolean)
    public static let integer = Shape(.integer)
    public static let long = Shape(.long)
    public static let timestamp = Shape(.timestamp)
    public static let double = Shape(.double)

    public static func string(length: ClosedRange<Int>, _ pattern: Pattern? = nil) -> Shape {
        Shape(.string, Constraints(minimum: length.lowerBound, maximum: length.upperBound, pattern: pattern))
    }

    public static func string(atMost maximum: Int) -> Shape {
        Shape(.string, Constraints(maximum: maximum))
    }

    /// A string that is one of `values`, in the order in which the service lists them.
    public static func oneOf(_ values: StaticString...) -> Shape { Shape(.string, Constraints(values: values)) }

    public static func integer(atLeast minimum: Int, atMost maximum: Int? = nil) -> Shape {
        Shape(.integer, Constraints(minimum: minimum, maximum: maximum))
    }

    public static func long(atLeast minimum: Int) -> Shape { Shape(.long, Constraints(minimum: minimum)) }

    public static func list(_ element: Shape, atLeast minimum: Int? = nil, atMost maximum: Int? = nil) -> Shape {
        Shape(.list(element), Constraints(minimum: minimum, maximum: maximum))
    }

    public static func map(_ value: Shape, _ constraints: Constraints = Constraints()) -> Shape {
        Shape(.map(value), constraints)
    }

    public static func structure(_ name: StaticString, _ members: Member...) -> Shape {
        Shape(.structure(name: name, members))
    }
}
