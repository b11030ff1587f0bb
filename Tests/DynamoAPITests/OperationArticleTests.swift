import Testing

@testable import DynamoAPI

/// The documentation's article of operations says what the code does.
@Suite struct OperationArticleTests {
    /// The lines of the article's tables, as the code says them.
    private static let expected = Dispatcher<TestRegion>.operations.map { operation in
        let (coverage, remark) =
            switch operation.coverage {
            case .complete: ("complete", "")
            case .partial(let missing): ("partial", missing)
            case .refused(let reason): ("refused", reason)
            }
        return "| `\(operation.name)` | *\(coverage)* | \(remark)\(remark.isEmpty ? "" : " ")|"
    }

    @Test func `the article has one line for each operation, and it says how much of it there is`() throws {
        let lines = try Article("Operations").text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(
            String.init)
        #expect(lines.filter { !Self.expected.contains($0) } == [], "lines that the code contradicts")
        #expect(Self.expected.filter { !lines.contains($0) } == [], "lines that are missing")
        let isInOrder = lines == Self.expected
        #expect(isInOrder, "the services one after the other, names in byte order")
    }

    @Test func `no operation is there twice, nor both there and refused`() {
        let names = Dispatcher<TestRegion>.operations.map { "\($0.service.rawValue).\($0.name)" }
        #expect(Set(names).count == names.count)
    }

    @Test func `a refused operation is told by its name with the article's reason, whatever the request says`() throws {
        let endpoint = try TestEndpoint()
        for operation in RefusedOperations.entries where operation.service == .dynamoDB {
            for body in [#"{"TableName":"orders"}"#, "{}", #"{"TableName":1}"#, ""] {
                let answer = endpoint.send(operation.name.description, body)
                #expect(answer.status == 400)
                #expect(
                    answer.body == """
                        {"__type":"com.amazon.coral.service#UnknownOperationException",\
                        "message":"The operation \(operation.name) is not supported: \(operation.reason)."}
                        """)
            }
        }
    }

    @Test func `every sentence of the article has a test`() throws {
        let own = "DynamoAPITests/OperationArticleTests.swift"
        let model = "Compatibility/test_operations.py"
        try Article("Operations").expect([
            ("Which of DynamoDB's operations there are, and how much of each.", .nothingToTry),
            (
                "Every operation of the service's public model has a line.",
                .test(model, "test_every_operation_of_the_model_is_documented")
            ),
            (
                """
                *Complete* is an operation all of whose parameters have the service's effect, *partial* one that works but for what \
                the line says, and *refused* one that answers `UnknownOperationException` with a message that names it, whatever the \
                request says: a client learns at once that nothing was done.
                """,
                .test(
                    own, "what a partial operation lacks is refused or has no effect",
                    "a refused operation is told by its name with the article's reason, whatever the request says")
                    + .test(model, "test_an_operation_is_refused_where_the_article_says_so")
            ),
            (
                "Tests compare these lines with the code and with the model of the AWS SDK for Python.",
                .test(own, "the article has one line for each operation, and it says how much of it there is")
                    + .test(model, "test_the_article_has_every_service_and_knows_three_words")
            ),
        ])
    }

    /// Of each partial operation, requests for what its line says is missing, and what their answers have in them.
    private static let missing: [(operation: String, parameters: String, answer: String)] = {
        let ownKey = #""SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"alias/own"}"#
        let enabled = #""PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}"#
        let create =
            #""BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"#
            + #""AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}]"#
        let refused = "ValidationException"
        return [
            ("CreateTable", #"\#(create),"VectorIndexes":[{}]"#, "VectorIndexes is not supported"),
            (
                "CreateTable",
                #"\#(create),"GlobalTableSourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/orders""#,
                "GlobalTableSourceArn is not supported"
            ),
            ("CreateTable", #"\#(create),\#(ownKey)"#, refused),
            ("UpdateTable", #""VectorIndexUpdates":[{}]"#, "VectorIndexUpdates is not supported"),
            (
                "UpdateTable",
                #""ReplicaUpdates":[{"Disassociate":{"RegionName":"us-east-1","DisassociationMode":"WAIT_FOR_REPLICATION"}}]"#,
                "Disassociation of a replica is not supported"
            ),
            (
                "UpdateTable",
                #""MultiRegionConsistency":"STRONG","ReplicaUpdates":[{"Create":{"RegionName":"us-east-1"}}]"#,
                "MultiRegionConsistency STRONG is not supported"
            ),
            ("UpdateTable", ownKey, refused),
            ("UpdateContributorInsights", #""ContributorInsightsAction":"ENABLE""#, "ENABLE is not supported"),
            // What is asked for is kept and told, and no operation takes a backup or restores one.
            ("UpdateContinuousBackups", enabled, #""PointInTimeRecoveryStatus":"ENABLED""#),
            ("DescribeContinuousBackups", "", #""PointInTimeRecoveryStatus":"ENABLED""#),
            ("UpdateTableReplicaAutoScaling", "", "Global table with name: 'orders' does not exist."),
        ]
    }()

    @Test func `what a partial operation lacks is refused or has no effect`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createTable("orders")
        for (operation, parameters, answer) in Self.missing {
            let name = #""TableName":"\#(operation == "CreateTable" ? "other" : "orders")""#
            let body = "{" + [name, parameters].filter { !$0.isEmpty }.joined(separator: ",") + "}"
            let told = endpoint(operation, body)
            #expect(told.contains(answer), "\(operation) \(body)")
        }
        #expect(endpoint("ListTables", "{}") == #"{"TableNames":["orders"]}"#)
        let partial = Dispatcher<TestRegion>.operations.filter {
            if case .partial = $0.coverage { true } else { false }
        }
        // Policies have a test beside the article of access.
        #expect(Set(partial.map(\.name)) == Set(Self.missing.map(\.operation) + ["PutResourcePolicy"]))
    }
}
