import AWSProtocol
import ItemModel
import TestSupport
import Testing

@testable import DynamoAPI

@Suite struct AttributeTests {
    private func item(_ json: String) throws -> Item {
        let bytes = Array(json.utf8)
        return try bytes.withUnsafeBytes { bytes in
            try JSONDocument(parsing: bytes).withRoot(bytes) { root throws(DynamoFault) in
                try Shape.attributeMap.check(root)
                return try AttributeDecoding.item(root)
            }
        }
    }

    private func fault(_ json: String) -> DynamoFault? {
        do {
            _ = try item(json)
            return nil
        } catch {
            return error as? DynamoFault
        }
    }

    private static let everyType = #"""
        {"b":{"B":"AAEC/w=="},"bool":{"BOOL":false},"bs":{"BS":["","YQ=="]},"l":{"L":[{"S":"x"},{"L":[]},{"M":{}}]},\#
        "m":{"M":{"":{"N":"-0.5"},"x\ny":{"NULL":true}}},"n":{"N":"150"},"ns":{"NS":["-1","0","2.5"]},"s":{"S":"é\"\\"},\#
        "ss":{"SS":["","a","b"]}}
        """#

    @Test func `every type is written as it was read`() throws {
        let item = try item(Self.everyType)
        var writer = JSONWriter()
        writer.item(item)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == Self.everyType)
    }

    @Test func `a stored item is written from its bytes as from its values`() throws {
        let item = try item(Self.everyType)
        var writer = JSONWriter()
        writer.beginArray()
        try writer.item(stored: BinaryItem(item.encoded()))
        try writer.item(stored: BinaryItem(Item().encoded()))
        writer.endArray()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[\(Self.everyType),{}]")
    }

    @Test(arguments: [
        (#"{}"#, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (#"null"#, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (#"{"X":"a"}"#, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            #"{"S":"a","N":"1"}"#,
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
        ),
        (#"{"N":""}"#, "The parameter cannot be converted to a numeric value"),
        (#"{"N":"b"}"#, "The parameter cannot be converted to a numeric value: b"),
        (
            #"{"N":"123456789012345678901234567890123456789"}"#,
            "Attempting to store more than 38 significant digits in a Number"
        ),
        (
            #"{"N":"1e126"}"#,
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        ),
        (
            #"{"N":"1e-131"}"#,
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        ),
        (
            #"{"NULL":false}"#,
            "One or more parameter values were invalid: Null attribute value types must have the value of true"
        ),
        (#"{"SS":[]}"#, "One or more parameter values were invalid: An string set  may not be empty"),
        (#"{"NS":[]}"#, "One or more parameter values were invalid: An number set  may not be empty"),
        (#"{"BS":[]}"#, "One or more parameter values were invalid: Binary sets should not be empty"),
        (
            #"{"SS":["a","a"]}"#,
            "One or more parameter values were invalid: Input collection [a, a] contains duplicates."
        ),
        (#"{"NS":["1","1.0"]}"#, "Input collection contains duplicates"),
        (
            #"{"BS":["Yg==","Yg=="]}"#,
            "One or more parameter values were invalid: Input collection [Yg==, Yg==]of type BS contains duplicates."
        ),
        (
            #"{"M":{"a":{"L":[{}]}}}"#,
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        ),
    ])
    func `an attribute value that breaks a rule gets the service's words`(value: String, message: String) {
        #expect(fault(#"{"a":\#(value)}"#) == .validation(message))
    }

    @Test(arguments: [
        (#"{"S":1}"#, "NUMBER_VALUE cannot be converted to String"),
        (#"{"S":1.5}"#, "DECIMAL_VALUE cannot be converted to String"),
        (#"{"S":true}"#, "TRUE_VALUE cannot be converted to String"),
        (#"{"N":1}"#, "NUMBER_VALUE cannot be converted to String"),
        (#"{"S":["a"]}"#, "Unrecognized collection type class java.lang.String"),
        (#"{"S":{"a":1}}"#, "Start of structure or map found where not expected"),
        (#"{"B":1}"#, "only base-64-encoded strings are convertible to bytes"),
        (#"{"B":"abc"}"#, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        (#"{"BOOL":"true"}"#, "Unexpected token received from parser"),
        (#"{"L":{}}"#, "Start of structure or map found where not expected"),
        (#"{"SS":"a"}"#, "Unexpected field type"),
        (#""a""#, "Unexpected field type"),
        (#"{"L":[{"M":{"x":{"S":1}}}]}"#, "NUMBER_VALUE cannot be converted to String"),
    ])
    func `a value of the wrong type cannot be read`(value: String, message: String) {
        #expect(fault(#"{"a":\#(value)}"#)?.common == .serialization(message))
    }

    @Test func `thirty-two levels nest and no more`() throws {
        func nested(_ depth: Int) -> String {
            #"{"a":"# + String(repeating: #"{"L":["#, count: depth) + #"{"S":"x"}"#
                + String(repeating: "]}", count: depth) + "}"
        }
        #expect(try item(nested(32)).depth == 32)
        #expect(fault(nested(33))?.message?.hasPrefix("Nesting Levels have exceeded supported limits") == true)
    }

    @Test func `of a name that stands twice the later value counts`() throws {
        #expect(try item(#"{"a":{"S":"1"},"b":{"S":"x"},"a":{"S":"2"}}"#) == ["a": .string("2"), "b": .string("x")])
    }

    @Test func `damaged items never trap`() {
        let text = Array(
            #"{"pk":{"S":"\ud83d\ude00x"},"n":{"N":"1.5"},"l":{"L":[{"NULL":true},{"BS":["AA=="]}]},"m":{"M":{"a":{"BOOL":false}}}}"#
                .utf8)
        var generator = SplitMix64(seed: 7)
        for _ in 0..<5_000 {
            var damaged = text
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            damaged.withUnsafeBytes { bytes in
                guard let document = try? JSONDocument(parsing: bytes) else { return }
                try? document.withRoot(bytes) { root throws(DynamoFault) in
                    try Shape.attributeMap.check(root)
                    _ = try AttributeDecoding.item(root)
                }
            }
        }
    }
}

/// What a page costs.
@Suite struct PageWritingTests {
    @Test func `a page of many items is written in one place: no item has what stands before it copied`() throws {
        let item: Item = ["pk": .string("a"), "l": .list([.bool(true), .string("x")])]
        let stored = BinaryItem(item.encoded())
        var writer = JSONWriter(capacity: 1 << 20)
        writer.beginArray()
        let place = writer.bytes.withUnsafeBytes { $0.baseAddress }
        for _ in 0..<5_000 { try writer.item(stored: stored) }
        writer.endArray()
        #expect(writer.bytes.count > 5_000 * 20)
        #expect(writer.bytes.withUnsafeBytes { $0.baseAddress } == place, "the text was copied on the way")
    }
}
