import Expressions
public import ItemModel
import Testing

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral text: String) { self = .string(Text(text)) }
    public init(integerLiteral integer: Int) { self = .number(Number(integer)) }
    public init(arrayLiteral elements: AttributeValue...) { self = .list(elements) }
    public init(booleanLiteral bool: Bool) { self = .bool(bool) }
    public init(dictionaryLiteral elements: (String, AttributeValue)...) {
        var map = AttributeMap()
        for (name, value) in elements { map[Text(name)] = value }
        self = .map(map)
    }

    /// A string set; the elements are distinct.
    static func strings(_ elements: Text...) -> AttributeValue { .stringSet(elements.sorted()) }

    /// A number set; the elements are distinct.
    static func numbers(_ elements: Number...) -> AttributeValue { .numberSet(elements.sorted()) }
}

/// A request's placeholders, in the order that a table of cases likes to give them.
func placeholders(_ values: AttributeMap = [:], names: [(Text, Text)] = []) throws -> Placeholders {
    let names = names.map { Placeholders.Name(placeholder: $0.0, name: $0.1) }
    return try Placeholders(names: names.isEmpty ? nil : names, values: values.isEmpty ? nil : values)
}

/// The text that `body` is refused with, nil if it is not.
func messageRefusing<Success>(_ body: () throws -> Success) throws -> String? {
    do {
        _ = try body()
        return nil
    } catch let error as ExpressionError {
        return error.message
    }
}

/// The placeholders that the tables of cases share: one value of each type, and names that stand for themselves.
func everyPlaceholder() throws -> Placeholders {
    try placeholders(
        [
            ":s": "b", ":s2": "a", ":n": 5, ":n2": 1, ":b": .binary([2]), ":b2": .binary([1]), ":bool": true,
            ":null": .null, ":l": ["x"], ":m": ["k": "v"], ":ss": .strings("p", "q"), ":ns": .numbers(1, 2),
            ":bs": .binarySet([[1], [2]]), ":type": "SS", ":badtype": "X", ":one": 1,
        ],
        names: [("#a", "a"), ("#b", "b"), ("#data", "data"), ("#dot", "x.y")])
}

/// An expression and the text that it is refused with, without the prefix.
struct Refusal: CustomTestStringConvertible {
    let expression: String
    let message: String

    init(_ expression: String, _ message: String) {
        self.expression = expression
        self.message = message
    }

    var testDescription: String { String(expression.prefix(60)) }
}
