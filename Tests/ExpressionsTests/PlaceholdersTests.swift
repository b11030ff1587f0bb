import Expressions
import ItemModel
import Testing

@Suite struct PlaceholdersTests {
    private func name(_ placeholder: Text, _ name: Text = "a") -> Placeholders.Name {
        Placeholders.Name(placeholder: placeholder, name: name)
    }

    @Test(arguments: ["x", "#", ":x", "#a-b", "#a.b", "", "#é", "##a", " #a"] as [Text])
    func `what is no placeholder of a name is refused`(_ key: Text) throws {
        let message = try messageRefusing { try Placeholders(names: [name("#ok"), name(key)], values: nil) }
        #expect(message == "ExpressionAttributeNames contains invalid key: Syntax error; key: \"\(key)\"")
    }

    @Test(arguments: ["x", ":", "#x", ":a-b", "", "::a"] as [Text])
    func `what is no placeholder of a value is refused`(_ key: Text) throws {
        let message = try messageRefusing { try Placeholders(names: nil, values: [key: 1]) }
        #expect(message == "ExpressionAttributeValues contains invalid key: Syntax error; key: \"\(key)\"")
    }

    @Test func `a parameter that is there must hold something`() throws {
        #expect(
            try messageRefusing { try Placeholders(names: [], values: nil) }
                == "ExpressionAttributeNames must not be empty")
        #expect(
            try messageRefusing { try Placeholders(names: nil, values: [:]) }
                == "ExpressionAttributeValues must not be empty")
        _ = try Placeholders(names: nil, values: nil)
    }

    @Test func `a placeholder is at most 255 bytes long`() throws {
        _ = try Placeholders(names: [name(Text("#" + String(repeating: "a", count: 254)))], values: nil)
        #expect(throws: ExpressionError.self) {
            try Placeholders(names: [name(Text("#" + String(repeating: "a", count: 255)))], values: nil)
        }
        #expect(throws: ExpressionError.self) {
            try Placeholders(names: nil, values: [Text(":" + String(repeating: "a", count: 255)): 1])
        }
    }

    @Test func `a placeholder of a name stands for what can be an attribute`() throws {
        #expect(throws: ExpressionError.self) { try Placeholders(names: [name("#a", "")], values: nil) }
        let longest = Text(String(repeating: "a", count: 65_535))
        _ = try Placeholders(names: [name("#a", longest)], values: nil)
        #expect(throws: ExpressionError.self) {
            try Placeholders(names: [name("#a", Text(longest.string + "a"))], values: nil)
        }
    }

    @Test func `all placeholders together take at most 2 MB`() throws {
        func values(_ byteCount: Int) -> AttributeMap {
            [":a": .binary([UInt8](repeating: 0, count: byteCount))]
        }
        // `#n`, `name` and `:a` are eight bytes.
        _ = try Placeholders(names: [name("#n", "name")], values: values((2 << 20) - 8))
        #expect(
            try messageRefusing { try Placeholders(names: [name("#n", "name")], values: values((2 << 20) - 7)) }
                == "The size of ExpressionAttributeNames and ExpressionAttributeValues together has exceeded the maximum "
                + "allowed size of 2097152 bytes")
    }

    @Test func `every placeholder must be used by one of the request's expressions`() throws {
        let placeholders = try Placeholders(
            names: [name("#c"), name("#a"), name("#b")], values: [":v": 1, ":w": 2, ":u": 3])
        let condition = try ParsedCondition(parsing: "#a = :v").references
        let update = try ParsedUpdate(parsing: "SET #b = :w REMOVE #c").references
        let projection = try ParsedProjection(parsing: "#b, #c").references
        var message = try messageRefusing { try placeholders.checkAllUsed(by: condition) }
        #expect(message == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}")
        message = try messageRefusing { try placeholders.checkAllUsed(by: condition, projection) }
        #expect(message == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u, :w}")
        message = try messageRefusing { try placeholders.checkAllUsed(by: condition, update) }
        #expect(message == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}")
        try placeholders.checkAllUsed(by: condition, update, ParsedCondition(parsing: "x = :u").references)
        try Placeholders().checkAllUsed()
    }

    @Test func `of a name that is defined twice the later definition counts`() throws {
        let placeholders = try Placeholders(names: [name("#a", "one"), name("#b"), name("#a", "two")], values: nil)
        let projection = try ParsedProjection(parsing: "#a").bind(to: placeholders)
        #expect(projection.paths == [DocumentPath("two")])
    }
}
