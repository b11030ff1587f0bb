import ItemModel
import TestSupport
import Testing

@Suite struct ItemCodecTests {
    /// One attribute of each type; the bytes of it are what stores of this format version hold.
    private let sample: Item = [
        "b": .binary([0x00, 0xFF]), "bs": .binarySet([[], [0x01]]), "f": .bool(false),
        "l": .list([.null, .string("x")]), "m": .map(["k": .number(-5)]), "n": .number(1234),
        "ns": .numberSet([0, 10]),
        "s": .string("é"), "ss": .stringSet(["", "a"]), "t": .bool(true), "z": .null,
    ]

    @Test func `the form of every type stays what it is`() {
        #expect(
            sample.encoded()
                == bytes(
                    hex: """
                        0B
                        01 62    03 03 00FF
                        02 6273  05 0B 02 00 0101
                        01 66    01 05
                        01 6C    07 07 02 01 04 02 01 78
                        01 6D    0A 08 01 01 6B 05 02 01 7D CC FF
                        01 6E    06 02 03 85 0D 23 00
                        02 6E73  07 0A 02 02 03 83 0B 00
                        01 73    03 01 C3A9
                        02 7373  05 09 02 00 01 61
                        01 74    01 06
                        01 7A    01 04
                        """))
        #expect(Item().encoded() == [0x00])
    }

    @Test func `an item comes back as it was`() throws {
        var items = RandomItems(seed: 11)
        for _ in 0..<3_000 {
            let item = items.item()
            let encoded = item.encoded()
            let decoded = try Item(decoding: encoded)
            #expect(decoded == item)
            #expect(decoded.encoded() == encoded)
            for attribute in item.attributes {
                #expect(try AttributeValue(decoding: attribute.value.encoded()) == attribute.value)
            }
        }
    }

    @Test func `items one after the other are read one by one`() throws {
        var writer = ByteWriter()
        sample.encode(into: &writer)
        AttributeValue.string("between").encode(into: &writer)
        Item().encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try Item(decoding: &reader) == sample)
        #expect(try AttributeValue(decoding: &reader) == .string("between"))
        #expect(try Item(decoding: &reader).isEmpty)
        try reader.expectEnd()
    }

    @Test func `the order in which a client writes does not show in the bytes`() throws {
        let one: Item = ["a": 1.asNumber, "b": .string("x")]
        let other: Item = ["b": .string("x"), "a": 1.asNumber]
        #expect(one.encoded() == other.encoded())
        #expect(
            AttributeValue.makeStringSet(["b", "a"])?.encoded() == AttributeValue.makeStringSet(["a", "b"])?.encoded())
        #expect(try AttributeValue.number(Number("1.50")).encoded() == AttributeValue.number(Number("15e-1")).encoded())
    }

    @Test func `names that Swift takes for equal stay two`() throws {
        let item: Item = ["é": .bool(true), "e\u{301}": .bool(false)]
        #expect(item.count == 2)
        #expect(try Item(decoding: item.encoded()) == item)
        #expect(try BinaryItem(item.encoded()).value(named: "é") == .bool(true))
    }

    @Test(arguments: [
        ("02 0162 0104 0161 0104", "order of attribute names"),
        ("02 0161 0104 0161 0104", "order of attribute names"),
        ("01 01FF 0104", "UTF-8"), ("01 0161 0201FF", "UTF-8"),
        ("01 0161 0100", "value type"), ("01 0161 010C", "value type"), ("01 0161 01FF", "value type"),
        ("8100 0161 0104", "varint"), ("01 8100 61 0104", "varint"), ("01 0161 8100 04", "varint"),
        ("01 0161 0209 00", "empty set"), ("01 0161 020A 00", "empty set"), ("01 0161 020B 00", "empty set"),
        ("01 0161 0609 02 0162 0161", "set order"), ("01 0161 0609 02 0161 0161", "set order"),
        ("01 0161 040A 02 0202", "set order"), ("01 0161 060B 02 0102 0101", "set order"),
        ("01 0161 0502 03 83 0100", "number"), ("01 0161 0402 03 83 00", "number"),
        ("01 0161 0502 03 83 0600", "number"), ("01 0161 0502 03 83 6500", "number"),
        ("01 0161 0602 03 83 0B01 00", "number"), ("01 0161 0202 04", "number"), ("01 0161 0202 00", "number"),
        ("01 0161 1702 03 83 0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0C 00", "number"),
    ])
    func `what no encoder writes is refused`(hex: String, what: String) {
        #expect {
            try Item(decoding: bytes(hex: hex))
        } throws: { error in
            guard case .invalid(what, _)? = error as? BinaryDecodingError else { return false }
            return true
        }
    }

    @Test(arguments: ["00 00", "01 0161 0104 00"])
    func `bytes after the item are refused`(hex: String) {
        let bytes = bytes(hex: hex)
        #expect(throws: BinaryDecodingError.trailingBytes(at: bytes.count - 1)) { try Item(decoding: bytes) }
    }

    @Test(arguments: ["01 0161 0204 00", "01 0161 0205 00", "01 0161 0302 02 02", "01 0161 04 07 01 01 04 00"])
    func `a value that does not fill its length is refused`(hex: String) {
        #expect(throws: BinaryDecodingError.self) { try Item(decoding: bytes(hex: hex)) }
    }

    @Test func `a count that the bytes cannot hold is refused before room is made for it`() {
        for hex in ["FFFFFFFFFFFFFFFF7F", "FFFFFFFF0F 0161 0104", "01 0161 0A 07 FFFFFFFFFFFFFFFF7F"] {
            #expect(throws: BinaryDecodingError.self) { try Item(decoding: bytes(hex: hex)) }
        }
    }

    @Test func `nesting is read to the limit and no further`() throws {
        var value = AttributeValue.null
        for level in 0..<AttributeValue.maximumBinaryDepth {
            value = level.isMultiple(of: 2) ? .list([value]) : .map(["a": value])
        }
        let item: Item = ["a": value]
        #expect(try Item(decoding: item.encoded()) == item)
        var writer = ByteWriter()
        let mark = writer.beginLengthPrefixed()
        writer.append(contentsOf: [0x07, 0x01])
        value.encode(into: &writer)
        writer.endLengthPrefixed(mark)
        let tooDeep = [0x01, 0x01, 0x61] + writer.bytes
        #expect(throws: BinaryDecodingError.self) { try Item(decoding: tooDeep) }
        #expect(throws: BinaryDecodingError.self) { try BinaryItem(tooDeep).sizeInBytes() }
    }

    @Test func `every cut is refused`() {
        let encoded = sample.encoded()
        for count in encoded.indices {
            #expect(throws: BinaryDecodingError.self) { try Item(decoding: Array(encoded.prefix(count))) }
        }
    }

    @Test func `hostile bytes are refused or are the form of what they decode to`() {
        var items = RandomItems(seed: 12)
        var acceptedCount = 0
        for round in 0..<20_000 {
            let bytes =
                round % 10 == 0
                ? items.generator.bytes(count: items.generator.below(40))
                : mutated(items.item().encoded(), &items.generator)
            let view = BinaryItem(bytes)
            _ = try? view.value(named: items.text())
            let size = try? view.sizeInBytes()
            guard let item = try? Item(decoding: bytes) else { continue }
            acceptedCount += 1
            #expect(item.encoded() == bytes)
            #expect(item.sizeInBytes == size)
        }
        #expect(acceptedCount > 100)
    }
}

extension Int {
    fileprivate var asNumber: AttributeValue { .number(Number(self)) }
}
