import ItemModel
import TestSupport
import Testing

@testable import AWSProtocol

@Suite struct JSONTests {
    /// Parses `text` and writes it again.
    private func roundTrip(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { bytes in
            guard let document = try? JSONDocument(parsing: bytes) else { return nil }
            var writer = JSONWriter()
            document.withRoot(bytes) { write($0, to: &writer) }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    private func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value.kind {
        case .object:
            writer.beginObject()
            for (name, value) in value.members {
                writer.name(text: name.text)
                write(value, to: &writer)
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { write(element, to: &writer) }
            writer.endArray()
        case .string: writer.string(value.text)
        case .number: writer.integer(value.integer ?? 0)
        case .true, .false: writer.bool(value.isTrue)
        case .null: writer.string("null")
        }
    }

    @Test(arguments: [
        ("{}", "{}"), ("[]", "[]"), (" { \"a\" : [ 1 , -2 ] }\r\n\t", #"{"a":[1,-2]}"#),
        (#"{"a":{"b":[[],{}]},"c":true}"#, #"{"a":{"b":[[],{}]},"c":true}"#),
        (#""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#, #""é😀/\b\f\n\r\t\"\\""#),
        (#""\u0000\u001f""#, #""\u0000\u001f""#), ("12e2", "1200"), ("1.9", "1"), ("-0", "0"),
        ("99999999999999999999", "9223372036854775807"), ("\"\u{10FFFF}ß\"", "\"\u{10FFFF}ß\""),
    ])
    func `what is JSON is read and written again`(text: String, expected: String) {
        #expect(roundTrip(text) == expected)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#,
        "{a:1}", "'a'", "tru", "nul", "truee", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", #"""#, #""\""#,
        #""\x""#, #""\u12g4""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "\"\n\"", "[] []", "{]", "[}",
        "\u{FEFF}{}",
        "[1 2]", #"{"a":1:2}"#, #"{1:2}"#, "/**/{}",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(roundTrip(text) == nil)
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8], [0xFF],
            [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xC3, 0x28],
        ] as [[UInt8]])
    func `a string that is not UTF-8 is refused`(content: [UInt8]) {
        let text: [UInt8] = [0x22] + content + [0x22]
        #expect(throws: JSONSyntaxError.self) { try text.withUnsafeBytes { _ = try JSONDocument(parsing: $0) } }
    }

    @Test func `nesting is bounded and costs no stack`() {
        let depth = JSONParser.maximumDepth
        let allowed = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(roundTrip(allowed) == allowed)
        #expect(roundTrip("[" + allowed + "]") == nil)
        #expect(roundTrip(String(repeating: "[", count: 1_000_000)) == nil)
        #expect(roundTrip(String(repeating: #"{"a":"#, count: 1_000_000)) == nil)
    }

    @Test func `truncated and damaged requests never trap`() {
        let text = Array(
            #"{"TableName":"tëst","Item":{"pk":{"S":"\ud83d\ude00x"},"n":{"N":"1.5"},"l":{"L":[{"NULL":true}]}},"x":[1e5]}"#
                .utf8)
        for count in 0..<text.count {
            #expect(throws: JSONSyntaxError.self) {
                try text[..<count].withUnsafeBytes { _ = try JSONDocument(parsing: $0) }
            }
        }
        var generator = SplitMix64(seed: 7)
        let shape = Shape.structure(
            "Request", .required("TableName", .string(length: 1...10)),
            Shape.Member("Item", .map(.map(.string(atMost: 3)))), Shape.Member("x", .list(.integer(atLeast: 1))))
        for _ in 0..<5_000 {
            var damaged = text
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            damaged.withUnsafeBytes { bytes in
                guard let document = try? JSONDocument(parsing: bytes) else { return }
                try? document.withRoot(bytes) { root throws(ServiceFault) in
                    try ShapeCheck.check(root, against: shape, namespace: "test")
                }
            }
        }
    }

    @Test func `every byte is escaped or not as by itself, whatever stands beside it`() {
        func escaped(_ byte: UInt8) -> [UInt8] {
            let text: String? =
                switch byte {
                case 0x22: #"\""#
                case 0x5C: #"\\"#
                case 0x08: #"\b"#
                case 0x09: #"\t"#
                case 0x0A: #"\n"#
                case 0x0C: #"\f"#
                case 0x0D: #"\r"#
                case ..<0x10: #"\u000"# + String(byte, radix: 16)
                case ..<0x20: #"\u00"# + String(byte, radix: 16)
                default: nil
                }
            return text.map { Array($0.utf8) } ?? [byte]
        }
        func check(_ bytes: [UInt8]) {
            var writer = JSONWriter()
            bytes.withUnsafeBytes { writer.string(utf8: $0) }
            #expect(writer.bytes == [0x22] + bytes.flatMap(escaped) + [0x22], "\(bytes)")
        }
        // At every place of a word and behind the last whole one, among bytes that need none, with and without their highest bit.
        for byte in UInt8.min...UInt8.max {
            for place in 0..<19 {
                for neighbour in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF] as [UInt8] {
                    var bytes = [UInt8](repeating: neighbour, count: 19)
                    bytes[place] = byte
                    check(bytes)
                }
            }
        }
        var generator = SplitMix64(seed: 11)
        for _ in 0..<2_000 { check(generator.bytes(count: generator.below(40))) }
    }

    @Test func `Base64 decodes to what was encoded, whatever the length`() {
        var generator = SplitMix64(seed: 3)
        for length in 0..<200 {
            let binary = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var encoded: [UInt8] = []
            binary.withUnsafeBytes { Base64.encode($0, into: &encoded) }
            #expect(encoded.withUnsafeBytes { Base64.decode($0) } == binary)
        }
    }

    @Test(arguments: [
        ("a", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
        ("YW=v", "Invalid Base64 character: '='"), ("YW\u{e9}", "Invalid Base64 character: '\u{c3}'"),
        ("YWJ*", "Invalid Base64 character: '*'"), ("YWJj=WJj", "Invalid Base64 character: '='"),
        ("YR==", "Invalid last non-pad Base64 character dectected"),
        ("YWF=", "Invalid last non-pad Base64 character dectected"), ("====", "Invalid Base64 character: '='"),
    ])
    func `Base64 has one spelling of each value`(text: String, problem: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Base64.problem(in: $0) } == problem)
    }
}
