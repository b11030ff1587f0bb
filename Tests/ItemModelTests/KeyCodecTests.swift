import ItemModel
import TestSupport
import Testing

@Suite struct KeyCodecTests {
    private func form(_ value: AttributeValue) -> [UInt8] {
        var bytes: [UInt8] = []
        #expect(KeyEncoder.append(value, to: &bytes))
        return bytes
    }

    private func decode(_ bytes: [UInt8], as kind: KeyKind) throws -> AttributeValue {
        var reader = ByteReader(bytes)
        let value = try KeyDecoder.decodeKeyValue(kind: kind, from: &reader)
        try reader.expectEnd()
        return value
    }

    private func randomKey(_ kind: KeyKind, _ items: inout RandomItems) -> AttributeValue {
        switch kind {
        case .string: .string(items.text())
        case .number: .number(items.number())
        case .binary: .binary(items.binary())
        }
    }

    private func precedes(_ left: AttributeValue, _ right: AttributeValue) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left < right
        case (.number(let left), .number(let right)): left < right
        case (.binary(let left), .binary(let right)): left.lexicographicallyPrecedes(right)
        default: false
        }
    }

    @Test func `the form of strings and binaries stays what it is`() {
        #expect(form(.string("")) == [0x00, 0x01])
        #expect(form(.string("ab")) == [0x61, 0x62, 0x00, 0x01])
        #expect(form(.string("a\u{0}é")) == bytes(hex: "61 00FF C3A9 0001"))
        #expect(form(.binary([0x00, 0x00, 0xFF])) == bytes(hex: "00FF 00FF FF 0001"))
    }

    @Test(arguments: [
        ("0", "02"), ("1", "03 82 0B 00"), ("-1", "01 7D F4 FF"), ("10", "03 83 0B 00"), ("12", "03 83 0D 00"),
        ("-12.5", "01 7C F2 CC FF"), ("0.01", "03 80 0B 00"), ("1e125", "03 FF 0B 00"), ("1e-130", "03 00 0B 00"),
        ("-1e125", "01 00 F4 FF"), ("105", "03 84 0B 33 00"),
        ("99999999999999999999999999999999999999", "03 A7 64646464646464646464646464646464646464 00"),
        ("12345678901234567890123456789012345678", "03 A7 0D23394F5B0D23394F5B0D23394F5B0D23394F 00"),
    ])
    func `the form of numbers stays what it is`(text: String, hex: String) throws {
        let number = try Number(text)
        #expect(form(.number(number)) == bytes(hex: hex))
        #expect(try decode(bytes(hex: hex), as: .number) == .number(number))
    }

    @Test(arguments: KeyKind.allCases)
    func `the order of bytes is the order of values`(kind: KeyKind) {
        var items = RandomItems(seed: 31)
        var values = (0..<400).map { _ in randomKey(kind, &items) }
        for value in values {
            // Neighbours in value are where an order breaks.
            guard case .number(let number) = value else { continue }
            for step in ["1", "-1", "1e-130", "-1e-130"] {
                if let next = try? number.adding(Number(step)) { values.append(.number(next)) }
            }
            values.append(.number(-number))
        }
        let forms = values.map(form)
        for (left, leftForm) in zip(values, forms) {
            for _ in 0..<100 {
                let index = items.generator.below(values.count)
                #expect(precedes(left, values[index]) == leftForm.lexicographicallyPrecedes(forms[index]))
                #expect((left == values[index]) == (leftForm == forms[index]))
            }
        }
    }

    @Test(arguments: KeyKind.allCases)
    func `forms one after the other order by the first that differs`(kind: KeyKind) {
        var items = RandomItems(seed: 32)
        for _ in 0..<4_000 {
            let (one, other) = (randomKey(kind, &items), randomKey(kind, &items))
            guard one != other else { continue }
            let tails = (items.binary(), items.binary())
            let isLess = (form(one) + tails.0).lexicographicallyPrecedes(form(other) + tails.1)
            #expect(isLess == precedes(one, other))
            #expect(!form(one).starts(with: form(other)))
        }
    }

    @Test(arguments: KeyKind.allCases)
    func `a key value comes back as it was, and nothing behind it is touched`(kind: KeyKind) throws {
        var items = RandomItems(seed: 33)
        for _ in 0..<4_000 {
            let value = randomKey(kind, &items)
            let tail = items.binary()
            var reader = ByteReader(form(value) + tail)
            #expect(try KeyDecoder.decodeKeyValue(kind: kind, from: &reader) == value)
            #expect(reader.readRemainingBytes() == tail)
            var skipping = ByteReader(form(value) + tail)
            try KeyDecoder.skipKeyValue(kind: kind, from: &skipping)
            #expect(skipping.remainingCount == tail.count)
            for count in 0..<form(value).count {
                #expect(throws: BinaryDecodingError.self) { try decode(Array(form(value).prefix(count)), as: kind) }
            }
        }
    }

    @Test func `a prefix form begins the forms of just those that begin with it`() {
        var items = RandomItems(seed: 34)
        for _ in 0..<6_000 {
            let (text, textPrefix) = (items.text(), items.text())
            var prefix: [UInt8] = []
            KeyEncoder.appendPrefix(textPrefix, to: &prefix)
            #expect(form(.string(text)).starts(with: prefix) == text.utf8.starts(with: textPrefix.utf8))
            let (binary, binaryPrefix) = (items.binary(), items.binary())
            prefix = []
            KeyEncoder.appendPrefix(binaryPrefix, to: &prefix)
            #expect(form(.binary(binary)).starts(with: prefix) == binary.starts(with: binaryPrefix))
        }
    }

    @Test func `only strings, numbers and binaries are key values`() {
        for value in [AttributeValue.null, .bool(true), .list([]), .map([:]), .stringSet(["a"]), .numberSet([1])] {
            var bytes: [UInt8] = [7]
            #expect(!KeyEncoder.append(value, to: &bytes))
            #expect(bytes == [7])
            #expect(value.keyKind == nil)
        }
        #expect(AttributeValue.number(1).keyKind == .number)
    }

    @Test func `hostile bytes are refused or are the form of what they decode to`() {
        var items = RandomItems(seed: 35)
        for kind in KeyKind.allCases {
            for round in 0..<8_000 {
                let bytes =
                    round % 4 == 0
                    ? items.generator.bytes(count: items.generator.below(8))
                    : mutated(form(randomKey(kind, &items)), &items.generator)
                guard let value = try? decode(bytes, as: kind) else { continue }
                #expect(form(value) == bytes)
            }
        }
    }

    @Test(arguments: ["00 02", "61 00 00", "61 00", "61", "FF 00 01", "C3 00 01"])
    func `broken string forms are refused`(hex: String) {
        #expect(throws: BinaryDecodingError.self) { try decode(bytes(hex: hex), as: .string) }
    }
}
