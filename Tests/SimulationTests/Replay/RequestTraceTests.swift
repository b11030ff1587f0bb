import ConfigurationFiles
import ItemModel
import Testing

@testable import Simulation

@Suite("Recorded requests")
struct RequestTraceTests {
    private static let regions = ["us-east-1", "eu-west-1"]

    private static func parse(
        _ text: String, sortKey: Bool = false, _ change: (inout RequestTrace.Source) -> Void = { _ in }
    ) throws(TraceProblems) -> RequestTrace {
        var source = RequestTrace.Source(file: "x.csv")
        change(&source)
        return try RequestTrace.parse(source, Array(text.utf8), itemsHaveSortKey: sortKey, regions: regions)
    }

    private static func problems(
        _ text: String, sortKey: Bool = false, _ change: (inout RequestTrace.Source) -> Void = { _ in }
    ) -> [String] {
        do throws(TraceProblems) {
            _ = try parse(text, sortKey: sortKey, change)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `rows may come in any order, with quotation marks, comments and either line end`() throws {
        let trace = try Self.parse(
            "\u{FEFF}# recorded\r\noperation,time,key,size,region\r\nPutItem,2.5,\"a,\"\"b\"\"\nc\",300,eu-west-1\r\n\r\nGetItem,0.25,k,,\n"
                + "DeleteItem,2.5,k,,us-east-1\n")
        #expect(trace.requests.map(\.line) == [6, 3, 7])
        #expect(trace.requests.map(\.at) == [250_000_000, 2_500_000_000, 2_500_000_000])
        #expect(trace.requests.map(\.operation) == [.get, .put, .delete])
        #expect(trace.requests[1].partition == "a,\"b\"\nc")
        #expect(trace.requests.map(\.byteCount) == [nil, 300, nil])
        #expect(trace.requests.map(\.region) == [nil, "eu-west-1", "us-east-1"])
    }

    @Test func `dates count from the first of them, and seconds from the beginning`() throws {
        let dates = try Self.parse(
            "time,operation,key\n2026-11-23T08:00:01.5+01:00,GetItem,a\n2026-11-23T07:00:00Z,GetItem,b\n")
        #expect(dates.requests.map(\.at) == [0, 1_500_000_000])
        #expect(try Self.parse("time,operation,key\n7,GetItem,a\n").requests[0].at == 7_000_000_000)
        // These are seconds since 1970.
        #expect(
            try Self.parse("time,operation,key\n1795420801,GetItem,a\n1795420800,GetItem,b\n").requests[1].at
                == 1_000_000_000)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600),
        ("2026-11-30T10:00:00-05:30", 1_796_052_600),
        ("2100-03-01T00:00:00Z", 4_107_542_400), ("1999-12-31T23:59:60Z", 946_684_800),
    ])
    func `a date is read as the calendar has it`(text: String, seconds: UInt64) {
        #expect(TraceTime(text) == .date(seconds * 1_000_000_000))
    }

    @Test(arguments: [
        "", "x", "-1", "1e3", "1.", ".5", "nan", "12345678901", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-30T24:00:00Z", "2026-11-30T10:00:00", "2026-11-30T10:00:00+1", "2026-11-30 10:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
    ])
    func `what is no time is none`(text: String) { #expect(TraceTime(text) == nil) }

    @Test func `a problem names its line, and all of them are told at once`() {
        let text = """
            time,operation,key,size,region
            soon,GetItem,a,,
            1,Get,a,,
            1,GetItem,,,
            1,PutItem,a,-1,
            1,PutItem,a,500000,
            1,PutItem,a,1,mars
            1,PutItem,a
            1,PutItem,"a"b,1,
            """
        let found = Self.problems(text)
        let expected = [
            "line 2: the time 'soon' is neither seconds, such as 12.5, nor a date such as 2026-11-23T08:00:00Z",
            "line 3: no operation is called 'Get'; expected one of GetItem, Query, Scan, PutItem, UpdateItem, DeleteItem",
            "line 4: the key has 0 bytes; expected 1 to 2048",
            "line 5: the size '-1' is no number of bytes from 0 to 409600",
            "line 6: the size '500000' is no number of bytes from 0 to 409600",
            "line 7: no clients are in 'mars'; expected one of us-east-1, eu-west-1, or 'region' in the scenario",
            "line 8: the row has 3 values, and the header 5", "line 9: more text behind a field in quotation marks",
        ]
        #expect(found == expected)
    }

    @Test(arguments: [
        ("", "there is no request in it"), ("time,operation,key\n", "there is no request in it"),
        (
            "1,GetItem,a\n",
            "line 1: no column is called '1'; expected time, operation, key, size, region, sort-key, table"
        ),
        ("time,operation\n1,GetItem\n", "line 1: the column 'key' is missing: the first row names the columns"),
        ("time,time,operation,key\n", "line 1: the column 'time' is there twice"),
        (
            "time,operation,key\n1,GetItem,a\n2026-11-30T10:00:00Z,GetItem,a\n",
            "some times are dates, and some are seconds"
        ),
        ("time,operation,key\n1,GetItem,\"a\n", "line 2: a field in quotation marks has no end"),
        ("time,operation,key,sort-key\n1,GetItem,a,b\n", "line 2: the table has no sort key"),
        (
            "time,operation,key,table\n1,GetItem,a,one\n1,GetItem,a,two\n",
            "it has requests to the tables one, two: say with 'table' which one is meant"
        ),
    ])
    func `a file that cannot be a trace is refused`(text: String, problem: String) {
        #expect(Self.problems(text).first == problem)
    }

    @Test func `of very many problems the first ones are told`() {
        let rows = String(repeating: "x,GetItem,a\n", count: 1000)
        #expect(Self.problems("time,operation,key\n" + rows).count == TraceRows.problemCountMax)
    }

    @Test func `bytes without a meaning are refused, whatever they are`() {
        var random = Generator(seed: 5)
        let pieces = [
            "time,operation,key\n", "\"", ",", "\n", "\r\n", "1", "GetItem", "{", "}", "\u{0}", "é", "#", "[", ":",
            "\"eventTime\"",
        ]
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.below(12) { bytes += Array(pieces[random.below(pieces.count)].utf8) }
            if random.happens(0.3) { bytes.append(UInt8(random.below(256))) }
            let trace = try? RequestTrace.parse(.init(file: "x"), bytes, itemsHaveSortKey: false, regions: Self.regions)
            #expect(trace?.requests.isEmpty != true)
        }
    }

    @Test func `sort keys that are numbers stay what they are, and others keep their order`() throws {
        let header = "time,operation,key,sort-key\n"
        let numbers = try Self.parse(header + "1,PutItem,a,10\n2,GetItem,a,9.5\n3,Query,a,\n", sortKey: true)
        #expect(numbers.requests.map(\.sortNumber) == [Number(10), try Number("9.5"), nil])
        let words = try Self.parse(
            header + "1,PutItem,a,10\n2,GetItem,a,x\n3,GetItem,b,9\n4,GetItem,b,10\n", sortKey: true)
        #expect(words.requests.map(\.sortNumber) == [0, 2, 1, 0])
        #expect(
            Self.problems(header + "1,PutItem,a,\n", sortKey: true) == [
                "line 2: the table has a sort key, and the request none"
            ])
    }

    private static func event(
        _ name: String, _ time: String, _ key: String, table: String = "Music", region: String = "us-east-1"
    ) -> String {
        """
        {"eventVersion":"1.08","eventTime":"\(time)","eventSource":"dynamodb.amazonaws.com","eventName":"\(name)",\
        "awsRegion":"\(region)","requestParameters":{"tableName":"\(table)"\(key.isEmpty ? "" : ",\"key\":\(key)")},"readOnly":false}
        """
    }

    @Test func `a CloudTrail log is read as one array or line by line`() throws {
        let events = [
            Self.event("PutItem", "2026-11-30T10:00:01Z", #"{"Artist":"No One You Know"}"#),
            Self.event("GetItem", "2026-11-30T10:00:00Z", #"{"Artist":{"S":"Acme"}}"#, region: "eu-west-1"),
            Self.event("UpdateItem", "2026-11-30T10:00:01Z", #"{"Artist":7}"#),
            Self.event("BatchWriteItem", "2026-11-30T10:00:02Z", ""), Self.event("Query", "2026-11-30T10:00:02Z", ""),
            Self.event("ListStreams", "2026-11-30T10:00:02Z", ""),
        ]
        for text in ["{\"Records\":[\(events.joined(separator: ",\n"))]}", events.joined(separator: "\n") + "\n"] {
            let trace = try Self.parse(text)
            #expect(trace.requests.map(\.partition) == ["Acme", "No One You Know", "7"])
            #expect(trace.requests.map(\.line) == [2, 1, 3])
            #expect(trace.requests.map(\.region) == ["eu-west-1", "us-east-1", "us-east-1"])
            // Their times are whole seconds: what is of one second is spread over it.
            #expect(trace.requests.map(\.at) == [0, 1_000_000_000, 1_500_000_000])
            #expect(trace.leftOut.map(\.name) == ["BatchWriteItem", "ListStreams", "Query without its key"])
            #expect(trace.leftOut.allSatisfy { $0.count == 1 })
        }
    }

    @Test func `a key of two attributes needs to be told which is which`() throws {
        let text = Self.event("PutItem", "2026-11-30T10:00:01Z", #"{"Artist":"a","SongTitle":"b"}"#)
        #expect(
            Self.problems(text, sortKey: true) == [
                "line 1: the key has the attributes Artist, SongTitle: say with 'partition-key' which one is the partition key"
            ])
        let trace = try Self.parse(text, sortKey: true) { $0.partitionKey = "SongTitle" }
        #expect(trace.requests[0].partition == "b" && trace.requests[0].sort == "a")
        #expect(
            Self.problems(text, sortKey: true) { $0.partitionKey = "Album" } == [
                "line 1: the key has no 'Album' that is a value"
            ])
    }

    @Test func `a log of several tables needs to be told which one is meant, and where requests are made can be said`()
        throws
    {
        let text =
            Self.event("PutItem", "2026-11-30T10:00:01Z", #"{"a":"1"}"#, table: "one", region: "us-west-2") + "\n"
            + Self.event(
                "PutItem", "2026-11-30T10:00:01Z", #"{"a":"2"}"#, table: "arn:aws:dynamodb:x:1:table/two",
                region: "us-west-2")
        #expect(Self.problems(text).count == 3)
        let trace = try Self.parse(text) { ($0.table, $0.region) = ("two", "eu-west-1") }
        #expect(trace.requests.map(\.partition) == ["2"] && trace.requests[0].region == "eu-west-1")
    }

    @Test(arguments: ["{", "{\"Records\": 7}", "{\"a\": 1}\n{\"b\": 2}", "[1, 2]", "{\"Records\": [[]]}"])
    func `JSON that is no log is refused`(text: String) { #expect(!Self.problems(text).isEmpty) }
}
