import ItemModel
import RegionStore
import Testing

@testable import DynamoAPI

@Suite struct QueryTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createIndexedTable()
        for (sort, rest) in [
            ("a", #""g":{"S":"x"},"h":{"N":"2"},"l":{"S":"3"},"v":{"N":"1"}"#),
            ("b", #""g":{"S":"x"},"h":{"N":"1"},"l":{"S":"2"},"v":{"N":"2"},"w":{"S":"w"}"#),
            ("c", #""g":{"S":"y"},"h":{"N":"1"},"v":{"N":"3"}"#),
        ] {
            endpoint("PutItem", #"{"TableName":"indexed","Item":{"pk":{"S":"p"},"sk":{"S":"\#(sort)"},\#(rest)}}"#)
        }
    }

    private func query(_ parameters: String) -> JSONTree {
        endpoint.tree("Query", #"{"TableName":"indexed",\#(parameters)}"#)
    }

    /// The sort keys that a query finds, in order.
    private func sorts(_ parameters: String) -> String {
        query(parameters)["Items"].elements.map { $0["sk"]["S"].string }.joined()
    }

    private static let partition = #""KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}"#
    private static let global = #""KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}"#

    @Test func `a partition comes in the order of its sort keys, forwards and backwards`() {
        #expect(sorts(Self.partition) == "abc")
        #expect(sorts(Self.partition + #","ScanIndexForward":false"#) == "cba")
        #expect(
            endpoint(
                "Query",
                #"""
                {"TableName":"indexed","KeyConditionExpression":"pk = :p AND begins_with(sk, :s)",
                 "ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"a"}}}
                """#)
                == #"{"Count":1,"Items":[{"g":{"S":"x"},"h":{"N":"2"},"l":{"S":"3"},"pk":{"S":"p"},"sk":{"S":"a"},"v":{"N":"1"}}],"ScannedCount":1}"#
        )
        #expect(
            endpoint(
                "Query",
                #"{"TableName":"indexed","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"-"}}}"#
            ) == #"{"Count":0,"Items":[],"ScannedCount":0}"#)
    }

    @Test func `a filter takes items out after the limit has counted them`() {
        let filtered = #"""
            "KeyConditionExpression":"pk = :p","FilterExpression":"v > :v","ProjectionExpression":"v",
            "ExpressionAttributeValues":{":p":{"S":"p"},":v":{"N":"1"}}
            """#
        #expect(
            query(filtered).text == #"{"Count":2,"Items":[{"v":{"N":"2"}},{"v":{"N":"3"}}],"ScannedCount":3}"#)
        #expect(
            query(filtered + #","Limit":1"#).text
                == #"{"Count":0,"Items":[],"ScannedCount":1,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"a"}}}"#)
    }

    @Test func `a count has no items`() {
        #expect(query(Self.partition + #","Select":"COUNT""#).text == #"{"Count":3,"ScannedCount":3}"#)
    }

    @Test func `a global index is read in the order of its own keys, with what it holds`() {
        #expect(sorts(Self.global + #","IndexName":"all""#) == "ba")
        #expect(
            query(Self.global + #","IndexName":"keys","Limit":1"#).text
                == #"{"Count":1,"Items":[{"g":{"S":"x"},"h":{"N":"1"},"pk":{"S":"p"},"sk":{"S":"b"}}],"ScannedCount":1,"LastEvaluatedKey":{"g":{"S":"x"},"h":{"N":"1"},"pk":{"S":"p"},"sk":{"S":"b"}}}"#
        )
        #expect(
            query(Self.global + #","IndexName":"include","ProjectionExpression":"v, h""#).text
                == #"{"Count":2,"Items":[{"h":{"N":"1"},"v":{"N":"2"}},{"h":{"N":"2"},"v":{"N":"1"}}],"ScannedCount":2}"#
        )
    }

    @Test func `a local index fetches from the table what it does not hold`() {
        let local = Self.partition + #","IndexName":"local","ReturnConsumedCapacity":"INDEXES""#
        #expect(
            endpoint("Query", #"{"TableName":"indexed",\#(local)}"#)
                == #"{"Count":2,"Items":[{"l":{"S":"2"},"pk":{"S":"p"},"sk":{"S":"b"}},{"l":{"S":"3"},"pk":{"S":"p"},"sk":{"S":"a"}}],"ScannedCount":2,"ConsumedCapacity":{"TableName":"indexed","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"LocalSecondaryIndexes":{"local":{"CapacityUnits":0.5}}}}"#
        )
        #expect(
            query(local + #","Select":"ALL_ATTRIBUTES""#)["Items"].elements.map { $0["v"]["N"].string } == ["2", "1"])
    }

    @Test func `capacity is that of all that was evaluated, rounded up once`() {
        let text = String(repeating: "x", count: 3000)
        for sort in ["a", "b", "c"] {
            endpoint(
                "PutItem",
                #"{"TableName":"indexed","Item":{"pk":{"S":"q"},"sk":{"S":"\#(sort)"},"t":{"S":"\#(text)"}}}"#)
        }
        let body = #"""
            {"TableName":"indexed","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"q"}},
             "Select":"COUNT","ReturnConsumedCapacity":"TOTAL"
            """#
        #expect(
            endpoint("Query", body + "}")
                == #"{"Count":3,"ScannedCount":3,"ConsumedCapacity":{"TableName":"indexed","CapacityUnits":1.5}}"#)
        #expect(
            endpoint("Query", body + #","ConsistentRead":true}"#)
                == #"{"Count":3,"ScannedCount":3,"ConsumedCapacity":{"TableName":"indexed","CapacityUnits":3.0}}"#)
    }

    @Test func `a page ends with the item that makes it a megabyte`() {
        for number in 0..<10 {
            endpoint.put(
                [
                    "pk": .string("big"), "sk": .string(Text("\(number)")),
                    "b": .binary([UInt8](repeating: 1, count: 300_000)),
                ],
                into: "indexed")
        }
        let pages = endpoint.pages(
            "Query",
            #"""
            "TableName":"indexed","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"big"}},
            "ProjectionExpression":"sk"
            """#)
        #expect(pages.map { $0["Count"].integer } == [4, 4, 2])
        #expect(
            pages.flatMap { $0["Items"].elements.map { $0["sk"]["S"].string } }.joined() == "0123456789")
    }

    @Test(arguments: [
        (
            #""Limit":1"#,
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        ),
        (partition + #","IndexName":"none""#, "The table does not have the specified index: none"),
        (
            global + #","IndexName":"all","ConsistentRead":true"#,
            "Consistent reads are not supported on global secondary indexes"
        ),
        (
            global + #","IndexName":"keys","Select":"ALL_ATTRIBUTES""#,
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection type is not ALL"
        ),
        (
            global + #","IndexName":"include","ProjectionExpression":"v, w, z.a""#,
            "One or more parameter values were invalid: Global secondary index include does not project [w, z]"
        ),
        (
            #""KeyConditionExpression":"g = :g","FilterExpression":"w = :g","ExpressionAttributeValues":{":g":{"S":"x"}},"IndexName":"keys""#,
            "One or more parameter values were invalid: Global secondary index keys does not project one or more filter attributes: [w]"
        ),
        (
            partition + #","Select":"ALL_PROJECTED_ATTRIBUTES""#,
            "1 validation error detected: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        ),
        (
            partition + #","Select":"SPECIFIC_ATTRIBUTES""#,
            "1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        ),
        (
            partition + #","Select":"COUNT","ProjectionExpression":"v""#,
            "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get only the Count"
        ),
        (
            #""KeyConditionExpression":"pk = :p","FilterExpression":"sk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}"#,
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"
        ),
        (
            #""KeyConditionExpression":"sk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}"#,
            "Query condition missed key schema element: pk"
        ),
        (
            #""KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":""}}"#,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
        ),
        (
            #""KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"N":"1"}}"#,
            "One or more parameter values were invalid: Condition parameter type does not match schema type"
        ),
        (partition + #","ExclusiveStartKey":{"pk":{"S":"p"}}"#, "The provided starting key is invalid"),
        (
            partition + #","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"N":"1"}}"#,
            "The provided key element does not match the schema"
        ),
        (
            partition + #","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"N":"x"}}"#,
            "The provided starting key is invalid: The parameter cannot be converted to a numeric value: x"
        ),
        (
            partition + #","ExclusiveStartKey":{"pk":{"S":"q"},"sk":{"S":"a"}}"#,
            "The provided starting key is outside query boundaries based on provided conditions"
        ),
        (
            #""KeyConditionExpression":"pk = :p AND sk > :s","ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"b"}},"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"a"}}"#,
            "The provided starting key does not match the range key predicate"
        ),
        (
            global + #","IndexName":"all","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"a"}}"#,
            "The provided starting key is invalid"
        ),
        (
            global
                + #","IndexName":"all","ExclusiveStartKey":{"pk":{"N":"1"},"sk":{"S":"a"},"g":{"S":"x"},"h":{"N":"2"}}"#,
            "The provided starting key is invalid: The provided key element does not match the schema"
        ),
        (
            global
                + #","IndexName":"all","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"a"},"g":{"S":"x"},"h":{"S":"2"}}"#,
            "The provided key element does not match the schema"
        ),
    ])
    func `a query that cannot be is told why`(parameters: String, message: String) {
        #expect(endpoint("Query", #"{"TableName":"indexed",\#(parameters)}"#) == validation(message))
    }

    @Test func `what to select is refused in an envelope by Query and without one by Scan`() {
        let key = #""KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}"#
        for (parameters, message) in [
            (
                #""Select":"ALL_ATTRIBUTES","ProjectionExpression":"v""#,
                "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"
            ),
            (
                #""Select":"COUNT","ProjectionExpression":"v""#,
                "Cannot specify the ProjectionExpression when choosing to get only the Count"
            ),
            (
                #""Select":"SPECIFIC_ATTRIBUTES""#,
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            ),
            (
                #""Select":"ALL_PROJECTED_ATTRIBUTES""#,
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            ),
        ] {
            #expect(
                endpoint("Query", #"{"TableName":"indexed",\#(key),\#(parameters)}"#)
                    == validation("1 validation error detected: \(message)"))
            #expect(endpoint("Scan", #"{"TableName":"indexed",\#(parameters)}"#) == validation(message))
        }
        #expect(
            endpoint("Scan", #"{"TableName":"indexed","Select":"COUNT","AttributesToGet":["v"]}"#)
                == validation("Cannot specify the AttributesToGet when choosing to get only the Count"))
    }

    @Test func `a limit below one is told with its value by Scan and without it by Query`() {
        let rule = "failed to satisfy constraint: Member must have value greater than or equal to 1"
        let key = #""KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}"#
        #expect(
            endpoint("Query", #"{"TableName":"indexed",\#(key),"Limit":0}"#)
                == validation("1 validation error detected: Value at 'Limit' \(rule)"))
        #expect(
            endpoint("Scan", #"{"TableName":"indexed","Limit":0}"#)
                == validation("1 validation error detected: Value '0' at 'limit' \(rule)"))
    }

    @Test func `a query of one item has no second page`() {
        endpoint.createTable("simple")
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"p"}}}"#)
        let query = #"{"TableName":"simple","Limit":1,\#(Self.partition)"#
        #expect(endpoint("Query", query + "}") == #"{"Count":1,"Items":[{"pk":{"S":"p"}}],"ScannedCount":1}"#)
        #expect(
            endpoint("Query", query + #","ExclusiveStartKey":{"pk":{"S":"p"}}}"#)
                == validation(
                    "The provided exclusive start key is invalid: ExclusiveStartKey: {pk=AttributeValue: {S:p}}"))
        #expect(
            endpoint("Query", query + #","ExclusiveStartKey":{"pk":{"S":"q"}}}"#)
                == validation("The provided starting key is outside query boundaries based on provided conditions"))
    }

    @Test func `a start key need not be that of an item`() {
        #expect(sorts(Self.partition + #","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"aa"}}"#) == "bc")
        #expect(
            sorts(Self.partition + #","ScanIndexForward":false,"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"aa"}}"#)
                == "a")
    }

    @Test func `a query may take long and a read of one item does not`() {
        for (operation, mayTakeLong) in [("Query", true), ("Scan", true), ("BatchGetItem", true), ("GetItem", false)] {
            #expect(endpoint.dispatcher.mayTakeLong(target: "DynamoDB_20120810.\(operation)") == mayTakeLong)
        }
    }
}

extension TestEndpoint {
    /// Makes the table `indexed`: keys `pk` and `sk`; global indexes `all`, `keys` and `include` (of `v`) on `g` and the number `h`; a
    /// local index `local` on `l` with the keys only.
    func createIndexedTable() {
        let definitions = ["pk:S", "sk:S", "g:S", "h:N", "l:S"].map { definition in
            let parts = definition.split(separator: ":")
            return #"{"AttributeName":"\#(parts[0])","AttributeType":"\#(parts[1])"}"#
        }
        func schema(_ hash: String, _ range: String) -> String {
            #"[{"AttributeName":"\#(hash)","KeyType":"HASH"},{"AttributeName":"\#(range)","KeyType":"RANGE"}]"#
        }
        let globals = [
            ("all", #"{"ProjectionType":"ALL"}"#), ("keys", #"{"ProjectionType":"KEYS_ONLY"}"#),
            ("include", #"{"ProjectionType":"INCLUDE","NonKeyAttributes":["v"]}"#),
        ].map { #"{"IndexName":"\#($0)","KeySchema":\#(schema("g", "h")),"Projection":\#($1)}"# }
        self(
            "CreateTable",
            #"""
            {"TableName":"indexed","BillingMode":"PAY_PER_REQUEST",
             "AttributeDefinitions":[\#(definitions.joined(separator: ","))],"KeySchema":\#(schema("pk", "sk")),
             "GlobalSecondaryIndexes":[\#(globals.joined(separator: ","))],
             "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":\#(schema("pk", "l")),
              "Projection":{"ProjectionType":"KEYS_ONLY"}}]}
            """#)
    }

    /// Puts an item without the way through JSON, which takes long for large ones.
    func put(_ item: Item, into name: Text) {
        guard let table = region.reader.table(named: name) else {
            Issue.record("no table \(name)")
            return
        }
        region.submit(.write(ItemWrite(table: table, action: .put(item)))) { _ in }
    }
}
