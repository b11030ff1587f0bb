import TestSupport
import Testing

@testable import DynamoAPI

/// Requests that no client means to send: each gets an answer of the 400s, or does what it says; none traps or is our own fault.
@Suite struct HostileRequestTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createIndexedTable()
        for number in 0..<3 {
            endpoint(
                "PutItem",
                #"{"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"S":"\#(number)"},"g":{"S":"g"},"h":{"N":"\#(number)"}}}"#
            )
        }
    }

    /// One request of each kind that is as rich as it can be.
    private static let requests: [(operation: String, body: String)] = [
        (
            "PutItem",
            ##"""
            {"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"S":"0"},"m":{"M":{"l":{"L":[{"N":"1e3"},{"B":"AAEC"}]}}},
             "ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA==","Ag=="]},"t":{"BOOL":true},"z":{"NULL":true}},
             "ConditionExpression":"attribute_exists(#p) AND size(m.l[0]) < :n","ExpressionAttributeNames":{"#p":"pk"},
             "ExpressionAttributeValues":{":n":{"N":"5"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES",
             "ReturnItemCollectionMetrics":"SIZE","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}
            """##
        ),
        (
            "PutItem",
            #"""
            {"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"S":"0"}},"ConditionalOperator":"OR",
             "Expected":{"a":{"Exists":false},"h":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"1"},{"N":"2"}]}}}
            """#
        ),
        (
            "UpdateItem",
            ##"""
            {"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"S":"0"}},
             "UpdateExpression":"SET #a = if_not_exists(#a, :z) + :n, k = list_append(:l, :l) REMOVE b ADD s :s DELETE q :s",
             "ExpressionAttributeNames":{"#a":"counter"},"ReturnValues":"UPDATED_NEW",
             "ExpressionAttributeValues":{":z":{"N":"0"},":n":{"N":"1"},":l":{"L":[]},":s":{"SS":["x"]}}}
            """##
        ),
        (
            "UpdateItem",
            #"""
            {"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"S":"1"}},
             "AttributeUpdates":{"h":{"Action":"ADD","Value":{"N":"1"}},"x":{"Action":"DELETE"},"y":{"Value":{"S":"a"}}}}
            """#
        ),
        ("DeleteItem", #"{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"S":"2"}},"ReturnValues":"ALL_OLD"}"#),
        (
            "GetItem",
            #"{"TableName":"indexed","Key":{"pk":{"S":"p"},"sk":{"S":"1"}},"ProjectionExpression":"a.b[3], pk"}"#
        ),
        (
            "Query",
            #"""
            {"TableName":"indexed","IndexName":"local","KeyConditionExpression":"pk = :p AND l BETWEEN :p AND :q",
             "FilterExpression":"NOT contains(g, :p) OR h IN (:n, :n)","Select":"ALL_ATTRIBUTES","Limit":2,
             "ExpressionAttributeValues":{":p":{"S":"p"},":q":{"S":"q"},":n":{"N":"1"}},"ScanIndexForward":false,
             "ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"1"},"l":{"S":"p"}},"ReturnConsumedCapacity":"TOTAL"}
            """#
        ),
        (
            "Query",
            #"""
            {"TableName":"indexed","KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"p"}]}},
             "QueryFilter":{"h":{"ComparisonOperator":"NOT_NULL"}},"AttributesToGet":["h","g"],"ConsistentRead":true}
            """#
        ),
        (
            "Scan",
            #"""
            {"TableName":"indexed","IndexName":"all","Segment":1,"TotalSegments":3,"Limit":1,
             "ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"1"},"g":{"S":"g"},"h":{"N":"1"}}}
            """#
        ),
        (
            "BatchGetItem",
            #"""
            {"RequestItems":{"indexed":{"Keys":[{"pk":{"S":"p"},"sk":{"S":"1"}},{"pk":{"S":"p"},"sk":{"S":"2"}}],
             "ConsistentRead":true,"AttributesToGet":["h"]}},"ReturnConsumedCapacity":"INDEXES"}
            """#
        ),
        (
            "BatchWriteItem",
            #"""
            {"RequestItems":{"indexed":[{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"S":"1"},"h":{"N":"3"}}}},
             {"DeleteRequest":{"Key":{"pk":{"S":"p"},"sk":{"S":"2"}}}}]},"ReturnItemCollectionMetrics":"SIZE"}
            """#
        ),
        (
            "CreateTable",
            #"""
            {"TableName":"other","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},
             {"AttributeName":"b","AttributeType":"N"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],
             "GlobalSecondaryIndexes":[{"IndexName":"idx","KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],
             "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]}}],"Tags":[{"Key":"k","Value":"v"}],
             "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}
            """#
        ),
        (
            "UpdateTable",
            #"""
            {"TableName":"indexed","ReplicaUpdates":[{"Update":{"RegionName":"us-east-1","TableClassOverride":"STANDARD",
             "GlobalSecondaryIndexes":[{"IndexName":"all","OnDemandThroughputOverride":{"MaxReadRequestUnits":5}}]}}]}
            """#
        ),
        (
            "UpdateTable",
            #"""
            {"TableName":"indexed","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},
             "GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"all","ProvisionedThroughput":{"ReadCapacityUnits":1,
             "WriteCapacityUnits":1}}}],"StreamSpecification":{"StreamEnabled":false}}
            """#
        ),
        ("ListTables", #"{"Limit":1,"ExclusiveStartTableName":"abc"}"#),
        ("DescribeTable", #"{"TableName":"arn:aws:dynamodb:eu-central-1:000000000000:table/indexed"}"#),
    ]

    private func check(_ operation: String, _ body: [UInt8]) {
        let (status, answer) = endpoint.send(operation, body)
        #expect(status == 200 || status == 400, "\(operation) \(String(decoding: body, as: UTF8.self)): \(answer)")
        #expect(JSONTree(answer) != .null, "\(operation) \(String(decoding: body, as: UTF8.self)): \(answer)")
    }

    @Test func `the requests that are damaged below are good ones`() {
        for (operation, body) in Self.requests where operation != "UpdateTable" {
            let (status, answer) = endpoint.send(operation, body)
            let isExpected =
                status == 200 || answer.contains("ConditionalCheckFailed") || answer.contains("correct Segment")
            #expect(isExpected, "\(operation): \(answer)")
        }
    }

    @Test(arguments: requests.indices)
    func `a request with damaged bytes gets an answer`(index: Int) {
        let (operation, body) = Self.requests[index]
        var generator = SplitMix64(seed: UInt64(index))
        for _ in 0..<300 {
            var bytes = Array(body.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array(#"{}[]",:\0-1eE."#.utf8).randomElement(using: &generator) ?? 0, at: place)
                case 3: bytes.removeLast(Int.random(in: 0...min(3, bytes.count), using: &generator))
                default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
                }
            }
            check(operation, bytes)
        }
    }

    @Test(arguments: requests.indices)
    func `a request with a value of another kind in it gets an answer`(index: Int) {
        let (operation, body) = Self.requests[index]
        var generator = SplitMix64(seed: UInt64(index))
        let strangers = [
            "null", "true", "0", "-1", "1.5", "1e999", "-1e999", "99999999999999999999", #""""#, #""\u0000""#, #""é""#,
            "[]",
            "{}", "[[]]", "[null]", #"{"":{}}"#, #"{"S":"a"}"#, #"{"N":"1"}"#, #"{"M":{"":{"S":""}}}"#,
            #"{"L":[\#(String(repeating: "{\"L\":[", count: 40))\#(String(repeating: "]}", count: 40))]}"#,
        ]
        let places = Self.values(in: Array(body.utf8))
        for place in places {
            for _ in 0..<4 {
                var bytes = Array(body.utf8)
                bytes.replaceSubrange(place, with: (strangers.randomElement(using: &generator) ?? "null").utf8)
                check(operation, bytes)
            }
        }
    }

    /// Where the strings, numbers and containers of a text stand, roughly.
    private static func values(in bytes: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var open: [Int] = []
        var quote: Int?
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") {
                if let start = quote {
                    places.append(start..<index + 1)
                    quote = nil
                } else {
                    quote = index
                }
            } else if quote == nil, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                open.append(index)
            } else if quote == nil, byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]"), let start = open.popLast() {
                places.append(start..<index + 1)
            }
        }
        return places
    }

    @Test func `no request, no body and no name is an answer too`() {
        for operation in ["", "GetItem.", "getitem", "\u{0}", String(repeating: "x", count: 10_000)] {
            check(operation, Array("{}".utf8))
        }
        for body in ["null", "[]", "0", #""""#, "{}", "true", String(repeating: "[", count: 100_000)] {
            for (operation, _) in Self.requests { check(operation, Array(body.utf8)) }
        }
    }

    /// Of tens of thousands of names in the worst order, steps quadratic in their number would be seen as minutes.
    @Test(.timeLimit(.minutes(1))) func `a request of very many names takes no time that is quadratic in them`() {
        let count = 40_000
        let names = (0..<count).map { "name\(1_000_000 - $0)" } + ["name1000000"]
        let values = names.map { #""\#($0)":{"N":"1"}"# }.joined(separator: ",")
        let placeholders = names.map { #"":\#($0)":{"N":"1"}"# }.joined(separator: ",")
        let updates = names.map { #""\#($0)":{"Action":"DELETE"}"# }.joined(separator: ",")
        let definitions = names.map { #"{"AttributeName":"\#($0)","AttributeType":"S"}"# }.joined(separator: ",")
        let list = names.map { #""\#($0)""# }.joined(separator: ",")
        let key = #""pk":{"S":"p"},"sk":{"S":"many"}"#
        for (operation, body) in [
            ("PutItem", #"{"TableName":"indexed","Item":{\#(key),\#(values)}}"#),
            ("GetItem", #"{"TableName":"indexed","Key":{\#(key)},"AttributesToGet":[\#(list)]}"#),
            (
                "UpdateItem",
                #"{"TableName":"indexed","Key":{\#(key)},"UpdateExpression":"REMOVE a","ExpressionAttributeValues":{\#(placeholders)}}"#
            ),
            ("UpdateItem", #"{"TableName":"indexed","Key":{\#(key)},"AttributeUpdates":{\#(updates)}}"#),
            (
                "CreateTable",
                #"""
                {"TableName":"wide","AttributeDefinitions":[\#(definitions)],
                 "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}
                """#
            ),
        ] {
            let (status, _) = endpoint.send(operation, body)
            #expect(status == 200 || status == 400)
        }
    }
}
