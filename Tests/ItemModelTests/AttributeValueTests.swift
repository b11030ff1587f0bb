import ItemModel
import Testing

@Suite struct AttributeValueTests {
    @Test func `text is compared by its bytes`() {
        #expect(Text("é") != Text("e\u{301}"))
        #expect(Text("\u{FFFF}") < Text("\u{10000}"))
        #expect(Text("a") < Text("a\u{0}"))
        #expect(Text("Z") < Text("a"))
        #expect(Text(validating: [0xC3, 0xA9] as [UInt8]) == "é")
        #expect(Text(validating: [0xC3] as [UInt8]) == nil)
        #expect(Text(validating: [0x61, 0xC3, 0xA9].dropFirst()) == "é")
        #expect(Text(validating: AnyCollection("é".utf8)) == "é")
        #expect(Text(validating: AnyCollection([0xFF])) == nil)
        #expect(Text(validating: []) == "")
        // An encoded surrogate, an overlong slash and a scalar past the last.
        for bytes in [[0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80]] as [[UInt8]] {
            #expect(Text(validating: bytes) == nil)
        }
        #expect(Set([Text("é"), Text("e\u{301}"), Text("é")]).count == 2)
    }

    @Test func `a map is sorted by name, and a name stands once`() {
        var map: AttributeMap = ["b": .null, "a": .null, "b": .bool(true)]
        #expect(map.attributes.map(\.name) == ["a", "b"])
        #expect(map["b"] == .bool(true))
        map["aa"] = .bool(false)
        map["b"] = nil
        map["missing"] = nil
        #expect(map.attributes.map(\.name) == ["a", "aa"])
        #expect(map["b"] == nil)
        #expect(AttributeMap([.init(name: "a", value: .null), .init(name: "a", value: .null)]) == nil)
        #expect(AttributeMap([.init(name: "b", value: .null), .init(name: "a", value: .null)])?.count == 2)
    }

    @Test func `a set is sorted by value, not empty and without duplicates`() throws {
        #expect(AttributeValue.makeStringSet(["b", "a"]) == .stringSet(["a", "b"]))
        #expect(AttributeValue.makeNumberSet([10, 9, -1]) == .numberSet([-1, 9, 10]))
        #expect(AttributeValue.makeBinarySet([[1], [], [0, 1]]) == .binarySet([[], [0, 1], [1]]))
        #expect(AttributeValue.makeStringSet([]) == nil)
        #expect(AttributeValue.makeStringSet(["a", "a"]) == nil)
        #expect(try AttributeValue.makeNumberSet([Number("1.0"), Number("1")]) == nil)
    }
}
