import Testing

@testable import DynamoAPI

/// Tags, time to live, policies and what else is kept of a table beside its schema.
@Suite struct TableSettingsTests {
    private let endpoint: TestEndpoint
    private let arn = "arn:aws:dynamodb:eu-central-1:000000000000:table/simple"

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
    }

    @Test func `the lengths of tags are in characters`() {
        for character in ["a", "\u{5D0}", "\u{6F22}", "\u{10400}"] {
            func tag(_ key: Int, _ value: Int) -> (status: Int, body: String) {
                let (key, value) = (
                    String(repeating: character, count: key), String(repeating: character, count: value)
                )
                return endpoint.send(
                    "TagResource", #"{"ResourceArn":"\#(arn)","Tags":[{"Key":"\#(key)","Value":"\#(value)"}]}"#)
            }
            #expect(tag(128, 256).status == 200)
            #expect(tag(129, 1).status == 400)
            #expect(tag(1, 257).status == 400)
            let key = String(repeating: character, count: 128)
            #expect(endpoint("ListTagsOfResource", #"{"ResourceArn":"\#(arn)"}"#).contains(key))
        }
    }

    @Test func `tags are answered with an empty body and listed in the order of their keys' first setting`() {
        let tagged = endpoint.send(
            "TagResource", #"{"ResourceArn":"\#(arn)","Tags":[{"Key":"b","Value":"1"},{"Key":"a","Value":"2"}]}"#)
        #expect(tagged.status == 200 && tagged.body.isEmpty)
        endpoint("TagResource", #"{"ResourceArn":"\#(arn)","Tags":[{"Key":"b","Value":"3"}]}"#)
        #expect(
            endpoint("ListTagsOfResource", #"{"ResourceArn":"\#(arn)"}"#)
                == #"{"Tags":[{"Key":"b","Value":"3"},{"Key":"a","Value":"2"}]}"#)
        let untagged = endpoint.send("UntagResource", #"{"ResourceArn":"\#(arn)","TagKeys":["b"]}"#)
        #expect(untagged.status == 200 && untagged.body.isEmpty)
        #expect(
            endpoint("ListTagsOfResource", #"{"ResourceArn":"\#(arn)"}"#) == #"{"Tags":[{"Key":"a","Value":"2"}]}"#)
    }

    @Test func `a refused change of tags changes nothing`() {
        let many = (0..<50).map { #"{"Key":"\#($0)","Value":""}"# }.joined(separator: ",")
        endpoint("TagResource", #"{"ResourceArn":"\#(arn)","Tags":[\#(many)]}"#)
        let before = endpoint("ListTagsOfResource", #"{"ResourceArn":"\#(arn)","NextToken":"tags-40"}"#)
        #expect(
            endpoint(
                "TagResource", #"{"ResourceArn":"\#(arn)","Tags":[{"Key":"0","Value":"x"},{"Key":"y","Value":""}]}"#)
                == validation("Number of Tags exceed the current limit for the provided ResourceArn"))
        #expect(endpoint("ListTagsOfResource", #"{"ResourceArn":"\#(arn)","NextToken":"tags-40"}"#) == before)
    }

    @Test func `time to live is described as it was set`() {
        #expect(
            endpoint("DescribeTimeToLive", #"{"TableName":"simple"}"#)
                == #"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#)
        let request = #"{"TableName":"simple","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}}"#
        #expect(
            endpoint("UpdateTimeToLive", request)
                == #"{"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}}"#)
        #expect(
            endpoint("DescribeTimeToLive", #"{"TableName":"simple"}"#)
                == #"{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"t"}}"#)
        #expect(endpoint("UpdateTimeToLive", request) == validation("TimeToLive is already enabled"))
    }

    @Test func `a policy's revision grows with each change`() {
        func put(_ text: String, _ more: String = "") -> JSONTree {
            endpoint.tree(
                "PutResourcePolicy", #"{"ResourceArn":"\#(arn)","Policy":"{\"Statement\":\"\#(text)\"}"\#(more)}"#)
        }
        let first = put("a")["RevisionId"].string
        #expect(put("a")["RevisionId"].string == first)
        let second = put("b")["RevisionId"].string
        #expect(Int(second) ?? 0 > Int(first) ?? 0)
        #expect(put("c", #","ExpectedRevisionId":"\#(first)""#)["__type"].string.hasSuffix("#PolicyNotFoundException"))
        #expect(
            endpoint("DeleteResourcePolicy", #"{"ResourceArn":"\#(arn)"}"#) == #"{"RevisionId":"\#(second)"}"#)
        #expect(endpoint("DeleteResourcePolicy", #"{"ResourceArn":"\#(arn)"}"#) == #"{"RevisionId":""}"#)
    }

    @Test func `an index's count and size are shown beside the table's`() {
        endpoint(
            "CreateTable",
            """
            {"TableName":"counted","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],\
            "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"a","AttributeType":"S"}],\
            "GlobalSecondaryIndexes":[{"IndexName":"by-a","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],\
            "Projection":{"ProjectionType":"KEYS_ONLY"}}]}
            """)
        endpoint("PutItem", #"{"TableName":"counted","Item":{"pk":{"S":"1"},"a":{"S":"2"},"b":{"S":"3"}}}"#)
        endpoint("PutItem", #"{"TableName":"counted","Item":{"pk":{"S":"2"}}}"#)
        let table = endpoint.tree("DescribeTable", #"{"TableName":"counted"}"#)["Table"]
        #expect(table["ItemCount"].text == "2" && table["TableSizeBytes"].text == "10")
        let index = table["GlobalSecondaryIndexes"].elements[0]
        #expect(index["ItemCount"].text == "1" && index["IndexSizeBytes"].text == "5")
    }

    @Test func `an index that is added and one that is deleted are shown with their states`() {
        let added = endpoint.tree(
            "UpdateTable",
            """
            {"TableName":"simple","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],\
            "GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-a","KeySchema":[{"AttributeName":"a",\
            "KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}
            """)["TableDescription"]["GlobalSecondaryIndexes"].elements[0]
        #expect(added["IndexStatus"].string == "CREATING" && added["Backfilling"].text == "true")
        let deleted = endpoint.tree(
            "UpdateTable",
            #"{"TableName":"simple","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-a"}}]}"#)
        let index = deleted["TableDescription"]["GlobalSecondaryIndexes"].elements[0]
        #expect(index["IndexStatus"].string == "DELETING")
    }

    @Test(arguments: [
        (#""DisassociationProtectionEnabled":false"#, "DisassociationProtectionEnabled is not supported"),
        (#""VectorIndexUpdates":[{}]"#, "VectorIndexUpdates is not supported"),
        (
            #""ReplicaUpdates":[{"Disassociate":{"RegionName":"eu-central-1","DisassociationMode":"WAIT_FOR_REPLICATION"}}]"#,
            "Disassociation of a replica is not supported"
        ),
    ])
    func `what a table cannot be given is refused by its name`(_ parameter: String, _ message: String) {
        #expect(
            endpoint("UpdateTable", #"{"TableName":"simple",\#(parameter)}"#)
                == validation("One or more parameter values were invalid: \(message)"))
    }
}
