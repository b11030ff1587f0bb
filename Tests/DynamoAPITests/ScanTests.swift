import Testing

@testable import DynamoAPI

@Suite struct ScanTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createIndexedTable()
        for number in 0..<6 {
            endpoint(
                "PutItem",
                #"""
                {"TableName":"indexed","Item":{"pk":{"S":"p\#(number)"},"sk":{"S":"s"},"v":{"N":"\#(number)"}
                \#(number % 2 == 0 ? #","g":{"S":"x"},"h":{"N":"\#(number)"}"# : "")}}
                """#)
        }
    }

    private func scan(_ parameters: String) -> String {
        endpoint("Scan", #"{"TableName":"indexed"\#(parameters)}"#)
    }

    @Test func `a scan of a sparse index finds the items that are in it`() {
        #expect(scan(#","Select":"COUNT""#) == #"{"Count":6,"ScannedCount":6}"#)
        #expect(scan(#","Select":"COUNT","IndexName":"all""#) == #"{"Count":3,"ScannedCount":3}"#)
        #expect(
            scan(
                #","IndexName":"include","FilterExpression":"v = :v","ExpressionAttributeValues":{":v":{"N":"2"}},"ReturnConsumedCapacity":"INDEXES""#
            )
                == #"{"Count":1,"Items":[{"g":{"S":"x"},"h":{"N":"2"},"pk":{"S":"p2"},"sk":{"S":"s"},"v":{"N":"2"}}],"ScannedCount":3,"ConsumedCapacity":{"TableName":"indexed","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"include":{"CapacityUnits":0.5}}}}"#
        )
    }

    @Test func `a scan may filter by the key`() {
        #expect(
            scan(
                #","FilterExpression":"pk = :p","ProjectionExpression":"v","ExpressionAttributeValues":{":p":{"S":"p3"}}"#
            )
                == #"{"Count":1,"Items":[{"v":{"N":"3"}}],"ScannedCount":6}"#)
    }

    @Test(arguments: [
        (
            #","Segment":0"#,
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
        ),
        (
            #","TotalSegments":2"#,
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
        ),
        (
            #","Segment":2,"TotalSegments":2"#,
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"
        ),
        (
            #","Segment":-1,"TotalSegments":1000001"#,
            "2 validation errors detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000; Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0"
        ),
        (
            #","ExclusiveStartKey":{"pk":{"S":"p"}}"#,
            "The provided starting key is invalid: The provided key element does not match the schema"
        ),
        (
            #","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":""}}"#,
            "The provided starting key is invalid: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"
        ),
        (
            #","IndexName":"keys","ConsistentRead":true"#,
            "Consistent reads are not supported on global secondary indexes"
        ),
        (
            #","ScanFilter":{},"FilterExpression":"a = :a""#,
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}"
        ),
    ])
    func `a scan that cannot be is told why`(parameters: String, message: String) {
        #expect(scan(parameters) == validation(message))
    }

    @Test func `a start key belongs to the segment that is read`() {
        let answers = (0..<4).map { segment in
            scan(
                #","Segment":\#(segment),"TotalSegments":4,"Select":"COUNT","ExclusiveStartKey":{"pk":{"S":"p1"},"sk":{"S":"s"}}"#
            )
        }
        let refused = answers.enumerated().filter { number, answer in
            answer
                == validation(
                    """
                    The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct \
                    Segment. TotalSegments: 4 Segment: \(number)
                    """)
        }
        #expect(refused.count == 3)
    }
}
