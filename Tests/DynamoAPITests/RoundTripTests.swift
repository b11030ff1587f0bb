import AWSProtocol
import ItemModel
import TestSupport
import Testing

@testable import DynamoAPI

/// What is written is read back as it was: JSON texts, and items with values of every type.
@Suite struct RoundTripTests {
    @Test(arguments: UInt64(0)..<20)
    func `a JSON text is read as the tree that it was written from`(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<40 {
            let tree = Self.tree(depth: 0, using: &generator)
            #expect(JSONTree(tree.text) == tree)
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func `an item is read from JSON as it was written, from its values and from its stored bytes`(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<40 {
            let item = Self.item(depth: 0, using: &generator)
            var writer = JSONWriter()
            writer.item(item)
            var storedWriter = JSONWriter()
            try storedWriter.item(stored: BinaryItem(item.encoded()))
            #expect(storedWriter.bytes == writer.bytes)
            let read = try writer.bytes.withUnsafeBytes { bytes in
                try JSONDocument(parsing: bytes).withRoot(bytes) { root throws(DynamoFault) in
                    try Shape.attributeMap.check(root)
                    return try AttributeDecoding.item(root)
                }
            }
            #expect(read == item)
        }
    }

    private static func tree(depth: Int, using generator: inout SplitMix64) -> JSONTree {
        switch Int.random(in: 0..<(depth < 6 ? 6 : 4), using: &generator) {
        case 0: .bool(Bool.random(using: &generator))
        case 1: .number(String(Int.random(in: .min ... .max, using: &generator)))
        case 2, 3: .string(string(using: &generator))
        case 4:
            .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in tree(depth: depth + 1, using: &generator) })
        default:
            .object(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    JSONTree.Member(
                        name: string(using: &generator), value: tree(depth: depth + 1, using: &generator))
                })
        }
    }

    /// A string of characters that need escapes, of others and of all lengths in UTF-8.
    private static func string(using generator: inout SplitMix64) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "e\u{301}", "\u{FFFF}", "😀", "\u{10FFFF}",
        ].flatMap { (text: String) in text.unicodeScalars }
        var string = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            string.append(scalars.randomElement(using: &generator) ?? "a")
        }
        return String(string)
    }

    private static func bytes(using generator: inout SplitMix64) -> [UInt8] {
        (0..<Int.random(in: 0...9, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func number(using generator: inout SplitMix64) throws -> Number {
        let digits = (0..<Int.random(in: 1...38, using: &generator)).map { _ in
            String(Int.random(in: 0...9, using: &generator))
        }
        let exponent = Int.random(in: -90...80, using: &generator)
        return try Number(
            parsing: Array("\(Bool.random(using: &generator) ? "-" : "")\(digits.joined())e\(exponent)".utf8))
    }

    private static func item(depth: Int, using generator: inout SplitMix64) -> Item {
        var item = Item()
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            let name = string(using: &generator)
            // Only within a value may a name be empty.
            item[Text(name.isEmpty && depth == 0 ? "a" : name)] = value(depth: depth, using: &generator)
        }
        return item
    }

    private static func value(depth: Int, using generator: inout SplitMix64) -> AttributeValue {
        let count = Int.random(in: 1...4, using: &generator)
        switch Int.random(in: 0..<(depth < 6 ? 10 : 8), using: &generator) {
        case 0: return .string(Text(string(using: &generator)))
        case 1: return (try? .number(number(using: &generator))) ?? .null
        case 2: return .binary(bytes(using: &generator))
        case 3: return .bool(Bool.random(using: &generator))
        case 4: return .null
        case 5: return .makeStringSet((0..<count).map { _ in Text(string(using: &generator)) }) ?? .null
        case 6: return .makeNumberSet((0..<count).compactMap { _ in try? number(using: &generator) }) ?? .null
        case 7: return .makeBinarySet((0..<count).map { _ in bytes(using: &generator) }) ?? .null
        case 8: return .list((0..<count).map { _ in value(depth: depth + 1, using: &generator) })
        default: return .map(item(depth: depth + 1, using: &generator))
        }
    }
}
