import ItemModel
import RegionStore
import TestSupport
import Testing

@testable import DynamoAPI

@Suite struct StatementTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        endpoint.createTable("sorted", hasSortKey: true)
        for number in 0..<9 {
            endpoint.put(
                [
                    "pk": .string(Text("p\(number / 3)")), "sk": .string(Text("s\(number)")),
                    "v": .number(Number(number)),
                ],
                into: "sorted")
        }
    }

    private func execute(_ statement: String, more: String = "") -> String {
        endpoint("ExecuteStatement", #"{"Statement":"\#(statement)"\#(more)}"#)
    }

    @Test func `a statement writes, reads and returns what it changed`() {
        #expect(execute("INSERT INTO simple VALUE {'pk': 'a', 'v': 1}") == #"{"Items":[]}"#)
        #expect(
            execute("UPDATE simple SET v = v + 1 WHERE pk = 'a' RETURNING MODIFIED NEW *")
                == #"{"Items":[{"v":{"N":"2"}}]}"#)
        #expect(
            execute("SELECT * FROM simple WHERE pk = 'a'", more: #","ReturnConsumedCapacity":"TOTAL""#)
                == #"{"Items":[{"pk":{"S":"a"},"v":{"N":"2"}}],"ConsumedCapacity":{"TableName":"simple","CapacityUnits":0.5}}"#
        )
        #expect(
            execute("DELETE FROM simple WHERE pk = 'a' RETURNING ALL OLD *")
                == #"{"Items":[{"pk":{"S":"a"},"v":{"N":"2"}}]}"#)
    }

    @Test func `an INSERT meets no item, an UPDATE one, a DELETE the one or none`() {
        _ = execute("INSERT INTO simple VALUE {'pk': 'a', 'v': 1}")
        #expect(
            execute("INSERT INTO simple VALUE {'pk': 'a'}")
                == fault("DuplicateItemException", "Duplicate primary key exists in table"))
        let failed = fault("ConditionalCheckFailedException", "The conditional request failed")
        #expect(execute("UPDATE simple SET v = 1 WHERE pk = 'b'") == failed)
        #expect(execute("DELETE FROM simple WHERE pk = 'b' AND v = 2") == #"{"Items":[]}"#)
        #expect(execute("DELETE FROM simple WHERE pk = 'a' AND v = 2") == failed)
    }

    @Test(arguments: 1...9)
    func `pages over several partitions hold every item once, in order`(limit: Int) {
        let statement = "SELECT v FROM sorted WHERE pk IN ['p2', 'p0', 'none', 'p1'] ORDER BY sk DESC"
        var found: [String] = []
        var more = ""
        repeat {
            let page = endpoint.tree("ExecuteStatement", #"{"Statement":"\#(statement)","Limit":\#(limit)\#(more)}"#)
            #expect(page["Items"].elements.count <= limit)
            found += page["Items"].elements.map { $0["v"]["N"].string }
            let token = page["NextToken"].string
            more = token.isEmpty ? "" : #","NextToken":"\#(token)""#
        } while !more.isEmpty && found.count < 20
        #expect(found == ["8", "7", "6", "2", "1", "0", "5", "4", "3"])
    }

    @Test func `a token with bytes changed is refused`() {
        var random = SplitMix64(seed: 3)
        let statement = "SELECT * FROM sorted WHERE pk = 'p1'"
        let token = endpoint.tree("ExecuteStatement", #"{"Statement":"\#(statement)","Limit":1}"#)["NextToken"].string
        for _ in 0..<300 {
            var bytes = Array(token.utf8)
            let place = random.below(bytes.count)
            let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            bytes[place] = letters[random.below(64)]
            let changed = String(decoding: bytes, as: UTF8.self)
            guard changed != token else { continue }
            let answer = endpoint.send("ExecuteStatement", #"{"Statement":"\#(statement)","NextToken":"\#(changed)"}"#)
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `statements with bytes changed never fail the server, and change nothing where they are refused`(seed: UInt64)
    {
        var random = SplitMix64(seed: seed)
        let statements = [
            "INSERT INTO simple VALUE {'pk': 'a', 'l': [1, {'x': <<'y'>>}], 'n': -1.5e3}",
            "UPDATE simple SET v = v + 1, m.x = 2 REMOVE l[0] WHERE pk = 'a' AND (size(l) > 1 OR v IS MISSING)",
            "DELETE FROM simple WHERE pk = 'a' RETURNING ALL OLD *",
            "SELECT v, m.x FROM sorted WHERE pk IN ['p1', 'p2'] AND sk BETWEEN 's1' AND 's7' ORDER BY sk DESC",
        ]
        for _ in 0..<400 {
            var bytes = Array(statements[random.below(statements.count)].utf8)
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = UInt8(0x20 + random.below(0x5E))
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[random.below(bytes.count)], at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self).replacing("\\", with: "").replacing("\"", with: "\\\"")
            let before = endpoint.region.reader.lastPosition
            for request in [
                ("ExecuteStatement", #"{"Statement":"\#(text)"}"#),
                ("BatchExecuteStatement", #"{"Statements":[{"Statement":"\#(text)"}]}"#),
                ("ExecuteTransaction", #"{"TransactStatements":[{"Statement":"\#(text)"}]}"#),
            ] {
                let answer = endpoint.send(request.0, request.1)
                #expect(answer.status == 200 || answer.status == 400, "\(text): \(answer)")
                if answer.status == 400, request.0 == "ExecuteStatement" {
                    #expect(endpoint.region.reader.lastPosition == before)
                }
            }
        }
    }

    @Test func `a batch answers each statement in order, and a transaction all of them or none`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}}}"#)
        #expect(
            endpoint(
                "BatchExecuteStatement",
                #"""
                {"Statements":[{"Statement":"INSERT INTO simple VALUE {'pk': ?}","Parameters":[{"S":"c"}]},
                 {"Statement":"INSERT INTO simple VALUE {'pk': 'a'}"},{"Statement":"?"}]}
                """#)
                == #"{"Responses":[{"TableName":"simple"},{"Error":{"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"},"TableName":"simple"},{"Error":{"Code":"ValidationError","Message":"Statement wasn't well formed, can't be processed: Unexpected term"}}]}"#
        )
        for statement in [
            "INSERT INTO simple VALUE {'pk': 'd'}", "UPDATE simple SET v = 1 WHERE pk = 'd'",
            "SELECT * FROM simple WHERE pk = 'd'",
        ] {
            let twice = #"{"Statements":[{"Statement":"\#(statement)"},{"Statement":"\#(statement)"}]}"#
            #expect(
                endpoint("BatchExecuteStatement", twice)
                    == validation("Provided list of item keys contains duplicates"))
        }
        #expect(execute("SELECT * FROM simple WHERE pk = 'd'") == #"{"Items":[]}"#)
        let refused = endpoint(
            "ExecuteTransaction",
            #"""
            {"TransactStatements":[{"Statement":"INSERT INTO simple VALUE {'pk': 'b'}"},
             {"Statement":"INSERT INTO simple VALUE {'pk': 'a'}"}]}
            """#)
        #expect(refused.contains("[None, DuplicateItem]"))
        #expect(execute("SELECT * FROM simple WHERE pk = 'b'") == #"{"Items":[]}"#)
    }
}
