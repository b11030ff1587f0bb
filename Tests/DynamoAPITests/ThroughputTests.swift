import ItemModel
import RegionStore
import Testing

@testable import DynamoAPI

@Suite struct TokenBucketTests {
    @Test func `a new bucket holds five minutes of its rate, and no more comes`() {
        var bucket = TokenBucket(unitsPerSecond: 2, at: 1000)
        bucket.fill(unitsPerSecond: 2, at: 1_000_000)
        bucket.take(599)
        #expect(!bucket.isEmpty)
        bucket.take(1)
        #expect(bucket.isEmpty)
    }

    @Test func `a debt is paid before anything can be taken`() {
        var bucket = TokenBucket(unitsPerSecond: 10, at: 0)
        bucket.take(3050)
        bucket.fill(unitsPerSecond: 10, at: 5000)
        #expect(bucket.isEmpty)
        bucket.fill(unitsPerSecond: 10, at: 5001)
        #expect(!bucket.isEmpty)
    }

    @Test func `nothing comes while the clock is behind, and time goes on from there`() {
        var bucket = TokenBucket(unitsPerSecond: 1, at: 10_000)
        bucket.take(300)
        bucket.fill(unitsPerSecond: 1, at: 2000)
        #expect(bucket.isEmpty)
        bucket.fill(unitsPerSecond: 1, at: 3000)
        #expect(!bucket.isEmpty)
    }

    @Test func `what came before a rate was raised came at the old rate`() {
        var bucket = TokenBucket(unitsPerSecond: 1, at: 0)
        bucket.take(300)
        bucket.fill(unitsPerSecond: 1000, at: 100_000)
        bucket.take(100)
        #expect(bucket.isEmpty)
        bucket.fill(unitsPerSecond: 1000, at: 100_001)
        bucket.take(0.5)
        #expect(!bucket.isEmpty)
    }

    @Test func `a thread that has read the time earlier brings nothing twice`() {
        var bucket = TokenBucket(unitsPerSecond: 1, at: 0)
        bucket.take(310)
        for _ in 0..<100 {
            bucket.fill(unitsPerSecond: 1, at: 9900)
            bucket.fill(unitsPerSecond: 1, at: 9000)
        }
        #expect(bucket.isEmpty)
        bucket.fill(unitsPerSecond: 1, at: 10_100)
        #expect(!bucket.isEmpty)
    }

    @Test func `a lower rate keeps less`() {
        var bucket = TokenBucket(unitsPerSecond: 100, at: 0)
        bucket.fill(unitsPerSecond: 1, at: 0)
        bucket.take(300)
        #expect(bucket.isEmpty)
    }
}

@Suite struct ThroughputTests {
    private let endpoint: TestEndpoint
    private let arn = "arn:aws:dynamodb:eu-central-1:000000000000:table/provisioned"

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createProvisionedTable("provisioned", read: 1, write: 1)
        try endpoint.region.pass(milliseconds: 1)
    }

    private func tableFault(_ kind: String, _ arn: String? = nil) -> String {
        #"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.","ThrottlingReasons":[{"reason":"Table\#(kind)ProvisionedThroughputExceeded","resource":"\#(arn ?? self.arn)"}]}"#
    }

    /// Puts an item that takes 302 units: all that a new table with one write unit has, and two more.
    private func useUpWrites(of table: String = "provisioned") {
        #expect(endpoint("PutItem", endpoint.largePut(into: table)) == "{}")
    }

    /// Reads the large item until nothing is left to read with: 76 units each time.
    private func useUpReads(of table: String = "provisioned") {
        for _ in 0..<4 {
            endpoint("GetItem", #"{"TableName":"\#(table)","Key":{"pk":{"S":"large"}},"ConsistentRead":true}"#)
        }
    }

    @Test func `writes are refused when five minutes of capacity are used up, and taken again a moment later`() throws {
        useUpWrites()
        let put = #"{"TableName":"provisioned","Item":{"pk":{"S":"a"}}}"#
        let refused = endpoint.send("PutItem", put)
        #expect(refused.status == 400)
        #expect(refused.body == tableFault("Write"))
        #expect(endpoint("UpdateItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}"#) == tableFault("Write"))
        #expect(endpoint("DeleteItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}"#) == tableFault("Write"))
        #expect(endpoint("GetItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}"#) == "{}")
        try endpoint.region.pass(milliseconds: 2000)
        #expect(endpoint("PutItem", put) == "{}")
    }

    @Test func `reads of every kind are refused when nothing is left to read with`() throws {
        useUpWrites()
        useUpReads()
        #expect(endpoint("GetItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}"#) == tableFault("Read"))
        #expect(endpoint("Scan", #"{"TableName":"provisioned"}"#) == tableFault("Read"))
        #expect(
            endpoint(
                "Query",
                #"{"TableName":"provisioned","KeyConditionExpression":"pk = :k","ExpressionAttributeValues":{":k":{"S":"a"}}}"#
            ) == tableFault("Read"))
        #expect(
            endpoint("ExecuteStatement", #"{"Statement":"SELECT * FROM \"provisioned\" WHERE pk = 'a'"}"#)
                == tableFault("Read"))
        #expect(
            endpoint("BatchGetItem", #"{"RequestItems":{"provisioned":{"Keys":[{"pk":{"S":"a"}}]}}}"#)
                == tableFault("Read"))
        try endpoint.region.pass(milliseconds: 4500)
        #expect(endpoint("GetItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}"#) == "{}")
    }

    @Test func `a condition that fails takes capacity like the write`() throws {
        useUpWrites()
        try endpoint.region.pass(milliseconds: 10_000)
        // The item's 302 units leave a debt of 294.
        let failing =
            #"{"TableName":"provisioned","Key":{"pk":{"S":"large"}},"ConditionExpression":"attribute_exists(absent)"}"#
        #expect(endpoint("DeleteItem", failing).contains("ConditionalCheckFailedException"))
        #expect(endpoint("DeleteItem", failing) == tableFault("Write"))
        try endpoint.region.pass(milliseconds: 290_000)
        #expect(endpoint("DeleteItem", failing) == tableFault("Write"))
        try endpoint.region.pass(milliseconds: 5000)
        #expect(endpoint("DeleteItem", failing).contains("ConditionalCheckFailedException"))
    }

    @Test func `a batch is answered as far as there is capacity, and refused where there is none at all`() throws {
        endpoint.createTable("free")
        useUpWrites()
        let batch =
            #"{"RequestItems":{"free":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}],"provisioned":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}}]}}"#
        #expect(
            endpoint("BatchWriteItem", batch)
                == #"{"UnprocessedItems":{"provisioned":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}}]}}"#
        )
        let own = #"{"RequestItems":{"provisioned":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}}]}}"#
        #expect(endpoint("BatchWriteItem", own) == tableFault("Write"))
        useUpReads()
        #expect(
            endpoint(
                "BatchGetItem",
                #"{"RequestItems":{"free":{"Keys":[{"pk":{"S":"a"}}]},"provisioned":{"Keys":[{"pk":{"S":"a"}}],"ConsistentRead":true}}}"#
            )
                == #"{"Responses":{"free":[{"pk":{"S":"a"}}],"provisioned":[]},"UnprocessedKeys":{"provisioned":{"Keys":[{"pk":{"S":"a"}}],"ConsistentRead":true}}}"#
        )
    }

    @Test func `a batch of reads stops where the capacity ends`() throws {
        useUpWrites()
        try endpoint.region.pass(milliseconds: 2000)
        endpoint("PutItem", #"{"TableName":"provisioned","Item":{"pk":{"S":"small"}}}"#)
        for _ in 0..<3 {
            endpoint("GetItem", #"{"TableName":"provisioned","Key":{"pk":{"S":"large"}},"ConsistentRead":true}"#)
        }
        #expect(
            endpoint.tree(
                "BatchGetItem",
                #"{"RequestItems":{"provisioned":{"Keys":[{"pk":{"S":"large"}},{"pk":{"S":"x"}},{"pk":{"S":"small"}}],"ConsistentRead":true,"ProjectionExpression":"pk"}}}"#
            )["UnprocessedKeys"]["provisioned"]["Keys"].elements.count == 2)
    }

    @Test func `a transaction is cancelled, and says of which action`() throws {
        endpoint.createTable("free")
        useUpWrites()
        #expect(
            endpoint(
                "TransactWriteItems",
                #"{"TransactItems":[{"Put":{"TableName":"free","Item":{"pk":{"S":"a"}}}},{"Put":{"TableName":"provisioned","Item":{"pk":{"S":"a"}}}}]}"#
            )
                == #"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ProvisionedThroughputExceeded]","CancellationReasons":[{"Code":"None"},{"Code":"ProvisionedThroughputExceeded","Message":"The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}]}"#
        )
        #expect(endpoint("GetItem", #"{"TableName":"free","Key":{"pk":{"S":"a"}}}"#) == "{}")
        useUpReads()
        #expect(
            endpoint(
                "TransactGetItems",
                #"{"TransactItems":[{"Get":{"TableName":"provisioned","Key":{"pk":{"S":"a"}}}}]}"#
            ).contains("[ProvisionedThroughputExceeded]"))
    }

    @Test func `a transaction takes twice as much, of each step, and only when it is carried out`() throws {
        // 300 units: two puts take four, ten times thirty puts all.
        let put = { (key: Int) in
            #"{"Put":{"TableName":"provisioned","Item":{"pk":{"S":"\#(key)"}}}}"#
        }
        let fifteen = (0..<15).map(put).joined(separator: ",")
        for round in 0..<10 {
            #expect(
                endpoint("TransactWriteItems", #"{"TransactItems":[\#(fifteen)]}"#) == "{}", "round \(round)")
        }
        // Ten milliseconds have come since, so that one more is let in whole, whatever it takes.
        #expect(endpoint("TransactWriteItems", #"{"TransactItems":[\#(put(1)),\#(put(2))]}"#) == "{}")
        for _ in 0..<5 {
            #expect(
                endpoint("TransactWriteItems", #"{"TransactItems":[\#(put(1)),\#(put(2))]}"#)
                    .contains("[ProvisionedThroughputExceeded, ProvisionedThroughputExceeded]"))
        }
        // What was refused has taken nothing: the debt is that of the last one, four units.
        try endpoint.region.pass(milliseconds: 4100)
        #expect(endpoint("TransactWriteItems", #"{"TransactItems":[\#(put(1)),\#(put(2))]}"#) == "{}")
    }

    @Test func `a transaction that finds one table used up takes nothing of another`() throws {
        endpoint.createProvisionedTable("other", read: 1, write: 1)
        try endpoint.region.pass(milliseconds: 1)
        useUpWrites()
        let both =
            #"{"TransactItems":[{"Put":{"TableName":"other","Item":{"pk":{"S":"a"}}}},{"Put":{"TableName":"provisioned","Item":{"pk":{"S":"a"}}}}]}"#
        for _ in 0..<200 {
            #expect(endpoint("TransactWriteItems", both).contains("[None, ProvisionedThroughputExceeded]"))
        }
        // 300 units and a little are left of the other table: 302 are let in, and no more.
        #expect(endpoint("PutItem", endpoint.largePut(into: "other")) == "{}")
        #expect(
            endpoint("PutItem", #"{"TableName":"other","Item":{"pk":{"S":"a"}}}"#)
                == tableFault("Write", "arn:aws:dynamodb:eu-central-1:000000000000:table/other"))
    }

    @Test func `a check in a transaction costs like a write, whether it fails or not`() throws {
        useUpWrites()
        for condition in ["attribute_exists(absent)", "attribute_exists(pk)"] {
            try endpoint.region.pass(milliseconds: 700_000)
            let check =
                #"{"TransactItems":[{"ConditionCheck":{"TableName":"provisioned","Key":{"pk":{"S":"large"}},"ConditionExpression":"\#(condition)"}}]}"#
            #expect(!endpoint("TransactWriteItems", check).contains("ProvisionedThroughputExceeded"))
            // Twice 302 units of 300: a debt of 304.
            try endpoint.region.pass(milliseconds: 300_000)
            #expect(endpoint("TransactWriteItems", check).contains("[ProvisionedThroughputExceeded]"))
        }
    }

    @Test func `a transaction that comes again takes of the reads`() throws {
        useUpWrites()
        try endpoint.region.pass(milliseconds: 400_000)
        let transaction =
            #"{"TransactItems":[{"Update":{"TableName":"provisioned","Key":{"pk":{"S":"large"}},"UpdateExpression":"REMOVE g"}}],"ClientRequestToken":"t"}"#
        #expect(endpoint("TransactWriteItems", transaction) == "{}")
        // Twice 76 units each time.
        for _ in 0..<2 { #expect(endpoint("TransactWriteItems", transaction) == "{}") }
        #expect(endpoint("Scan", #"{"TableName":"provisioned"}"#) == tableFault("Read"))
    }

    @Test func `a local index takes of its table`() throws {
        let more =
            #", "LocalSecondaryIndexes": [{"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}]}]"#
        endpoint(
            "CreateTable",
            """
            {"TableName": "local", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, \
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, \
            {"AttributeName": "g", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, \
            {"AttributeName": "sk", "KeyType": "RANGE"}]\(more)}
            """)
        try endpoint.region.pass(milliseconds: 1)
        // 151 units of the table and as many of the index.
        let bytes = String(repeating: "A", count: 205_000)
        let item = #"{"pk":{"S":"a"},"sk":{"S":"a"},"g":{"S":"g"},"b":{"B":"\#(bytes)"}}"#
        #expect(endpoint("PutItem", #"{"TableName":"local","Item":\#(item)}"#) == "{}")
        #expect(
            endpoint("DeleteItem", #"{"TableName":"local","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}"#)
                == tableFault("Write", "arn:aws:dynamodb:eu-central-1:000000000000:table/local"))
    }

    @Test func `accounts that are full again are forgotten`() {
        let ledger = CapacityLedger()
        let limit = CapacityLimit(unitsPerSecond: 1, cause: .provisioned)
        func charge(_ table: UInt32, at time: UInt64) {
            let account = CapacityLedger.Account(table: TableID(rawValue: table), index: nil, kind: .read)
            ledger.charge([.init(account: account, limit: limit, units: 10)], at: time)
        }
        for table in 0..<5000 as Range<UInt32> { charge(table, at: UInt64(table) * 20_000) }
        #expect(ledger.accountCount <= 1025)
    }

    @Test func `a statement in a batch is throttled by itself`() {
        endpoint.createTable("free")
        useUpWrites()
        let answer = endpoint.tree(
            "BatchExecuteStatement",
            #"{"Statements":[{"Statement":"INSERT INTO \"provisioned\" VALUE {'pk':'a'}"},{"Statement":"INSERT INTO \"free\" VALUE {'pk':'a'}"}]}"#
        )
        #expect(answer["Responses"].elements[0]["Error"]["Code"] == .string("ProvisionedThroughputExceeded"))
        #expect(answer["Responses"].elements[1].text == #"{"TableName":"free"}"#)
    }

    @Test func `an index that has no capacity left refuses the writes that change it, and only those`() throws {
        endpoint.createProvisionedTable(
            "indexed", read: 1000, write: 1000,
            more: #"""
                , "GlobalSecondaryIndexes": [{"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}]
                """#)
        try endpoint.region.pass(milliseconds: 1)
        let index = "arn:aws:dynamodb:eu-central-1:000000000000:table/indexed/index/by-g"
        endpoint("PutItem", endpoint.largePut(into: "indexed"))
        #expect(
            endpoint("PutItem", #"{"TableName":"indexed","Item":{"pk":{"S":"a"},"g":{"S":"x"}}}"#)
                == #"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API","ThrottlingReasons":[{"reason":"IndexWriteProvisionedThroughputExceeded","resource":"\#(index)"}]}"#
        )
        #expect(endpoint("PutItem", #"{"TableName":"indexed","Item":{"pk":{"S":"a"}}}"#) == "{}")
        let query =
            #"{"TableName":"indexed","IndexName":"by-g","Select":"COUNT","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}}}"#
        for _ in 0..<8 { endpoint("Query", query) }
        #expect(
            endpoint("Query", query).contains(
                #"[{"reason":"IndexReadProvisionedThroughputExceeded","resource":"\#(index)"}]"#))
        #expect(endpoint.send("Scan", #"{"TableName":"indexed","Select":"COUNT"}"#).status == 200)
    }

    @Test func `an on-demand table's maxima throttle too, by another exception`() throws {
        endpoint.createTable(
            "maximum", more: #", "OnDemandThroughput": {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1}"#)
        try endpoint.region.pass(milliseconds: 1)
        useUpWrites(of: "maximum")
        #expect(
            endpoint("PutItem", #"{"TableName":"maximum","Item":{"pk":{"S":"a"}}}"#)
                == #"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Throughput exceeds the maximum OnDemandThroughput configured on table or index","throttlingReasons":[{"reason":"TableWriteMaxOnDemandThroughputExceeded","resource":"arn:aws:dynamodb:eu-central-1:000000000000:table/maximum"}]}"#
        )
        useUpReads(of: "maximum")
        #expect(
            endpoint("GetItem", #"{"TableName":"maximum","Key":{"pk":{"S":"a"}}}"#)
                .contains("TableReadMaxOnDemandThroughputExceeded"))
    }

    @Test func `more capacity counts from the next request on`() throws {
        useUpWrites()
        let put = #"{"TableName":"provisioned","Item":{"pk":{"S":"a"}}}"#
        #expect(endpoint("PutItem", put) == tableFault("Write"))
        endpoint(
            "UpdateTable",
            #"{"TableName":"provisioned","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1000}}"#)
        // What has come until it is first asked for came at the old rate.
        #expect(endpoint("PutItem", put) == tableFault("Write"))
        try endpoint.region.pass(milliseconds: 10)
        #expect(endpoint("PutItem", put) == "{}")
    }

    @Test func `nothing is throttled where the region says so`() throws {
        let endpoint = try TestEndpoint(configuration: APIConfiguration(isThrottling: false))
        endpoint.createProvisionedTable("provisioned", read: 1, write: 1)
        try endpoint.region.pass(milliseconds: 1)
        for _ in 0..<3 { #expect(endpoint("PutItem", endpoint.largePut(into: "provisioned")) == "{}") }
        #expect(endpoint("PutItem", #"{"TableName":"provisioned","Item":{"pk":{"S":"a"}}}"#) == "{}")
    }
}

extension TestEndpoint {
    /// A request that puts an item of 302 KB.
    func largePut(into table: String) -> String {
        let bytes = String(repeating: "A", count: 412_000)
        return #"{"TableName":"\#(table)","Item":{"pk":{"S":"large"},"g":{"S":"g"},"b":{"B":"\#(bytes)"}}}"#
    }

    func createProvisionedTable(_ name: String, read: Int, write: Int, more: String = "") {
        let index = more.isEmpty ? "" : #", {"AttributeName": "g", "AttributeType": "S"}"#
        self(
            "CreateTable",
            """
            {"TableName": "\(name)", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}\(index)], \
            "ProvisionedThroughput": {"ReadCapacityUnits": \(read), "WriteCapacityUnits": \(write)}, \
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]\(more)}
            """)
    }
}
