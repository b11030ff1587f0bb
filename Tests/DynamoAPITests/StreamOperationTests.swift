import ItemModel
import RegionStore
import TestSupport
import Testing

@testable import DynamoAPI

@Suite struct StreamOperationTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint { $0.streamShardLifetimeMilliseconds = 3_600_000 }
        endpoint.createTable("Things", more: Self.streaming("NEW_AND_OLD_IMAGES"))
    }

    private static func streaming(_ view: String) -> String {
        #", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "\#(view)"}"#
    }

    private func send(_ operation: String, _ body: String) -> String {
        endpoint.send(operation, Array(body.utf8), service: .streams).body
    }

    /// The string after `name` in a response.
    private func member(_ name: String, in body: String) -> String? {
        let parts = body.split(separator: "\"\(name)\":\"", maxSplits: 1)
        return parts.count == 2
            ? parts[1].split(separator: "\"", omittingEmptySubsequences: false).first.map(String.init) : nil
    }

    private func streamARN() throws -> String { try #require(member("StreamArn", in: send("ListStreams", "{}"))) }

    private func shardID() throws -> String {
        try #require(member("ShardId", in: send("DescribeStream", #"{"StreamArn": "\#(try streamARN())"}"#)))
    }

    private func iterator(_ type: String, more: String = "") throws -> String {
        let answer = send(
            "GetShardIterator",
            #"{"StreamArn": "\#(try streamARN())", "ShardId": "\#(try shardID())", "ShardIteratorType": "\#(type)"\#(more)}"#
        )
        return try #require(member("ShardIterator", in: answer), "\(answer)")
    }

    private func records(_ iterator: String, more: String = "") -> String {
        send("GetRecords", #"{"ShardIterator": "\#(iterator)"\#(more)}"#)
    }

    private func put(_ key: String, _ value: Int) {
        endpoint("PutItem", #"{"TableName": "Things", "Item": {"pk": {"S": "\#(key)"}, "n": {"N": "\#(value)"}}}"#)
    }

    @Test func `a record has the service's form, whole`() throws {
        put("a", 1)
        put("a", 2)
        let answer = records(try iterator("TRIM_HORIZON"))
        let start = #"{"Records":[{"eventID":""#
        #expect(answer.hasPrefix(start))
        let second = try #require(answer.split(separator: #"},{"eventID":""#).last)
        #expect(
            second.dropFirst(32).hasPrefix(
                #"""
                ","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1",\#
                "dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"pk":{"S":"a"}},\#
                "NewImage":{"n":{"N":"2"},"pk":{"S":"a"}},"OldImage":{"n":{"N":"1"},"pk":{"S":"a"}},\#
                "SequenceNumber":"100000000000000000003","SizeBytes":15,"StreamViewType":"NEW_AND_OLD_IMAGES"}}],\#
                "NextShardIterator":"arn:aws:dynamodb:eu-central-1:000000000000:table/Things/stream/2023-11-14T22:13:20.001|1|
                """#), "\(answer)")
    }

    @Test func `a stream is described with its shards, and their children when they are asked for`() throws {
        put("a", 1)
        try endpoint.region.pass(milliseconds: 3_600_000)
        let arn = try streamARN()
        let all = send("DescribeStream", #"{"StreamArn": "\#(arn)"}"#)
        let ids = all.split(separator: #""ShardId":""#).dropFirst().compactMap { $0.split(separator: "\"").first }
        #expect(ids.count == 2 && ids.allSatisfy { $0.utf8.count == 37 })
        #expect(
            all
                == #"""
                {"StreamDescription":{"CreationRequestDateTime":1700000000.001,"KeySchema":[{"AttributeName":"pk",\#
                "KeyType":"HASH"}],"Shards":[{"ShardId":"\#(ids[0])","SequenceNumberRange":{"StartingSequenceNumber":\#
                "100000000000000000001","EndingSequenceNumber":"100000000000000000002"}},{"ShardId":"\#(ids[1])",\#
                "SequenceNumberRange":{"StartingSequenceNumber":"100000000000000000003"},"ParentShardId":"\#(ids[0])"}],\#
                "StreamArn":"\#(arn)","StreamLabel":"2023-11-14T22:13:20.001","StreamStatus":"ENABLED",\#
                "StreamViewType":"NEW_AND_OLD_IMAGES","TableName":"Things"}}
                """#)
        let children = send(
            "DescribeStream",
            #"{"StreamArn": "\#(arn)", "ShardFilter": {"Type": "CHILD_SHARDS", "ShardId": "\#(ids[0])"}}"#)
        #expect(member("ShardId", in: children) == ids.last.map(String.init))
        let page = send("DescribeStream", #"{"StreamArn": "\#(arn)", "Limit": 1}"#)
        #expect(member("LastEvaluatedShardId", in: page) == ids.first.map(String.init))
        let rest = send("DescribeStream", #"{"StreamArn": "\#(arn)", "ExclusiveStartShardId": "\#(ids[0])"}"#)
        #expect(member("ShardId", in: rest) == ids.last.map(String.init))
        #expect(!rest.contains("LastEvaluatedShardId"))
    }

    @Test func `shards are listed by their names, over all generations and siblings, a page at a time`() throws {
        let endpoint = try TestEndpoint {
            $0.streamShardCount = 2
            $0.streamShardLifetimeMilliseconds = 5_000
        }
        endpoint.createTable(
            "sharded", more: #", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}"#)
        for number in 0..<30 {
            endpoint("PutItem", #"{"TableName":"sharded","Item":{"pk":{"S":"\#(number)"}}}"#)
            try endpoint.region.pass(milliseconds: 1_000)
        }
        func send(_ body: String) -> JSONTree {
            JSONTree(endpoint.send("DescribeStream", Array(body.utf8), service: .streams).body)["StreamDescription"]
        }
        let list = endpoint.send("ListStreams", Array("{}".utf8), service: .streams).body
        let arn = try #require(JSONTree(list)["Streams"].elements.first)["StreamArn"].string
        let whole = send(#"{"StreamArn":"\#(arn)"}"#)["Shards"].elements.map { $0["ShardId"].string }
        try #require(whole.count >= 6)
        #expect(whole == whole.sorted())
        var start = ""
        for name in whole {
            let more = start.isEmpty ? "" : #","ExclusiveStartShardId":"\#(start)""#
            let page = send(#"{"StreamArn":"\#(arn)","Limit":1\#(more)}"#)
            #expect(page["Shards"].elements.map { $0["ShardId"].string } == [name])
            start = page["LastEvaluatedShardId"].string
        }
        #expect(start.isEmpty)
    }

    @Test func `the end of a closed shard has no next iterator`() throws {
        put("a", 1)
        let oldest = try iterator("TRIM_HORIZON")
        try endpoint.region.pass(milliseconds: 3_600_000)
        let fresh = try iterator("TRIM_HORIZON")
        #expect(records(oldest).contains("ExpiredIteratorException"))
        #expect(!records(fresh).contains("NextShardIterator"))
        #expect(records(fresh).contains(#""SequenceNumber":"100000000000000000002""#))
    }

    @Test func `iterators begin where their type says`() throws {
        for number in 1...3 { put("a", number) }
        func numbers(_ iterator: String) -> [String] {
            records(iterator).split(separator: #""SequenceNumber":"10000000000000000000"#).dropFirst().map {
                String($0.prefix(1))
            }
        }
        #expect(numbers(try iterator("TRIM_HORIZON")) == ["2", "3", "4"])
        #expect(numbers(try iterator("LATEST")).isEmpty)
        let third = #", "SequenceNumber": "100000000000000000003""#
        #expect(numbers(try iterator("AT_SEQUENCE_NUMBER", more: third)) == ["3", "4"])
        #expect(numbers(try iterator("AFTER_SEQUENCE_NUMBER", more: third)) == ["4"])
        let start = #", "SequenceNumber": "100000000000000000001""#
        #expect(numbers(try iterator("AT_SEQUENCE_NUMBER", more: start)) == ["2", "3", "4"])
        #expect(numbers(try iterator("AT_TIMESTAMP", more: #", "Timestamp": 1700000000.003"#)) == ["3", "4"])
        #expect(numbers(try iterator("AT_TIMESTAMP", more: #", "Timestamp": 1.5e9"#)) == ["2", "3", "4"])
        #expect(numbers(try iterator("AT_TIMESTAMP", more: #", "Timestamp": 1700000000.004"#)) == ["4"])
    }

    @Test func `a limit ends a page, and the next begins after it`() throws {
        for number in 1...5 { put("a", number) }
        var next = try iterator("TRIM_HORIZON")
        var count = 0
        for expected in [2, 2, 1, 0] {
            let answer = records(next, more: #", "Limit": 2"#)
            #expect(answer.split(separator: "eventID").count - 1 == expected)
            count += expected
            next = try #require(member("NextShardIterator", in: answer))
        }
        #expect(count == 5)
    }

    @Test(
        arguments: [
            (
                "ListStreams", #"{"Limit": 0}"#,
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
            ),
            (
                "ListStreams", #"{"Limit": 101}"#,
                "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"
            ),
            (
                "DescribeStream", "{}",
                "1 validation error detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null"
            ),
            ("DescribeStream", #"{"StreamArn": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#, "Invalid StreamArn"),
            (
                "DescribeStream", #"{"StreamArn": "arn:aws:dynamodb:eu-central-1:000000000000:table/Things"}"#,
                "Invalid StreamArn"
            ),
            (
                "GetRecords", #"{"ShardIterator": "x", "Limit": 1001}"#,
                "1 validation error detected: Value '1001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000"
            ),
            ("GetRecords", #"{"ShardIterator": "x"}"#, "Invalid ShardIterator"),
            ("GetRecords", #"{"ShardIterator": "a|1|AAAA"}"#, "Invalid ShardIterator"),
        ])
    func `what breaks a rule is refused with the service's text`(operation: String, body: String, message: String) {
        #expect(send(operation, body) == validation(message))
    }

    @Test func `iterator types need what belongs to them`() throws {
        let (arn, shard) = (try streamARN(), try shardID())
        func answer(_ type: String, _ more: String = "") -> String {
            send(
                "GetShardIterator",
                #"{"StreamArn": "\#(arn)", "ShardId": "\#(shard)", "ShardIteratorType": "\#(type)"\#(more)}"#)
        }
        #expect(
            answer("AT_SEQUENCE_NUMBER")
                == validation("SequenceNumber is required for ShardIteratorType AT_SEQUENCE_NUMBER"))
        #expect(answer("AT_TIMESTAMP") == validation("Timestamp is required for ShardIteratorType AT_TIMESTAMP"))
        #expect(
            answer("LATEST", #", "SequenceNumber": "100000000000000000001""#)
                == validation("SequenceNumber must not be specified for ShardIteratorType LATEST"))
        for number in ["100000000000000000099", "200000000000000000001", "10000000000000000000x"] {
            #expect(
                answer("AT_SEQUENCE_NUMBER", #", "SequenceNumber": "\#(number)""#)
                    == validation("Invalid SequenceNumber: \(number)"))
        }
        #expect(
            answer("AT_TIMESTAMP", #", "Timestamp": 1900000000"#) == validation("Timestamp must not be in the future"))
        #expect(answer("AT_TIMESTAMP", #", "Timestamp": "x""#).contains("SerializationException"))
        #expect(answer("SOMEWHERE").contains("Member must satisfy enum value set: [TRIM_HORIZON, LATEST, "))
    }

    @Test func `what is not there is not found`() throws {
        let gone = "arn:aws:dynamodb:eu-central-1:000000000000:table/Things/stream/2020-01-01T00:00:00.000"
        let notFound = fault("ResourceNotFoundException", "Requested resource not found: Stream: \(gone) not found")
        #expect(send("DescribeStream", #"{"StreamArn": "\#(gone)"}"#) == notFound)
        let elsewhere = try streamARN().replacing("eu-central-1", with: "us-east-1")
        #expect(send("DescribeStream", #"{"StreamArn": "\#(elsewhere)"}"#).contains("ResourceNotFoundException"))
        let id = "shardId-00000000000000000000-00000000"
        let arn = try streamARN()
        #expect(
            send("GetShardIterator", #"{"StreamArn": "\#(arn)", "ShardId": "\#(id)", "ShardIteratorType": "LATEST"}"#)
                == fault(
                    "ResourceNotFoundException",
                    "Requested resource not found: Shard: \(id) in Stream: \(arn) not found"))
        #expect(
            send("ListStreams", #"{"TableName": "nothing"}"#)
                == fault("ResourceNotFoundException", "Requested resource not found: Table: nothing not found"))
        endpoint.createTable("plain")
        #expect(send("ListStreams", #"{"TableName": "plain"}"#) == #"{"Streams":[]}"#)
    }

    @Test func `an iterator expires after fifteen minutes, and says so as the service does`() throws {
        let held = try iterator("TRIM_HORIZON")
        try endpoint.region.pass(milliseconds: 900_000)
        #expect(records(held).hasPrefix(#"{"Records":[]"#))
        try endpoint.region.pass(milliseconds: 1)
        #expect(
            records(held)
                == fault(
                    "ExpiredIteratorException",
                    """
                    Iterator expired. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is Tue \
                    Nov 14 22:28:20 UTC 2023 which is further in the future than the tolerated delay of 900000 milliseconds.
                    """))
    }

    @Test func `an iterator whose records were trimmed meanwhile is refused as such`() throws {
        put("a", 1)
        try endpoint.region.pass(milliseconds: 24 * 3_600_000 - 1000)
        let sequence = #", "SequenceNumber": "100000000000000000002""#
        let held = try iterator("AT_SEQUENCE_NUMBER", more: sequence)
        try endpoint.region.pass(milliseconds: 2000)
        #expect(
            records(held)
                == fault(
                    "TrimmedDataAccessException",
                    "The operation attempted to read past the oldest stream record in a shard."))
    }

    @Test func `streams are listed by table, a page at a time, disabled ones too`() throws {
        for name in ["A01", "A02", "A03"] { endpoint.createTable(name, more: Self.streaming("KEYS_ONLY")) }
        endpoint("DeleteTable", #"{"TableName": "A02"}"#)
        let first = send("ListStreams", #"{"Limit": 2}"#)
        let last = try #require(member("LastEvaluatedStreamArn", in: first))
        #expect(last.contains(":table/A02/stream/"))
        let second = send("ListStreams", #"{"Limit": 2, "ExclusiveStartStreamArn": "\#(last)"}"#)
        #expect(second.split(separator: "StreamArn").count - 1 == 2 && !second.contains("LastEvaluated"))
        #expect(second.contains(#""TableName":"A03""#) && second.contains(#""TableName":"Things""#))
        let arn = try #require(member("StreamArn", in: send("ListStreams", #"{"TableName": "A02"}"#)))
        #expect(member("StreamStatus", in: send("DescribeStream", #"{"StreamArn": "\#(arn)"}"#)) == "DISABLED")
    }

    @Test func `no change to a byte of an iterator is taken for an iterator, and nothing traps`() throws {
        put("a", 1)
        let valid = try iterator("TRIM_HORIZON")
        var random = SplitMix64(seed: 7)
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/|=:".utf8)
        for _ in 0..<2000 {
            var bytes = Array(valid.utf8)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1: bytes.remove(at: Int.random(in: bytes.indices, using: &random))
            case 2:
                bytes.insert(
                    digits[Int.random(in: digits.indices, using: &random)],
                    at: Int.random(in: bytes.indices, using: &random))
            default:
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    digits[Int.random(in: digits.indices, using: &random)]
            }
            // The last digit before the padding holds bits that are no part of the bytes.
            guard bytes != Array(valid.utf8), bytes.dropLast(3) != Array(valid.utf8).dropLast(3) else { continue }
            let answer = records(String(decoding: bytes, as: UTF8.self))
            #expect(
                answer.contains("Exception") && !answer.contains("Records"), "\(String(decoding: bytes, as: UTF8.self))"
            )
        }
    }

    @Test func `another region's iterator is none here`() throws {
        let other = try TestEndpoint(region: "us-east-1")
        other.createTable("Things", more: Self.streaming("NEW_AND_OLD_IMAGES"))
        let held = try iterator("LATEST")
        let answer = other.send("GetRecords", Array(#"{"ShardIterator": "\#(held)"}"#.utf8), service: .streams).body
        #expect(answer == validation("Invalid ShardIterator"))
    }

    @Test func `SipHash gives the reference's codes`() {
        let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        // The paper's appendix, and two vectors of the authors' implementation.
        #expect(SipHash.hash(Array(0..<15), key: key) == 0xA129_CA61_49BE_45E5)
        #expect(SipHash.hash([], key: key) == 0x726F_DB47_DD0E_0E31)
        #expect(SipHash.hash(Array(0..<8), key: key) == 0x93F5_F579_9A93_2462)
    }
}
