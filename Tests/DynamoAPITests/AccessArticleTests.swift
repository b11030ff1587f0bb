import Synchronization
import Testing

@testable import DynamoAPI

/// What the article of capacity and access says of access, and no other test tries.
@Suite struct AccessArticleTests {
    @Test(arguments: [
        (
            "TransactWriteItems",
            #"{"TransactItems":[{"Put":{"TableName":"orders","Item":{"pk":{"S":"a"}}}},{"ConditionCheck":{"TableName":"orders","Key":{"pk":{"S":"b"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}"#,
            ["PutItem", "ConditionCheckItem"]
        ),
        ("ExecuteStatement", #"{"Statement":"SELECT * FROM \"orders\" WHERE pk = 'a'"}"#, ["PartiQLSelect"]),
        ("ExecuteStatement", #"{"Statement":"INSERT INTO \"orders\" VALUE {'pk': 'c'}"}"#, ["PartiQLInsert"]),
        ("ExecuteStatement", #"{"Statement":"UPDATE \"orders\" SET v = 1 WHERE pk = 'd'"}"#, ["PartiQLUpdate"]),
        ("ExecuteStatement", #"{"Statement":"DELETE FROM \"orders\" WHERE pk = 'e'"}"#, ["PartiQLDelete"]),
        (
            "BatchExecuteStatement",
            #"{"Statements":[{"Statement":"INSERT INTO \"orders\" VALUE {'pk': 'f'}"},{"Statement":"DELETE FROM \"orders\" WHERE pk = 'g'"}]}"#,
            ["PartiQLInsert", "PartiQLDelete"]
        ),
        (
            "UpdateTable", #"{"TableName":"orders","ReplicaUpdates":[{"Create":{"RegionName":"us-east-1"}}]}"#,
            ["UpdateTable", "CreateTableReplica"]
        ),
        (
            "UpdateTable", #"{"TableName":"orders","ReplicaUpdates":[{"Delete":{"RegionName":"us-east-1"}}]}"#,
            ["UpdateTable", "DeleteTableReplica"]
        ),
    ])
    func `a request takes each of its actions`(operation: String, body: String, actions: [String]) throws {
        let endpoint = try TestEndpoint()
        endpoint.createTable("orders")
        for missing in actions {
            let others = Dispatcher<TestRegion>.actions.filter { $0 != missing }
            let answer = endpoint.send(operation, body, as: Caller(name: "reports", actions: others))
            #expect(answer.contains("is not authorized to perform: dynamodb:\(missing) on resource: "))
        }
        let answer = endpoint.send(operation, body, as: Caller(name: "reports", actions: actions))
        #expect(!answer.contains("AccessDeniedException"))
    }

    @Test func `reading a stream takes the right to its table`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createTable(
            "orders", more: #","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}"#)
        let arn = endpoint.tree("DescribeTable", #"{"TableName":"orders"}"#)["Table"]["LatestStreamArn"].string
        for (table, isAllowed) in [("orders", true), ("other", false)] {
            let answer = endpoint.send(
                "DescribeStream", #"{"StreamArn":"\#(arn)"}"#, as: Caller(name: "reports", tables: [table]),
                service: .streams)
            #expect(answer.contains("AccessDeniedException") != isAllowed)
        }
    }

    @Test func `what is wrong is found in the article's order`() throws {
        let endpoint = try TestEndpoint()
        func precedesSignature(_ operation: String, _ body: String) -> String? {
            Array(body.utf8).withUnsafeBytes {
                endpoint.dispatcher.faultPrecedingAuthentication(
                    target: "\(DynamoService.dynamoDB.rawValue).\(operation)", body: $0)
            }.map { String(decoding: $0.body, as: UTF8.self) }
        }
        #expect(precedesSignature("Fly", "{}")?.contains("UnknownOperationException") == true)
        #expect(precedesSignature("GetItem", "{")?.contains("SerializationException") == true)
        #expect(precedesSignature("GetItem", #"{"TableName":1}"#)?.contains("SerializationException") == true)
        #expect(precedesSignature("GetItem", #"{"TableName":"!"}"#) == nil)
        let stranger = Caller(name: "reports", actions: ["Scan"])
        #expect(endpoint.send("GetItem", #"{"TableName":"!"}"#, as: stranger).contains("ValidationException"))
        let missing = #"{"TableName":"missing","Key":{"pk":{"S":"a"}}}"#
        #expect(endpoint.send("GetItem", missing, as: stranger).contains("AccessDeniedException"))
        #expect(endpoint.send("GetItem", missing, as: .unrestricted).contains("ResourceNotFoundException"))
    }

    @Test func `a policy that denies everything decides nothing`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createTable("orders")
        let policy =
            #"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"dynamodb:*\",\"Resource\":\"*\"}]}"#
        let arn = "arn:aws:dynamodb:eu-central-1:000000000000:table/orders"
        #expect(
            endpoint("PutResourcePolicy", #"{"ResourceArn":"\#(arn)","Policy":"\#(policy)"}"#).contains("RevisionId"))
        for caller in [Caller.unrestricted, Caller(name: "reports", actions: ["GetItem"])] {
            #expect(endpoint.send("GetItem", #"{"TableName":"orders","Key":{"pk":{"S":"a"}}}"#, as: caller) == "{}")
        }
    }
}

extension TestEndpoint {
    /// Sends a request as that caller, and returns the answer's body.
    fileprivate func send(
        _ operation: String, _ body: String, as caller: Caller, service: DynamoService = .dynamoDB
    ) -> String {
        let later = Mutex<APIResponse?>(nil)
        let now = dispatcher.answer(
            target: "\(service.rawValue).\(operation)", body: Array(body.utf8), caller: caller
        ) { response in
            later.withLock { $0 = response }
        }
        return (now ?? later.withLock { $0 }).map { String(decoding: $0.body, as: UTF8.self) } ?? "no answer"
    }
}
