import Testing

@testable import Simulation

@Suite("Summaries")
struct SummaryTests {
    @Test func `a summary says the verdict first and the command last, and fits a terminal`() throws {
        let text = Summary.text(of: .sample())
        let lines = text.split(separator: "\n")
        #expect(lines.first == "PASSED  region-outage, seed 7: 674,394 requests to 3 regions in 75 min")
        #expect(lines.last == "Replay  meridian simulate Simulations/region-outage.yaml --seed 7")
        #expect(text.hasSuffix("\n"))
        #expect(lines.count < 30)
        #expect(lines.allSatisfy { $0.count <= 80 })
        for part in [
            "Recovery point  nothing lost", "Recovery time   41.3 s at most (us-east-1, struck until 1:05:00)",
            "212 ms after the last", "3,123 resolved", "us-east-1 → eu-west-1", "  ✓ converges within 30 s", "0.179 %",
            "MiB",
            "Outage bill",
        ] {
            #expect(text.contains(part), "\(part) is missing")
        }
        #expect(!text.contains("did not") && !text.contains("Shrink"))
    }

    @Test func `a failed run says what did not hold, what was lost, and how to make it smaller`() {
        let text = Summary.text(of: .sample(isPassed: false), file: "my/own file.yaml")
        #expect(text.hasPrefix("FAILED"))
        #expect(
            text.contains(
                """
                What always has to hold, and did not
                  ✗ convergence at 1:15:00: orders/user-17: us-east-1 has version 1a2b,
                    eu-west-1 has <nothing> & "ap" 'too'

                """))
        #expect(text.contains("✗ unavailability in us-east-1"))
        #expect(text.contains("3 acknowledged writes lost, up to 140 ms old"))
        #expect(text.contains("Agreement       never"))
        #expect(
            text.contains(
                """
                    lost: orders[pk=<17>], acknowledged by us-east-1 at 0:04:59, 140 ms old
                    and 2 more

                """))
        #expect(text.contains("Replay  meridian simulate 'my/own file.yaml' --seed 7\n"))
        #expect(text.hasSuffix("Shrink  meridian simulate 'my/own file.yaml' --seed 7 --shrink\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(!Summary.text(of: .sample(isPassed: false), isShrinking: true).contains("Shrink"))
    }

    @Test func `the values of parameters follow the verdict, and stand on the page`() {
        var result = RunResult.sample()
        result.parameters = [.init(name: "latency", value: "<10ms>"), .init(name: "rate", value: "5/s")]
        let lines = Summary.text(of: result).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[1] == "with latency=<10ms>, rate=5/s" && lines[2].isEmpty)
        #expect(HTMLReport.page(of: result).contains("Seed 7 · latency=&lt;10ms&gt;, rate=5/s · "))
    }

    @Test func `a region that never recovered is said to, whatever the others did`() {
        var result = RunResult.sample()
        result.recoveries[1].inStepMilliseconds = nil
        #expect(Summary.text(of: result).contains("Recovery time   never (eu-west-1, struck until 0:25:00)"))
    }

    @Test func `a link without a change has no age`() {
        var result = RunResult.sample()
        result.links[0] = .init(from: "us-east-1", to: "eu-west-1")
        #expect(Summary.text(of: result).contains(/us-east-1 → eu-west-1 +– +– +– +0 B/))
    }

    @Test func `colours change nothing but the verdict and the marks`() {
        let coloured = Summary.text(of: .sample(isPassed: false), isColoured: true)
        #expect(coloured.hasPrefix("\u{1B}[1;31mFAILED\u{1B}[0m  "))
        #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == Summary.text(of: .sample(isPassed: false)))
    }

    @Test func `of many violations the first are listed and the others counted`() {
        var result = RunResult.sample()
        result.violations = (0..<25).map { .init(seconds: Double($0), checker: "reads", text: "number \($0)") }
        let text = Summary.text(of: result)
        #expect(text.contains("number 9\n") && !text.contains("number 10\n"))
        #expect(text.contains("and 15 more"))
    }

    @Test func `a run without anything has a summary`() {
        let result = RunResult(
            scenario: "none", description: "", seed: 0, traceHash: "", eventCount: 0, durationSeconds: 0,
            totalSeconds: 0, regions: [])
        #expect(Summary.text(of: result).hasPrefix("PASSED  none, seed 0: 0 requests to 0 regions in 0 ms\n"))
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
    ])
    func `counts have separators`(value: Int, text: String) { #expect(Figures.count(value) == text) }

    @Test(arguments: [
        (0, "0 ms"), (0.414, "0.41 ms"), (41.26, "41.3 ms"), (999, "999 ms"), (1000, "1 s"), (2345, "2.35 s"),
        (119_900, "120 s"), (120_000, "2 min"), (3_612_000, "60.2 min"), (7_200_000, "2 h"), (Double.infinity, "–"),
    ])
    func `durations have the unit that suits them`(milliseconds: Double, text: String) {
        #expect(Figures.duration(milliseconds: milliseconds) == text)
    }

    @Test(arguments: [
        (0, "0 %"), (0.000001, "< 0.001 %"), (0.00005, "0.005 %"), (0.0102, "1.02 %"), (1, "100 %"),
    ])
    func `a share above none is never shown as none`(share: Double, text: String) {
        #expect(Figures.share(share) == text)
    }

    @Test(arguments: [
        ("Simulations/a-b_c.yaml", "Simulations/a-b_c.yaml"), ("my file.yaml", "'my file.yaml'"),
        ("it's.yaml", "'it'\\''s.yaml'"), ("$(rm)", "'$(rm)'"), ("", "''"),
    ])
    func `a path in a command is one word to a shell`(path: String, word: String) {
        #expect(ScenarioCommand.quoted(path) == word)
    }

    @Test func `bytes and moments are short`() {
        #expect(Figures.bytes(512) == "512 B")
        #expect(Figures.bytes(12_900_000) == "12.3 MiB")
        #expect(Figures.moment(seconds: 3912.9) == "1:05:12")
    }
}
