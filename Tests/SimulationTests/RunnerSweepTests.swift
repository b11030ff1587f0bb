import Testing

@testable import Simulation

@Suite("A sweep over seeds")
struct RunnerSweepTests {
    private static func summary(_ runs: [RunDigest]) -> SweepSummary {
        SweepSummary(scenario: "test", combinations: [(SweepVariant(regions: ["a"]), runs)])
    }

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
        let summary = Self.summary(digests)
        #expect(summary == Self.summary(digests.reversed()))
        let convergence = summary.combinations[0].figure("convergenceMilliseconds")?.statistics
        #expect(convergence?.count == 3 && convergence?.median == 900 && convergence?.medianSeed == 1)
        #expect(convergence?.worst == 900 && convergence?.worstSeed == 1 && convergence?.mean == 610)
        let unavailability = summary.combinations[0].figure("unavailability")?.statistics
        #expect(unavailability?.median == 0.02 && unavailability?.medianSeed == 2)
        #expect(unavailability?.worst == 0.04 && unavailability?.worstSeed == 4)
        #expect(summary.failures.map(\.seed) == [2])
        #expect(summary.failures.first?.failure == "convergence: they differ")
        #expect(summary.passedCount == 3)
        #expect(summary.operationCount == 400)
        #expect(summary.simulatedSeconds == 280)
    }

    @Test("that passed says so in one line, with how fast it was in the last")
    func verdict() {
        let summary = Self.summary([RunDigest(Self.result(seed: 1, convergence: 250))])
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
        let summary = Self.summary(results.map(RunDigest.init))
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
        let summary = Self.summary(results.map(RunDigest.init))
        let recovery = summary.combinations[0].figure("recoveryTimeMilliseconds")?.statistics
        #expect(recovery?.count == 2 && recovery?.median == 20 && recovery?.worst == 30 && recovery?.worstSeed == 3)
        #expect(summary.text(wallSeconds: 1).contains(/Recovery time +25 ms .* never in 1\n/))
    }

    @Test("of a grid says each combination's figures, and commands that set its parameters")
    func grid() {
        func digest(_ seed: UInt64, _ latency: String, _ isPassed: Bool) -> RunDigest {
            var result = Self.result(
                seed: seed, convergence: latency == "1ms" ? 10 : 20, violations: isPassed ? [] : ["they differ"])
            result.parameters = [.init(name: "latency", value: latency)]
            return RunDigest(result)
        }
        let runs = ["1ms", "2ms"].map { latency in
            (
                variant: SweepVariant(parameters: [.init(name: "latency", value: latency)], regions: ["a"]),
                runs: [digest(1, latency, true), digest(2, latency, latency == "1ms")]
            )
        }
        var unsettled = Self.result(seed: 3, convergence: nil)
        unsettled.parameters = runs[1].variant.parameters
        let more = SweepSummary(
            scenario: "test", combinations: [runs[0], (runs[1].variant, runs[1].runs + [RunDigest(unsettled)])])
        #expect(more.text(wallSeconds: nil).contains(/\n2ms +20 ms .* never in 1\n/))
        let summary = SweepSummary(scenario: "test", combinations: runs)
        #expect(summary.runCount == 4 && summary.failures.map(\.seed) == [2])
        let lines = summary.text(wallSeconds: 1).split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains(/^1ms +2 +0 %/) } && lines.contains { $0.contains(/^2ms +2 +50 %/) })
        let place = lines.firstIndex(of: "Agreement after") ?? 0
        #expect(lines[place + 1].contains(/^latency +median/))
        #expect(lines[place + 2].contains(/^1ms +10 ms/) && lines[place + 3].contains(/^2ms +20 ms/))
        #expect(lines.contains("Replay  meridian simulate Simulations/test.yaml --set latency=2ms --seed 2"))
        #expect(lines.dropLast().allSatisfy { $0.count <= 80 })
    }

    @Test("of no run says so")
    func empty() {
        let summary = Self.summary([])
        #expect(summary.combinations[0].figure("convergenceMilliseconds") == nil)
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
