import Synchronization
import TestSupport
import Testing

@testable import DynamoAPI

@Suite struct AuthorizationTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createIndexedTable()
        endpoint.createTable("simple")
    }

    private func send(_ operation: String, _ body: String, as caller: Caller) -> String {
        let later = Mutex<APIResponse?>(nil)
        let service: DynamoService = ["GetRecords", "ListStreams"].contains(operation) ? .streams : .dynamoDB
        let now = endpoint.dispatcher.answer(
            target: "\(service.rawValue).\(operation)", body: Array(body.utf8), caller: caller
        ) { response in
            later.withLock { $0 = response }
        }
        return (now ?? later.withLock { $0 }).map { String(decoding: $0.body, as: UTF8.self) } ?? "no answer"
    }

    private func denial(_ action: String, _ resource: String) -> String {
        #"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:iam::000000000000:user/reports is not authorized to perform: dynamodb:\#(action) on resource: arn:aws:dynamodb:eu-central-1:000000000000:table/\#(resource) because no identity-based policy allows the dynamodb:\#(action) action"}"#
    }

    @Test func `a caller does what it is allowed, and nothing else`() {
        let caller = Caller(name: "reports", actions: ["GetItem", "Describe*"])
        #expect(send("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#, as: caller) == "{}")
        #expect(send("DescribeTable", #"{"TableName":"simple"}"#, as: caller).contains("TableArn"))
        #expect(
            send("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}}}"#, as: caller)
                == denial("PutItem", "simple"))
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#) == "{}")
    }

    @Test(arguments: [
        (
            "Query",
            #"{"TableName":"indexed","IndexName":"all","KeyConditionExpression":"g=:g","ExpressionAttributeValues":{":g":{"S":"a"}}}"#,
            "Query", "indexed/index/all"
        ),
        ("Scan", #"{"TableName":"arn:aws:dynamodb:eu-central-1:000000000000:table/indexed"}"#, "Scan", "indexed"),
        ("ListTables", "{}", "ListTables", "*"),
        (
            "UpdateTable", #"{"TableName":"indexed","ReplicaUpdates":[{"Delete":{"RegionName":"us-east-1"}}]}"#,
            "UpdateTable",
            "indexed"
        ),
        (
            "BatchGetItem",
            #"{"RequestItems":{"simple":{"Keys":[{"pk":{"S":"a"}}]},"indexed":{"Keys":[{"pk":{"S":"a"},"sk":{"S":"a"}}]}}}"#,
            "BatchGetItem", "indexed"
        ),
        (
            "TransactWriteItems",
            #"{"TransactItems":[{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"}}}},{"Delete":{"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"a"}}}}]}"#,
            "DeleteItem", "indexed"
        ),
        (
            "ExecuteStatement", #"{"Statement":"UPDATE \"indexed\" SET a = 1 WHERE pk = 'a' AND sk = 'a'"}"#,
            "PartiQLUpdate", "indexed"
        ),
        (
            "ExecuteStatement", #"{"Statement":"SELECT * FROM \"indexed\".\"all\""}"#, "PartiQLSelect",
            "indexed/index/all"
        ),
        ("DeleteTable", #"{"TableName":"missing"}"#, "DeleteTable", "missing"),
        (
            "TagResource",
            #"{"ResourceArn":"arn:aws:dynamodb:eu-central-1:000000000000:table/indexed","Tags":[{"Key":"k","Value":"v"}]}"#,
            "TagResource", "indexed"
        ),
        ("ListStreams", "{}", "ListStreams", "*"),
        ("ListStreams", #"{"TableName":"indexed"}"#, "ListStreams", "indexed"),
        ("DescribeGlobalTable", #"{"GlobalTableName":"indexed"}"#, "DescribeGlobalTable", "indexed"),
    ])
    func `a caller of one table is kept from the others`(
        operation: String, body: String, action: String, resource: String
    ) {
        #expect(send(operation, body, as: Caller(name: "reports", tables: ["simple"])) == denial(action, resource))
    }

    @Test(arguments: [
        (
            "UpdateTable", #"{"TableName":"simple","ReplicaUpdates":[{"Delete":{"RegionName":"us-east-1"}}]}"#,
            "DeleteTableReplica"
        ),
        (
            "UpdateTable", #"{"TableName":"simple","ReplicaUpdates":[{"Create":{"RegionName":"us-east-1"}}]}"#,
            "CreateTableReplica"
        ),
        (
            "CreateTable",
            #"{"TableName":"simple","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Tags":[{"Key":"k","Value":"v"}]}"#,
            "TagResource"
        ),
    ])
    func `what an operation does besides has to be allowed too`(operation: String, body: String, action: String) {
        let caller = Caller(name: "reports", actions: ["UpdateTable", "CreateTable"])
        #expect(send(operation, body, as: caller) == denial(action, "simple"))
    }

    @Test func `a request that is wrong is told so before who may send it is asked`() {
        let caller = Caller(name: "reports", actions: ["GetItem"])
        #expect(send("PutItem", #"{"TableName":"simple"}"#, as: caller).contains("ValidationException"))
    }

    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*", "abc", true), ("a*", "b", false), ("*c", "abc", true),
        ("a*c", "abcbc", true), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false), ("?", "", false), ("?", "a", true),
        ("a?c", "abc", true), ("a?c", "ac", false), ("abc", "abc", true), ("abc", "abcd", false), ("", "", true),
        ("**a", "ba", true), ("a**", "a", true), ("*aab", "aaaab", true),
    ])
    func `patterns match whole names`(pattern: String, name: String, matches: Bool) {
        #expect(Caller.Pattern(pattern).matches(Array(name.utf8)) == matches)
    }

    @Test func `a hostile pattern takes no exponential time`() {
        let pattern = Caller.Pattern(String(repeating: "a*", count: 100) + "b")
        #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "a"), count: 255)))
    }

    @Test func `patterns of no action are found`() {
        let actions = Dispatcher<TestRegion>.actions
        #expect(actions.contains("PartiQLSelect"))
        // Nothing is ever allowed by these.
        for operation in ["TransactWriteItems", "ExecuteStatement", "CreateBackup"] {
            #expect(!actions.contains(operation))
        }
        #expect(Caller.patterns(["GetItem", "Get*", "GetItems"], matchingNoneOf: actions) == ["GetItems"])
    }
}
