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

    @Test("that passed says so in one line, with how fast it was in the last")
    func verdict() {
        let summary = SweepSummary(scenario: "test", runs: [RunDigest(Self.result(seed: 1, convergence: 250))])
        let lines = summary.text(wallSeconds: 0.5).split(separator: "\n")
        #expect(lines.suffix(2).first == "PASSED  test, seed 1: 1 run, none failed")
        #expect(lines.last == "100 requests, 70 s of virtual time in 500 ms: 200 requests a second")
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test("that failed names the ways to fail with their seeds, and the commands for the first of them")
    func failures() {
        var results = (1...15).map {
            Self.result(seed: UInt64($0), convergence: nil, violations: $0 == 7 ? [] : ["they differ in \($0)"])
        }
        results[6].violations = [.init(seconds: 1, checker: "leaks", text: "2 connections are open")]
        let summary = SweepSummary(scenario: "test", runs: results.map(RunDigest.init))
        let text = summary.text(wallSeconds: 1, file: "my files/test.yaml")
        let lines = text.split(separator: "\n")
        #expect(text.contains("FAILED  test, seeds 1...15: 15 of 15 runs failed\n  ✗ seeds 1, 2, 3,"))
        #expect(text.contains("and 4 more: convergence\n  ✗ seed 7: leaks: 2 connections are open\n"))
        #expect(lines.last == "Shrink  meridian simulate 'my files/test.yaml' --seed 1 --shrink")
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(
            summary.failures[6].failureText(file: "test.yaml")
                == "  ✗ seed 7: leaks: 2 connections are open\n      meridian simulate test.yaml --seed 7\n")
    }

    @Test("counts a run that never recovered among none of the recovery times")
    func recovery() {
        var results = (1...3).map { Self.result(seed: UInt64($0), convergence: 1) }
        for (index, time) in [nil, 20.0, 30].enumerated() {
            results[index].recoveries = [
                .init(
                    region: "a", fromSeconds: 1, untilSeconds: 2, servedMilliseconds: 0, inStepMilliseconds: time)
            ]
        }
        let summary = SweepSummary(scenario: "test", runs: results.map(RunDigest.init))
        #expect(summary.recoveryTimeMilliseconds == .init(median: 20, worst: 30, worstSeed: 3))
    }

    @Test("of no run says so")
    func empty() {
        let summary = SweepSummary(scenario: "test", runs: [])
        #expect(summary.convergenceMilliseconds == nil)
        #expect(summary.text(wallSeconds: 0).hasPrefix("PASSED  test: 0 runs, none failed\n"))
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
