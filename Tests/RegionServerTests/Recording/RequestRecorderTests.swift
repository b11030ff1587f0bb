import AWSProtocol
import DynamoAPI
import Foundation
import ItemModel
import NIOCore
import Testing

@testable import RegionServer

@Suite("Recording of requests")
struct RequestRecorderTests {
    private static func recorder() -> RequestRecorder {
        RequestRecorder { table, index in
            switch (table.string, index?.string) {
            case ("orders", nil): ("pk", nil)
            case ("lines", nil): ("order", "line")
            case ("lines", "by-product"): ("product", nil)
            default: nil
            }
        }
    }

    private static func request(_ target: String, _ body: String, at time: Int64 = 1000) -> EndpointRequest {
        var random = SystemRandomNumberGenerator()
        var ids = RequestIDSource(seededBy: &random)
        return EndpointRequest(
            target: target, body: ByteBuffer(string: body), accessKey: nil, id: ids.next(), receivedAt: time)
    }

    private struct Answer {
        let status: Int
        let members: [String: Any]

        var rows: [[String]] {
            (members["Requests"] as? [[Any]] ?? []).map { $0.dropFirst().map { $0 is NSNull ? "-" : "\($0)" } }
        }
    }

    private static func fetch(
        _ recorder: RequestRecorder, _ body: String, at time: Int64 = 1000, caller: Caller = .unrestricted
    ) throws -> Answer {
        let response = recorder.answer(request(RequestRecorder.target, body, at: time), caller: caller)
        let members = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return Answer(status: response.status, members: try #require(members))
    }

    /// What is noted of a request to recorded tables.
    private static func noted(_ operation: String, _ body: String, table: String = "orders") throws -> [[String]] {
        let recorder = recorder()
        let first = try fetch(recorder, "{\"TableName\":\"\(table)\"}")
        recorder.note(request("DynamoDB_20120810.\(operation)", body))
        let id = try #require(first.members["Recording"] as? String)
        return try fetch(recorder, "{\"TableName\":\"\(table)\",\"Recording\":\"\(id)\",\"After\":0}").rows
    }

    @Test func `requests for single items are noted with their keys, and puts with their size`() throws {
        let key = #"{"TableName":"orders","Key":{"pk":{"S":"a\n"}}}"#
        for name in ["GetItem", "UpdateItem", "DeleteItem"] {
            #expect(try Self.noted(name, key) == [[name, "a\n", "-", "-"]])
        }
        let put = """
            {"Item":{"pk":{"S":"abc"},"n":{"N":"-12.5"},"b":{"B":"AAAA"},"l":{"L":[{"BOOL":true},{"NULL":true}]},
            "m":{"M":{"x":{"SS":["ab","c"]}}}},"TableName":"arn:aws:dynamodb:us-east-1:0:table/orders"}
            """
        // pk 2+3, n 1+3, b 1+3, l 1+3+2*(1+1), m 1+3+1+(1+3)
        #expect(try Self.noted("PutItem", put) == [["PutItem", "abc", "-", "30"]])
    }

    @Test func `a batch or a transaction is a row for each item of the table`() throws {
        #expect(
            try Self.noted(
                "BatchGetItem",
                #"{"RequestItems":{"orders":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"b"}}]},"lines":{"Keys":[{}]}}}"#)
                == [["GetItem", "a", "-", "-"], ["GetItem", "b", "-", "-"]])
        #expect(
            try Self.noted(
                "BatchWriteItem",
                #"{"RequestItems":{"lines":[{"PutRequest":{"Item":{"order":{"S":"o"},"line":{"N":"7"}}}},{"DeleteRequest":{"Key":{"order":{"S":"o"},"line":{"N":"8"}}}}]}}"#,
                table: "lines") == [["PutItem", "o", "7", "12"], ["DeleteItem", "o", "8", "-"]])
        let steps = """
            {"TransactItems":[{"Put":{"TableName":"orders","Item":{"pk":{"S":"a"}}}},
            {"Update":{"TableName":"orders","Key":{"pk":{"S":"b"}}}},{"Delete":{"TableName":"orders","Key":{"pk":{"S":"c"}}}},
            {"ConditionCheck":{"TableName":"orders","Key":{"pk":{"S":"d"}}}},{"Put":{"TableName":"other","Item":{"pk":{"S":"e"}}}}]}
            """
        #expect(
            try Self.noted("TransactWriteItems", steps).map { $0[0] + $0[1] }
                == ["PutItema", "UpdateItemb", "DeleteItemc", "GetItemd"])
        let gets = #"{"TransactItems":[{"Get":{"TableName":"orders","Key":{"pk":{"S":"a"}}}}]}"#
        #expect(try Self.noted("TransactGetItems", gets) == [["GetItem", "a", "-", "-"]])
    }

    @Test(arguments: [
        (
            ##""KeyConditionExpression":"#o = :o AND line >= :l","ExpressionAttributeNames":{"#o":"order"},"ExpressionAttributeValues":{":o":{"S":"x"},":l":{"N":"3"}}"##,
            "x"
        ),
        (
            #""KeyConditionExpression":"line<=:l and(order=:o)","ExpressionAttributeValues":{":o":{"S":"y"},":l":{"N":"3"}}"#,
            "y"
        ),
        (#""KeyConditions":{"order":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"z"}]}}"#, "z"),
        (
            #""IndexName":"by-product","KeyConditionExpression":"product = :p","ExpressionAttributeValues":{":p":{"S":"w"}}"#,
            "w"
        ),
    ])
    func `a query is noted with its partition's key`(members: String, key: String) throws {
        #expect(
            try Self.noted("Query", "{\"TableName\":\"lines\",\(members)}", table: "lines") == [
                ["Query", key, "-", "-"]
            ])
    }

    @Test func `what makes no sense is left out`() throws {
        for (name, body) in [
            ("GetItem", "{"), ("GetItem", "[]"), ("GetItem", "{\"TableName\":\"orders\"}"),
            ("GetItem", #"{"TableName":"orders","Key":{"other":{"S":"a"}}}"#),
            ("GetItem", #"{"TableName":"orders","Key":{"pk":7}}"#),
            ("GetItem", #"{"TableName":"elsewhere","Key":{"pk":{"S":"a"}}}"#),
            ("DescribeTable", #"{"TableName":"orders"}"#),
            ("Query", #"{"TableName":"orders","KeyConditionExpression":"= = ="}"#),
            ("BatchGetItem", #"{"RequestItems":[1]}"#),
            ("ExecuteStatement", #"{"Statement":"SELECT * FROM orders"}"#),
        ] {
            #expect(try Self.noted(name, body).isEmpty, "\(name) \(body)")
        }
        #expect(try Self.noted("Scan", #"{"TableName":"orders"}"#) == [["Scan", "", "-", "-"]])
    }

    @Test func `an answer that was lost is given again, and what was acknowledged is not`() throws {
        let recorder = Self.recorder()
        let get = { (key: String) in
            Self.request("DynamoDB_20120810.GetItem", #"{"TableName":"orders","Key":{"pk":{"S":"\#(key)"}}}"#)
        }
        recorder.note(get("before"))
        let id = try #require(try Self.fetch(recorder, #"{"TableName":"orders"}"#).members["Recording"] as? String)
        for key in ["a", "b", "c"] { recorder.note(get(key)) }
        func keys(after: Int) throws -> (keys: [String], last: Int) {
            let answer = try Self.fetch(recorder, #"{"TableName":"orders","Recording":"\#(id)","After":\#(after)}"#)
            return (answer.rows.map { $0[1] }, answer.members["Last"] as? Int ?? -1)
        }
        #expect(try keys(after: 0) == (["a", "b", "c"], 3))
        #expect(try keys(after: 0) == (["a", "b", "c"], 3))
        recorder.note(get("d"))
        #expect(try keys(after: 3) == (["d"], 4))
        #expect(try keys(after: 4) == ([], 4))
    }

    @Test func `what nobody fetches is bounded, counted, and let go of`() throws {
        let recorder = Self.recorder()
        let id = try #require(try Self.fetch(recorder, #"{"TableName":"orders"}"#).members["Recording"] as? String)
        let keys = (0..<100).map { #"{"pk":{"S":"\#($0)"}}"# }.joined(separator: ",")
        let batch = Self.request(
            "DynamoDB_20120810.BatchGetItem", "{\"RequestItems\":{\"orders\":{\"Keys\":[\(keys)]}}}")
        for _ in 0..<(RequestRecorder.requestCountMax / 100 + 3) { recorder.note(batch) }
        let answer = try Self.fetch(recorder, #"{"TableName":"orders","Recording":"\#(id)"}"#)
        #expect(answer.rows.count == RequestRecorder.answerCountMax)
        #expect(answer.members["Dropped"] as? Int == 300)
        // After a while without a fetch it is gone, and the next fetch begins another one.
        let late = try Self.fetch(
            recorder, #"{"TableName":"orders","Recording":"\#(id)"}"#, at: 1001 + RequestRecorder.patienceMilliseconds)
        #expect(late.members["Recording"] as? String != id && late.rows.isEmpty)
    }

    @Test func `a fetch is refused that makes no sense, is not allowed, or is one too many`() throws {
        let recorder = Self.recorder()
        for body in ["", "7", "{}", #"{"TableName":7}"#] { #expect(try Self.fetch(recorder, body).status == 400) }
        #expect(
            try Self.fetch(recorder, #"{"TableName":"none"}"#).members["message"] as? String == "there is no table none"
        )
        let caller = Caller(name: "c", actions: ["Record*"], tables: ["lines"])
        #expect(try Self.fetch(recorder, #"{"TableName":"lines"}"#, caller: caller).status == 200)
        #expect(try Self.fetch(recorder, #"{"TableName":"orders"}"#, caller: caller).status == 400)
        #expect(
            try Self.fetch(recorder, #"{"TableName":"lines"}"#, caller: Caller(name: "d", actions: ["GetItem"])).status
                == 400)
        for _ in 1..<RequestRecorder.recordingCountMax {
            #expect(try Self.fetch(recorder, #"{"TableName":"orders"}"#).status == 200)
        }
        #expect(try Self.fetch(recorder, #"{"TableName":"orders"}"#).status == 400)
    }
}
