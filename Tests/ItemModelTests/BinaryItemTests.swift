import ItemModel
import TestSupport
import Testing

@Suite struct BinaryItemTests {
    @Test func `any attribute is found without decoding the others`() throws {
        var items = RandomItems(seed: 21)
        for _ in 0..<1_000 {
            let item = items.item()
            let padding = items.generator.below(4)
            let encoded = item.encoded()
            let buffer = Array(repeating: 0xAB, count: padding) + encoded + [0xCD]
            let view = BinaryItem(buffer, in: padding..<(padding + encoded.count))
            for attribute in item.attributes { #expect(try view.value(named: attribute.name) == attribute.value) }
            let other = items.text()
            #expect(try view.value(named: other) == item[other])
            #expect(try view.decoded() == item)
            #expect(try view.attributeCount() == item.count)
        }
    }

    @Test func `an attribute is found beside broken ones`() throws {
        // "a" has an unknown type and "c" a number that is none; "b" is null.
        let view = BinaryItem(bytes(hex: "03 0161 02FF00 0162 0104 0163 0202 09"))
        #expect(try view.value(named: "b") == .null)
        #expect(try view.value(named: "bb") == nil)
        #expect(try view.value(named: "d") == nil)
        #expect(throws: BinaryDecodingError.invalid("value type", at: 4)) { try view.value(named: "a") }
        #expect(throws: BinaryDecodingError.invalid("number", at: 14)) { try view.value(named: "c") }
        #expect(throws: BinaryDecodingError.self) { try view.decoded() }
    }

    @Test func `a visit tells the item in order`() throws {
        let item: Item = [
            "a": .list([.number(1), .map(["k": .bool(true)])]), "b": .stringSet(["x", "y"]), "c": .map([:]), "d": .null,
            "e": .binary([1, 2]), "f": .list([]), "g": .numberSet([1, 2]), "h": .binarySet([[1]]),
        ]
        var visitor = Transcript()
        try BinaryItem(item.encoded()).visit(&visitor)
        #expect(
            visitor.events == [
                "a@0", "list(2)", "#0", "N 1", "#1", "map(1)", "k@0", "true", "end map", "end list",
                "b@1", "SS(2)", "#0", "S x", "#1", "S y", "end set", "c@2", "map(0)", "end map", "d@3", "null",
                "e@4", "B [1, 2]", "f@5", "list(0)", "end list", "g@6", "NS(2)", "#0", "N 1", "#1", "N 2", "end set",
                "h@7", "BS(1)", "#0", "B [1]", "end set",
            ])
    }

    @Test func `a visit ends with an error at the first broken value`() {
        var visitor = Transcript()
        let view = BinaryItem(bytes(hex: "02 0161 0104 0162 0209 00 00"))
        #expect(throws: BinaryDecodingError.trailingBytes(at: 10)) { try view.visit(&visitor) }
        #expect(visitor.events.first == "a@0")
    }

    @Test func `the size is that of the decoded item`() throws {
        var items = RandomItems(seed: 22)
        for _ in 0..<1_000 {
            let item = items.item()
            #expect(try BinaryItem(item.encoded()).sizeInBytes() == item.sizeInBytes)
        }
    }
}

/// Writes down what it is shown.
private struct Transcript: BinaryItemVisitor {
    var events: [String] = []

    mutating func attribute(named name: Span<UInt8>, at index: Int) { events.append("\(text(name))@\(index)") }
    mutating func element(at index: Int) { events.append("#\(index)") }
    mutating func string(_ bytes: Span<UInt8>) { events.append("S \(text(bytes))") }
    mutating func number(_ number: Number) { events.append("N \(number)") }
    mutating func binary(_ bytes: Span<UInt8>) { events.append("B \(bytes.indices.map { bytes[$0] })") }
    mutating func bool(_ value: Bool) { events.append("\(value)") }
    mutating func null() { events.append("null") }
    mutating func beginList(count: Int) { events.append("list(\(count))") }
    mutating func endList() { events.append("end list") }
    mutating func beginMap(count: Int) { events.append("map(\(count))") }
    mutating func endMap() { events.append("end map") }
    mutating func beginSet(_ kind: AttributeValue.Kind, count: Int) { events.append("\(kind.rawValue)(\(count))") }
    mutating func endSet() { events.append("end set") }

    private func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
