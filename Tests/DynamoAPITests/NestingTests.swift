import ItemModel
import Testing

@testable import DynamoAPI

/// Attributes nest 32 levels deep and no deeper, whichever way they come into an item: the stored form has a bound too.
@Suite struct NestingTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        let list = #"{"L":[\#(Self.nested(31))]}"#
        endpoint(
            "PutItem",
            #"""
            {"TableName":"simple","Item":{"pk":{"S":"a"},"m":{"M":{"l":{"L":[]}}},"deep":\#(Self.nested(32)),"deeplist":\#(list)}}
            """#)
    }

    /// A value within that many lists and maps.
    private static func nested(_ depth: Int) -> String {
        (0..<depth).reduce(#"{"S":"x"}"#) { inner, level in
            level % 2 == 0 ? #"{"L":[\#(inner)]}"# : #"{"M":{"a":\#(inner)}}"#
        }
    }

    private static let message = """
        Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit
        """

    @Test func `an item of 32 levels is stored and read`() {
        #expect(
            endpoint.tree("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#)["Item"]["deep"]
                == JSONTree(Self.nested(32)))
    }

    @Test(arguments: [33, 64, 65, 100])
    func `no request holds a deeper value`(depth: Int) {
        let value = Self.nested(depth)
        for (operation, parameters) in [
            ("PutItem", #""Item":{"pk":{"S":"b"},"v":\#(value)}"#),
            ("GetItem", #""Key":{"pk":\#(value)}"#),
            ("DeleteItem", #""Key":{"pk":{"S":"b"}},"Expected":{"v":{"Value":\#(value)}}"#),
            ("UpdateItem", #""Key":{"pk":{"S":"b"}},"AttributeUpdates":{"v":{"Value":\#(value)}}"#),
            ("Scan", #""ScanFilter":{"v":{"ComparisonOperator":"EQ","AttributeValueList":[\#(value)]}}"#),
        ] {
            #expect(endpoint(operation, #"{"TableName":"simple",\#(parameters)}"#) == validation(Self.message))
        }
        #expect(
            endpoint("Scan", #"{"TableName":"simple","ExclusiveStartKey":{"pk":\#(value)}}"#)
                == validation("The provided starting key is invalid: \(Self.message)"))
        #expect(
            endpoint(
                "BatchWriteItem",
                #"{"RequestItems":{"simple":[{"PutRequest":{"Item":{"pk":{"S":"b"},"v":\#(value)}}}]}}"#)
                == validation(Self.message))
        #expect(
            endpoint(
                "UpdateItem",
                #"""
                {"TableName":"simple","Key":{"pk":{"S":"b"}},"UpdateExpression":"SET v = :v",
                 "ExpressionAttributeValues":{":v":\#(value)}}
                """#)
                == validation("ExpressionAttributeValues contains invalid value: \(Self.message) for key :v"))
    }

    @Test(arguments: [
        "m.l[0] = :v", "m.x = :v", "m.x = deep", "m.l[3] = if_not_exists(nothing, :v)",
        "m.x = list_append(m.l, deeplist)", "deep.a[0].a = :v",
    ])
    func `no update makes an item deeper`(assignment: String) {
        let value = #","ExpressionAttributeValues":{":v":\#(Self.nested(32))}"#
        let body = #"""
            {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET \#(assignment)"
            \#(assignment.contains(":v") ? value : "")}
            """#
        #expect(endpoint("UpdateItem", body) == validation(Self.message))
    }

    @Test func `an update may make an item as deep as it may be`() {
        #expect(
            endpoint(
                "UpdateItem",
                #"""
                {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET m.l[0] = :v",
                 "ExpressionAttributeValues":{":v":\#(Self.nested(30))}}
                """#) == "{}")
    }
}
