import Testing

@testable import DynamoAPI

@Suite struct ValidationTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
    }

    @Test func `an unknown operation is none of ours`() {
        let body = #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#
        #expect(endpoint.send("NoSuchThing", "{}") == (400, body))
        let response = endpoint.dispatcher.answer(target: "GetItem", body: Array("{}".utf8)) { _ in }
        #expect(response?.body == Array(body.utf8))
    }

    @Test(arguments: ["", "nonsense", "{", "[]]"])
    func `a body that is no JSON cannot be read`(body: String) {
        #expect(
            endpoint.send("GetItem", body) == (400, #"{"__type":"com.amazon.coral.service#SerializationException"}"#))
    }

    @Test func `a parameter of the wrong type cannot be read`() {
        #expect(
            endpoint("GetItem", #"{"TableName": 5, "Key": {}}"#)
                == #"{"__type":"com.amazon.coral.service#SerializationException","Message":"NUMBER_VALUE cannot be converted to String"}"#
        )
    }

    @Test func `every required member that is missing is told`() {
        #expect(
            endpoint("PutItem", "{}")
                == validation(
                    """
                    2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be \
                    null; Value null at 'item' failed to satisfy constraint: Member must not be null
                    """))
    }

    @Test func `broken constraints are told together, in the shape's order`() {
        #expect(
            endpoint(
                "PutItem", #"{"TableName": "abc;", "ReturnConsumedCapacity": "hi", "ReturnValues": "hi", "Item": null}"#
            )
                == validation(
                    """
                    4 validation errors detected: Value 'hi' at 'returnConsumedCapacity' failed to satisfy constraint: Member \
                    must satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'abc;' at 'tableName' failed to satisfy \
                    constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'hi' at 'returnValues' \
                    failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, \
                    UPDATED_NEW]; Value null at 'item' failed to satisfy constraint: Member must not be null
                    """))
    }

    @Test func `a path into lists counts from one`() {
        #expect(
            endpoint(
                "CreateTable",
                """
                {"TableName": "abc", "KeySchema": [{"KeyType": "HASH", "AttributeName": "a"}, {"KeyType": "x"}], \
                "AttributeDefinitions": []}
                """)
                == validation(
                    """
                    2 validation errors detected: Value null at 'keySchema.2.member.attributeName' failed to satisfy constraint: \
                    Member must not be null; Value 'x' at 'keySchema.2.member.keyType' failed to satisfy constraint: Member must \
                    satisfy enum value set: [HASH, RANGE]
                    """))
    }

    @Test func `a table's name is neither too short nor too long`() {
        func message(_ name: String, _ rule: String) -> String {
            validation(
                "1 validation error detected: Value '\(name)' at 'tableName' failed to satisfy constraint: Member must have length \(rule)"
            )
        }
        let long = String(repeating: "a", count: 256)
        for operation in ["DescribeTable", "DeleteTable", "DescribeTimeToLive", "DescribeContinuousBackups"] {
            for (name, rule) in [("ab", "greater than or equal to 3"), ("", "greater than or equal to 3")] {
                #expect(endpoint(operation, #"{"TableName": "\#(name)"}"#) == message(name, rule))
            }
            #expect(
                endpoint(operation, #"{"TableName": "\#(long)"}"#) == message(long, "less than or equal to 255"))
        }
        let key = #""Key": {"pk": {"S": "a"}}"#
        #expect(endpoint("GetItem", #"{"TableName": "", \#(key)}"#) == message("", "greater than or equal to 1"))
        #expect(endpoint("GetItem", #"{"TableName": "ab", \#(key)}"#).contains("ResourceNotFoundException"))
    }

    @Test(arguments: ["DescribeTable", "DeleteTable", "DescribeTimeToLive"])
    func `operations on tables ask for their table in words of their own`(operation: String) {
        #expect(
            endpoint(operation, "{}")
                == validation("The parameter 'TableName' is required but was not present in the request"))
    }

    @Test func `numbers have bounds`() {
        #expect(
            endpoint("ListTables", #"{"Limit": 0}"#)
                == validation(
                    """
                    1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value \
                    greater than or equal to 1
                    """))
        #expect(
            endpoint("ListTables", #"{"Limit": 101}"#)
                == validation(
                    """
                    1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value \
                    less than or equal to 100
                    """))
    }

    @Test(arguments: [
        ("DynamoDB_20120810.GetItem", #"{"TableName":"abc","Key":{"pk":{"S":"a"}}}"#, nil as String?),
        // What breaks a constraint only is for those to know who may ask.
        ("DynamoDB_20120810.GetItem", "{}", nil),
        ("DynamoDB_20120810.NoSuchThing", "{}", #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
        ("", "{}", #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
        ("", "{", #"{"__type":"com.amazon.coral.service#SerializationException"}"#),
        ("DynamoDB_20120810.GetItem", " ", #"{"__type":"com.amazon.coral.service#SerializationException"}"#),
        ("DynamoDB_20120810.GetItem", "", nil),
        ("DynamoDB_20120810.DescribeEndpoints", "", nil),
        ("DynamoDB_20120810.NoSuchThing", "", #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
        ("", "", #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
        (
            "DynamoDB_20120810.GetItem", #"{"TableName":"abc","Key":{"pk":{"S":1}}}"#,
            #"{"__type":"com.amazon.coral.service#SerializationException","Message":"NUMBER_VALUE cannot be converted to String"}"#
        ),
    ])
    func `before signatures come JSON, the operation and types, and nothing else`(
        target: String, body: String, expected: String?
    ) {
        let response = Array(body.utf8).withUnsafeBytes {
            endpoint.dispatcher.faultPrecedingAuthentication(target: target, body: $0)
        }
        #expect(response.map { String(decoding: $0.body, as: UTF8.self) } == expected)
    }
}
