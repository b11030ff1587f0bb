import Testing

@testable import Simulation

@Suite("Summaries")
struct SummaryTests {
    @Test func `a summary says the verdict first and the command last, and fits a terminal`() throws {
        let text = Summary.text(of: .sample())
        let lines = text.split(separator: "\n")
        #expect(lines.first == "PASSED  region-outage, seed 7")
        #expect(lines.last == "Again:  meridian simulate Simulations/region-outage.yaml --seed 7")
        #expect(text.hasSuffix("\n"))
        #expect(lines.count < 30)
        #expect(lines.allSatisfy { $0.count <= 110 })
        for part in [
            "nothing lost", "41.3 s from a fault's end", "212 ms after the last", "3,123 resolved",
            "us-east-1 → eu-west-1",
            "✓ converges within 30 s", "0.179 %", "MiB",
        ] {
            #expect(text.contains(part), "\(part) is missing")
        }
        #expect(!text.contains("violation"))
    }

    @Test func `a failed run says what did not hold, and what was lost`() {
        let text = Summary.text(of: .sample(isPassed: false), file: "my/own file.yaml")
        #expect(text.hasPrefix("FAILED"))
        #expect(text.contains("1 violation of what always has to hold\n  ✗ 1:15:00 convergence: orders/user-17"))
        #expect(text.contains("✗ unavailability in us-east-1"))
        #expect(text.contains("3 acknowledged writes lost, up to 140 ms old"))
        #expect(text.contains("All agreed      never"))
        #expect(text.contains("my/own file.yaml --seed 7"))
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
        #expect(Summary.text(of: result).hasPrefix("PASSED  none, seed 0\n        0 requests to 0 regions in 0 ms"))
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

    @Test func `bytes and moments are short`() {
        #expect(Figures.bytes(512) == "512 B")
        #expect(Figures.bytes(12_900_000) == "12.3 MiB")
        #expect(Figures.moment(seconds: 3912.9) == "1:05:12")
    }
}
