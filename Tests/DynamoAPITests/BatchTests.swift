import ItemModel
import Testing

@testable import DynamoAPI

@Suite struct BatchTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        endpoint.createIndexedTable()
    }

    @Test func `a batch of writes puts and deletes in several tables, and a batch of reads finds what is there`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"gone"}}}"#)
        #expect(
            endpoint(
                "BatchWriteItem",
                #"""
                {"RequestItems":{
                 "simple":[{"PutRequest":{"Item":{"pk":{"S":"a"},"v":{"N":"1"},"w":{"N":"2"}}}},
                  {"DeleteRequest":{"Key":{"pk":{"S":"gone"}}}}],
                 "indexed":[{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"g":{"S":"x"},"h":{"N":"1"}}}}]},
                 "ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"}
                """#)
                == #"{"UnprocessedItems":{},"ItemCollectionMetrics":{"indexed":[{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}]},"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":2.0,"Table":{"CapacityUnits":2.0}},{"TableName":"indexed","CapacityUnits":4.0,"Table":{"CapacityUnits":1.0},"GlobalSecondaryIndexes":{"all":{"CapacityUnits":1.0},"include":{"CapacityUnits":1.0},"keys":{"CapacityUnits":1.0}}}]}"#
        )
        #expect(
            endpoint(
                "BatchGetItem",
                #"""
                {"RequestItems":{
                 "simple":{"Keys":[{"pk":{"S":"gone"}},{"pk":{"S":"a"}}],"ProjectionExpression":"v","ConsistentRead":true},
                 "indexed":{"Keys":[{"pk":{"S":"a"},"sk":{"S":"b"}}],"AttributesToGet":["g"]}},
                 "ReturnConsumedCapacity":"TOTAL"}
                """#)
                == #"{"Responses":{"simple":[{"v":{"N":"1"}}],"indexed":[{"g":{"S":"x"}}]},"UnprocessedKeys":{},"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":2.0},{"TableName":"indexed","CapacityUnits":0.5}]}"#
        )
    }

    @Test func `keys beyond 16 MB of items are left, in a form that can be sent as it is`() {
        for number in 0..<60 {
            endpoint.put(
                ["pk": .string(Text("k\(number)")), "b": .binary([UInt8](repeating: 1, count: 300 * 1024))],
                into: "simple")
        }
        let keys = (0..<60).map { #"{"pk":{"S":"k\#($0)"}}"# }.joined(separator: ",")
        let first = endpoint.tree(
            "BatchGetItem",
            ##"""
            {"RequestItems":{"simple":{"Keys":[\##(keys)],"ConsistentRead":true,"ProjectionExpression":"#p",
             "ExpressionAttributeNames":{"#p":"pk"}}}}
            """##)
        let found = first["Responses"]["simple"].elements
        #expect(found.count == 54)
        let rest = first["UnprocessedKeys"]
        #expect(rest["simple"]["Keys"].elements.count == 6)
        #expect(rest["simple"]["ConsistentRead"] == .bool(true))
        let second = endpoint.tree("BatchGetItem", #"{"RequestItems":\#(rest.text)}"#)
        #expect(second["UnprocessedKeys"].members.isEmpty)
        let names = (found + second["Responses"]["simple"].elements).map { $0["pk"]["S"].string }
        #expect(names == (0..<60).map { "k\($0)" })
    }

    @Test(arguments: [
        (
            #"{}"#,
            "The requestItems parameter is required for BatchGetItem"
        ),
        (
            #"{"simple":{"Keys":[]}}"#,
            "1 validation error detected: Value '[]' at 'requestItems.simple.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ),
        (
            #"{"simple":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"a"}}]}}"#,
            "Provided list of item keys contains duplicates"
        ),
        (
            #"{"simple":{"Keys":[{"pk":{"S":"a"}}]},"arn:aws:dynamodb:eu-central-1:000000000000:table/simple":{"Keys":[{"pk":{"S":"a"}}]}}"#,
            "Provided list of item keys contains duplicates"
        ),
        (#"{"simple":{"Keys":[{"x":{"S":"a"}}]}}"#, "The provided key element does not match the schema"),
        (
            #"{"simple":{"Keys":[{"pk":{"S":"a"}}],"ProjectionExpression":"a","AttributesToGet":["a"]}}"#,
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        ),
    ])
    func `a batch of reads that cannot be is told why`(items: String, message: String) {
        #expect(endpoint("BatchGetItem", #"{"RequestItems":\#(items)}"#) == validation(message))
    }

    @Test func `a batch reads at most a hundred items and writes at most 25`() {
        func keys(_ count: Int) -> String { (0..<count).map { #"{"pk":{"S":"\#($0)"}}"# }.joined(separator: ",") }
        #expect(
            endpoint(
                "BatchGetItem", #"{"RequestItems":{"simple":{"Keys":[\#(keys(99))]},"indexed":{"Keys":[\#(keys(2))]}}}"#
            )
                == validation("Too many items requested for the BatchGetItem call"))
        #expect(
            endpoint("BatchGetItem", #"{"RequestItems":{"simple":{"Keys":[\#(keys(101))]}}}"#)
                == validation(
                    "1 validation error detected: Value at 'RequestItems.simple.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100"
                ))
        func deletes(_ count: Int) -> String {
            (0..<count).map { #"{"DeleteRequest":{"Key":{"pk":{"S":"\#($0)"}}}}"# }.joined(separator: ",")
        }
        #expect(
            endpoint("BatchWriteItem", #"{"RequestItems":{"simple":[\#(deletes(25))]}}"#) == #"{"UnprocessedItems":{}}"#
        )
        #expect(
            endpoint("BatchWriteItem", #"{"RequestItems":{"simple":[\#(deletes(24))],"indexed":[\#(deletes(2))]}}"#)
                == validation("Too many items requested for the BatchWriteItem call"))
        #expect(
            endpoint("BatchWriteItem", #"{"RequestItems":{"simple":[\#(deletes(26))]}}"#)
                .hasSuffix(
                    "failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]\"}"
                ))
    }

    @Test(arguments: [
        (#"{"simple":[{}]}"#, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"a"}}},"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}"#,
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}"#,
            "Provided list of item keys contains duplicates"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}},{"PutRequest":{"Item":{"x":{"S":"a"}}}}]}"#,
            "The provided key element does not match the schema"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"N":"1"}}}}]}"#,
            "The provided key element does not match the schema"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"M":{}}}}}]}"#,
            "The provided key element does not match the schema"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":""}}}}]}"#,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}},{"DeleteRequest":{"Key":{"x":{"S":"a"}}}}]}"#,
            "The provided key element does not match the schema"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}}],"indexed":[{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"b"},"h":{"S":"1"}}}}]}"#,
            "One or more parameter values were invalid: Type mismatch for Index Key h Expected: N Actual: S IndexName: all"
        ),
        (
            #"{"simple":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}},{"PutRequest":{"Item":{"pk":{"S":"a"},"t":{"S":"\#(String(repeating: "x", count: 400 * 1024))"}}}}]}"#,
            "Item size has exceeded the maximum allowed size"
        ),
    ])
    func `a batch of writes with one that cannot be writes none`(items: String, message: String) {
        #expect(endpoint("BatchWriteItem", #"{"RequestItems":\#(items)}"#) == validation(message))
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"n"}}}"#) == "{}")
    }

    @Test func `a batch with a table that is not there does nothing`() {
        let expected = fault("ResourceNotFoundException", "Requested resource not found")
        #expect(
            endpoint(
                "BatchWriteItem",
                #"""
                {"RequestItems":{"simple":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}}],
                 "nothing":[{"PutRequest":{"Item":{"pk":{"S":"n"}}}}]}}
                """#) == expected)
        #expect(endpoint("BatchGetItem", #"{"RequestItems":{"nothing":{"Keys":[{"pk":{"S":"n"}}]}}}"#) == expected)
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"n"}}}"#) == "{}")
    }

    @Test func `a writer that has too much to do throttles the whole batch`() {
        endpoint.region.setOverloaded(true)
        #expect(
            endpoint("BatchWriteItem", #"{"RequestItems":{"simple":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}}"#)
                == fault("ThrottlingException", "Rate of requests exceeds the allowed throughput."))
    }
}
