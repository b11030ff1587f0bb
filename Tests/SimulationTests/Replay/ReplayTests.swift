import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Replayed requests")
struct ReplayTests {
    private static func shipped() throws -> Scenario {
        try Scenario.load(path: "\(RandomScenario.shipped)/replay-orders.yaml")
    }

    /// The rows of a bill, each by its columns.
    private static func rows(_ text: String) throws -> [[String: String]] {
        var values = CommaSeparatedValues(Array(text.utf8))
        let header = try #require(try values.next()).fields
        var rows: [[String: String]] = []
        while let row = try values.next() {
            #expect(row.fields.count == header.count)
            rows.append(Dictionary(uniqueKeysWithValues: zip(header, row.fields)))
        }
        return rows
    }

    @Test func `every request of a trace is made once, and the bill has each write`() throws {
        let scenario = try Self.shipped()
        let run = Run(scenario, seed: 1)
        let result = run.run()
        #expect(result.hasPassed, "\(result.violations) \(result.expectations)")
        let trace = try #require(scenario.workload[0].trace)
        #expect(result.operationCount == trace.requests.count)
        let rows = try Self.rows(#require(run.replayBill()))
        #expect(rows.map { $0["line"] } == trace.requests.filter(\.operation.isWrite).map { "\($0.line)" })
        // Item by item what the whole says.
        let lost = rows.filter { $0["lost"] == "yes" && $0["outcome"] == "acknowledged" }
        #expect(lost.count == result.lostAcknowledgedWrites && !lost.isEmpty)
        #expect(
            lost.allSatisfy {
                $0["in"] == "us-east-1" && $0["durable-eu-west-1"] == "" && $0["durable-ap-northeast-1"] == ""
            })
        #expect(lost.map { "pk=\($0["key"] ?? "")" }.sorted() == result.bill.lostWrites.map(\.key).sorted())
        let overwritten = rows.filter { $0["overwritten-by"] != "" && $0["outcome"] == "acknowledged" }
        #expect(overwritten.count == result.bill.overwrittenCount)
        // What the lost region had acknowledged is lost, or had lost to others' writes by then.
        for row in rows where row["outcome"] == "acknowledged" && row["durable-eu-west-1"] == "" {
            #expect(row["lost"] == "yes" || row["overwritten-by"] != "", "\(row)")
        }
        for row in rows where row["outcome"] == "acknowledged" && row["durable-eu-west-1"] != "" {
            let committed = try #require(Double(row["committed"] ?? ""))
            #expect(try #require(Double(row["time"] ?? "")) < committed)
            for region in result.regions {
                let durable = try #require(Double(row["durable-\(region)"] ?? ""), "\(row)")
                #expect(durable >= committed)
                if region == row["in"] { #expect(durable == committed) }
            }
        }
        // What was made while the links were down is late by seconds.
        let late = rows.filter { row in
            guard let committed = row["committed"].flatMap(Double.init), row["in"] == "eu-west-1",
                let durable = row["durable-us-east-1"].flatMap(Double.init)
            else { return false }
            return durable - committed > 5
        }
        #expect(!overwritten.isEmpty)
        #expect(late.count > 5)
    }

    @Test func `a replay is the same each time, and reads back from its text`() throws {
        let scenario = try Self.shipped()
        let (first, second) = (Run(scenario, seed: 3), Run(scenario, seed: 3))
        #expect(first.run() == second.run())
        #expect(first.replayBill() == second.replayBill())
        #expect(try Scenario.parse(scenario.text, file: "x.yaml", folder: scenario.folder) == scenario)
        let moved = try Scenario.parse(scenario.text(inFolder: "/tmp"), file: "x.yaml", folder: "/tmp")
        #expect(moved.workload[0].trace?.requests == scenario.workload[0].trace?.requests)
    }

    @Test func `sizes, sort keys and the place of a request are those of the trace`() throws {
        var scenario = WorldTests.scenario(20)
        scenario.tables[0].hasSortKey = true
        let text = """
            time,operation,key,sort-key,size,region
            2,PutItem,a,1,5000,eu-west-1
            3,UpdateItem,a,2,7000,eu-west-1
            4,GetItem,a,1,,ap-northeast-1
            5,Query,a,,,us-east-1
            6,Scan,,,,us-east-1
            7,DeleteItem,a,1,,
            """
        let regions = scenario.topology.regions.map(\.name)
        let trace = try RequestTrace.parse(.init(file: "x"), Array(text.utf8), itemsHaveSortKey: true, regions: regions)
        scenario.workload[0].arrival = .trace(trace)
        let run = Run(scenario, seed: 1)
        let result = run.run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.requests.map(\.count) == [3, 2, 1])
        #expect(result.requests.map(\.acknowledgedWrites) == [1, 2, 0])
        #expect(result.bill.staleReads.allSatisfy { $0.count == 0 })
        let bytes = result.links.filter { $0.from == "eu-west-1" }.map(\.bytes)
        #expect(bytes.allSatisfy { $0 > 12_000 })
    }

    @Test func `what lies behind the end is not sent, and the bill says so`() throws {
        var scenario = try Self.shipped()
        scenario.faults = []
        scenario.duration = .seconds(65)
        let run = Run(scenario, seed: 1)
        let result = run.run()
        let rows = try Self.rows(#require(run.replayBill()))
        let unsent = rows.filter { $0["outcome"] == "not sent" }
        #expect(!unsent.isEmpty && unsent.count < rows.count)
        #expect(unsent.allSatisfy { Double($0["time"] ?? "").map { $0 >= 65 } ?? false })
        #expect(result.lostAcknowledgedWrites == 0)
        #expect(Run(WorldTests.scenario(1), seed: 1).replayBill() == nil)
    }
}
