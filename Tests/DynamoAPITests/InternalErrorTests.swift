import Synchronization
import Testing

@testable import DynamoAPI

/// What becomes of an error that no client can do anything about.
@Suite struct InternalErrorTests {
    @Test(
        arguments: [
            ("GetItem", #"{"TableName": "orders", "Key": {"id": {"S": "a"}}}"#),
            ("BatchGetItem", #"{"RequestItems": {"orders": {"Keys": [{"id": {"S": "a"}}]}}}"#),
            (
                "Query",
                #"{"TableName": "orders", "KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}"#
            ),
            ("Scan", #"{"TableName": "orders"}"#),
            ("TransactGetItems", #"{"TransactItems": [{"Get": {"TableName": "orders", "Key": {"id": {"S": "a"}}}}]}"#),
            ("ExecuteStatement", #"{"Statement": "SELECT * FROM orders WHERE id = 'a'"}"#),
            ("BatchExecuteStatement", #"{"Statements": [{"Statement": "SELECT * FROM orders WHERE id = 'a'"}]}"#),
            ("UpdateItem", #"{"TableName": "orders", "Key": {"id": {"S": "a"}}, "UpdateExpression": "REMOVE x"}"#),
        ], [false, true])
    func `the cause of an internal error is there for the log, and not for the client`(
        _ request: (operation: String, body: String), isCold: Bool
    ) throws {
        let endpoint = try TestEndpoint()
        let table = """
            {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
             "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
            """
        #expect(endpoint.send("CreateTable", table).status == 200)
        #expect(endpoint.send("PutItem", #"{"TableName": "orders", "Item": {"id": {"S": "a"}}}"#).status == 200)
        if isCold { endpoint.region.coolDown() }
        endpoint.region.damageItems()
        let later = Mutex<APIResponse?>(nil)
        let now = endpoint.dispatcher.answer(
            target: "DynamoDB_20120810.\(request.operation)", body: Array(request.body.utf8)
        ) { response in
            later.withLock { $0 = response }
        }
        let response = try #require(now ?? later.withLock { $0 })
        #expect(response.internalCause?.contains("000012.sst") ?? false, "\(response.internalCause ?? "none")")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.contains("Internal server error") && !text.contains("000012.sst"))
    }
}
