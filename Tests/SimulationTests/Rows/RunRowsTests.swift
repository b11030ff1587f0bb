import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Rows of runs")
struct RunRowsTests {
    private static let regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]

    /// Rows of a scenario with parameters: one that passed and one that failed, with texts that need care.
    private func rows(_ file: ScenarioFile) throws -> [RunRow] {
        try [(UInt64.max, true), (2, false)].map { seed, isPassed in
            let scenario = try file.scenario([ParameterValue(name: "latency", value: isPassed ? "10ms" : "50ms")])
            var result = RunResult.sample(regions: Self.regions, isPassed: isPassed)
            result.seed = seed
            result.parameters = scenario.parameters
            if !isPassed { result.violations[0].text = "a \"quoted\", text: \\ and é\u{1}\nand another line" }
            return RunRow(RunDigest(result), of: scenario, version: "1.2.3")
        }
    }

    private func text(_ format: RunRows.Format, _ rows: [RunRow]) -> String {
        RunRows(format, parameters: ["latency", "rate"], regions: Self.regions).text(rows)
    }

    @Test(arguments: [RunRows.Format.csv, .jsonLines])
    func `rows read back to what they were`(format: RunRows.Format) throws {
        let file = try ScenarioParameterTests.file()
        var rows = try rows(file)
        let read = try RunRows.read(text(format, rows), format: format, of: [file], version: "1.2.3")
        // Line feeds are what divides rows.
        rows[1].run.failure = rows[1].run.failure.map { String($0.map { $0 == "\n" ? " " : $0 }) }
        #expect(read.map(\.row) == rows)
        #expect(read.map(\.regions) == [Self.regions, Self.regions])
        let again = RunRows(format, parameters: ["latency", "rate"], regions: Self.regions).text(read.map(\.row))
        #expect(again == text(format, rows))
    }

    @Test func `CSV has the columns in this order, with a value for each`() throws {
        let lines = text(.csv, try rows(ScenarioParameterTests.file())).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0].hasPrefix(
                "version,scenario,scenarioHash,latency,rate,seed,hasPassed,failure,traceHash,lostAcknowledgedWrites,"))
        #expect(lines[0].hasSuffix(",connections/ap-northeast-1/eu-west-1"))
        #expect(lines[1].contains(",10ms,10/s,18446744073709551615,true,,5f3a90c41be2d786,0,0,41300,212,"))
        #expect(lines[2].contains(#","convergence: a ""quoted"", text: \ and é"#))
    }

    @Test(arguments: [RunRows.Format.csv, .jsonLines])
    func `a row that was not written to its end is left out, wherever it was cut`(format: RunRows.Format) throws {
        let file = try ScenarioParameterTests.file()
        let whole = Array(text(format, try rows(file)).utf8)
        let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }
        for cut in stride(from: 0, to: whole.count, by: 37) {
            let part = String(decoding: whole[..<cut], as: UTF8.self)
            let count = max(0, ends.count { $0 < cut } - (format == .csv ? 1 : 0))
            #expect(try RunRows.read(part, format: format, of: [file], version: "1.2.3").count == count)
        }
    }

    private func problem(
        _ text: String, _ format: RunRows.Format = .csv, version: String = "1.2.3", of files: [ScenarioFile]? = nil
    ) throws -> String? {
        let files = try files ?? [ScenarioParameterTests.file()]
        do {
            _ = try RunRows.read(text, format: format, of: files, version: version)
            return nil
        } catch { return error.description }
    }

    @Test func `rows of something else are refused with the line and the reason`() throws {
        let good = text(.csv, try rows(ScenarioParameterTests.file()))
        #expect(try problem(good) == nil)
        #expect(
            try problem(good, version: "1.2.4")
                == "line 2: the row is of version 1.2.3, and this is 1.2.4: give another file")
        let changed = try ScenarioParameterTests.file(more: "disk: {sync: ${latency}, jitter: 0.3}")
        #expect(
            try problem(good, of: [changed])
                == "line 2: the scenario 'grid' has changed since the row was written: give another file")
        #expect(try problem(good, of: [changed, try ScenarioParameterTests.file()]) == nil)
        let other = try ScenarioFile.load(path: "\(RandomScenario.shipped)/chaos.yaml")
        #expect(
            try problem(good, of: [other]) == "line 2: the row is of another scenario, 'grid': give another file")
    }

    @Test func `what is no row is refused with its line`() throws {
        let good = text(.csv, try rows(ScenarioParameterTests.file()))
        let lines = good.split(separator: "\n").map(String.init)
        func changed(_ old: String, _ new: String) throws -> String? {
            try problem("\(lines[0])\n\(lines[1].replacing(old, with: new))\n")
        }
        #expect(try changed(",18446744073709551615,", ",18446744073709551616,") == "line 2: 'seed' is no number")
        #expect(try changed(",true,", ",yes,") == "line 2: 'hasPassed' is neither true nor false")
        for value in ["nan", "-1", "1e300", "x"] {
            #expect(try changed(",41300,", ",\(value),")?.contains("'recoveryTimeMilliseconds' is '\(value)'") == true)
        }
        #expect(try changed(",true,", ",true,,")?.contains("fields; expected") == true)
        #expect(try changed(",true,", ",\"true,") == "line 2: a field in quotation marks has no end")
        #expect(try changed(",true,", ",\"true\"x,") == "line 2: more text behind a field in quotation marks")
        #expect(try problem("\(lines[0])\n\(lines[1])\n\(lines[1])\n")?.hasPrefix("line 3: the seed 1844") == true)
        #expect(
            try problem("version,scenario,scenarioHash,\n1.2.3,a,b,\n")?.contains("of another scenario, 'a'") == true)
        #expect(try problem("version,scenario,scenarioHash,\n1,2\n") == "line 2: 2 fields; expected 4")
        #expect(try problem("{\"version\":[1]}\n", .jsonLines)?.hasPrefix("line 1: it is no object of") == true)
        #expect(try problem("{\"version\":\n", .jsonLines)?.hasPrefix("line 1: it is no object of") == true)
        #expect(try problem("{\"version\":\"1.2.3\"}\n", .jsonLines) == "line 1: it has no 'scenario'")
        #expect(try problem("", .jsonLines) == nil && problem("") == nil)
    }

    @Test(arguments: ["a,b\n1,2\n", "a,b\n", "one line", "{\"version\":1}\n"])
    func `a file that is something else is refused, whether or not its lines have ends`(text: String) throws {
        #expect(try problem(text)?.hasPrefix("line 1: it is no file of rows") == true)
        if !text.hasPrefix("{") { #expect(try problem(text, .jsonLines)?.hasPrefix("line 1: it is no file") == true) }
    }

    @Test func `lines may end as other systems have it`() throws {
        let file = try ScenarioParameterTests.file()
        let text = text(.csv, try rows(file)).replacing("\n", with: "\r\n")
        #expect(try RunRows.read(text, format: .csv, of: [file], version: "1.2.3").count == 2)
    }

    @Test func `the ending of a file's name says its form`() {
        #expect(RunRows.Format(path: "a/b.csv") == .csv)
        #expect(RunRows.Format(path: "b.jsonl") == .jsonLines)
        #expect(RunRows.Format(path: "b.json") == nil && RunRows.Format(path: "csv") == nil)
    }
}
