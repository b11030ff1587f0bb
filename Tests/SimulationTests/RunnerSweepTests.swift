import Testing

@testable import Simulation

@Suite("A sweep over seeds")
struct RunnerSweepTests {
    private static func result(seed: UInt64, convergence: Double?, violations: [String] = []) -> RunResult {
        var result = RunResult(
            scenario: "test", description: "", seed: seed, traceHash: "", eventCount: 0, durationSeconds: 60,
            totalSeconds: 70, regions: ["a"])
        var requests = RunResult.RegionRequests(region: "a")
        (requests.count, requests.failed) = (100, Int(seed))
        result.requests = [requests]
        result.convergenceMilliseconds = convergence
        result.violations = violations.map { .init(seconds: 1, checker: "convergence", text: $0) }
        return result
    }

    @Test("says the median and the worst of each figure, in whatever order the runs ended")
    func figures() {
        let digests = [
            Self.result(seed: 3, convergence: 30), Self.result(seed: 1, convergence: 900),
            Self.result(seed: 2, convergence: nil, violations: ["they differ"]), Self.result(seed: 4, convergence: 900),
        ].map(RunDigest.init)
        let summary = SweepSummary(scenario: "test", runs: digests)
        #expect(summary == SweepSummary(scenario: "test", runs: digests.reversed()))
        #expect(summary.convergenceMilliseconds == .init(median: 900, worst: 900, worstSeed: 1))
        #expect(summary.unavailability == .init(median: 0.02, worst: 0.04, worstSeed: 4))
        #expect(summary.failures.map(\.seed) == [2])
        #expect(summary.failures.first?.failure == "convergence: they differ")
        #expect(summary.passedCount == 3)
        #expect(summary.operationCount == 400)
        #expect(summary.simulatedSeconds == 280)
    }

    @Test("ends with a line that says how fast it was")
    func closingLine() {
        let summary = SweepSummary(scenario: "test", runs: [RunDigest(Self.result(seed: 1, convergence: 250))])
        let lines = summary.text(wallSeconds: 0.5).split(separator: "\n")
        #expect(
            lines.last
                == "PASSED  test: 1 passed, 0 failed; 100 operations and 70 simulated seconds in 500 ms: 200 operations and 140 simulated seconds a second"
        )
    }

    @Test("of no run says so")
    func empty() {
        let summary = SweepSummary(scenario: "test", runs: [])
        #expect(summary.convergenceMilliseconds == nil)
        #expect(summary.text(wallSeconds: 0).hasPrefix("PASSED  test: 0 passed, 0 failed;"))
    }
}

@Suite("A range of seeds")
struct RunnerSeedRangeTests {
    @Test(
        "is read as users write it",
        arguments: [("1...1000", 1, 1000), ("7", 7, 7), ("0...0", 0, 0)] as [(String, UInt64, UInt64)])
    func reads(text: String, first: UInt64, last: UInt64) {
        #expect(SeedRange(parsing: text) == SeedRange(first...last))
        #expect(SeedRange(parsing: text)?.count == Int(last - first) + 1)
    }

    @Test(
        "is refused when it is none",
        arguments: [
            "", "...", "1..2", "1....2", "1...", "...2", "2...1", "a...b", "-1...3", "1...2...3", "1.2", "1 ... 2",
        ])
    func refuses(text: String) {
        #expect(SeedRange(parsing: text) == nil)
    }

    @Test("may hold every seed there is")
    func whole() {
        #expect(SeedRange(0...UInt64.max).count == Int.max)
        #expect(SeedRange(parsing: "0...18446744073709551615") == SeedRange(0...UInt64.max))
    }
}
