import Foundation
import Testing

@testable import Simulation

@Suite("Two configurations compared")
struct SweepComparisonTests {
    private static let first = SweepVariant(name: "a.yaml", regions: ["us-east-1", "eu-west-1", "ap-northeast-1"])
    private static let second = SweepVariant(name: "b.yaml", regions: ["us-east-1", "eu-west-1"])

    private static func run(_ seed: UInt64, convergence: Double?, conflicts: Int = 5) -> RunDigest {
        var result = RunResult.sample()
        result.seed = seed
        result.convergenceMilliseconds = convergence
        result.conflicts = conflicts
        return RunDigest(result)
    }

    /// Eight pairs of which the second run is slower by as many milliseconds as its seed says, with seeds that only one has.
    static func comparison() -> SweepComparison {
        let first = (1...9).map { run(UInt64($0), convergence: $0 == 8 ? nil : 100) }
        let second = (0...8).map { run(UInt64($0), convergence: 100 + Double($0), conflicts: $0 == 3 ? 9 : 4) }
        return SweepComparison((Self.first, first.shuffled(by: 3)), (Self.second, second.shuffled(by: 4)))
    }

    @Test func `only runs of one seed are compared, whatever the order of the runs`() throws {
        let comparison = Self.comparison()
        #expect(comparison.pairCount == 8 && comparison.firstSeed == 1 && comparison.lastSeed == 8)
        #expect(comparison.first.runCount == 9 && comparison.second.name == "b.yaml")
        let figure = try #require(comparison.figure("convergenceMilliseconds"))
        // The first run of the seed 8 never came to it.
        #expect(figure.count == 7 && figure.firstMedian == 100 && figure.secondMedian == 104)
        #expect(figure.medianDifference == 4 && figure.meanDifference == 4)
        #expect(figure.medianDifferenceInterval == .init(low: 1, high: 7))
        #expect(figure.lowerCount == 0 && figure.higherCount == 7 && figure.equalCount == 0)
        let mean = try #require(figure.meanDifferenceInterval)
        #expect(mean.low > 1 && mean.low < 4 && mean.high > 4 && mean.high < 7)
        let conflicts = try #require(comparison.figure("conflicts"))
        #expect(conflicts.lowerCount == 7 && conflicts.higherCount == 1 && conflicts.medianDifference == -1)
    }

    @Test func `the figures are those of the regions that both have`() {
        let names = Self.comparison().figures.map(\.metric.name)
        #expect(names.contains("unavailability/eu-west-1") && names.contains("bytes/us-east-1/eu-west-1"))
        #expect(!names.contains { $0.contains("ap-northeast-1") })
    }

    @Test func `the text has both medians, the differences with their signs, and who is better how often`() {
        let lines = Self.comparison().text().split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains(/^Agreement after +100 ms +104 ms +0 +7 +0$/) })
        #expect(lines.contains { $0.contains(/^Agreement after +\+4 ms +\+1 – \+7 ms +\+4 ms/) })
        #expect(lines.contains { $0.contains(/^Conflicts +5 +4 +7 +1 +0$/) })
        #expect(lines.last == "PASSED  8 pairs, seeds 1...8: none failed")
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `a difference that rounds to nothing has no sign`() {
        let pairs = (1...8).map { (UInt64($0), Self.run(UInt64($0), convergence: 100)) }
        let other = pairs.map { Self.run($0.0, convergence: 100 - 0.001) }
        let text = SweepComparison((Self.first, pairs.map(\.1)), (Self.second, other)).text()
        #expect(text.contains(/\nAgreement after +0 ms +0 – 0 ms +0 ms +0 – 0 ms\n/))
    }

    @Test func `its JSON has these members`() throws {
        let members = try RunDocumentTests.members(ComparisonDocument(Self.comparison()))
        let side = [
            "failedCount", "failureInterval", "failureInterval.high", "failureInterval.low", "name", "runCount",
        ]
        let intervals = ["meanDifferenceInterval", "medianDifferenceInterval"]
        let expected =
            ["differences", "first", "firstSeed", "formatVersion", "hasPassed", "lastSeed", "pairCount", "second"]
            + ["first", "second"].flatMap { name in side.map { "\(name).\($0)" } }
            + ([
                "count", "equalCount", "firstMedian", "higherCount", "lowerCount", "meanDifference", "medianDifference",
                "name", "secondMedian",
            ] + intervals.flatMap { [$0, "\($0).high", "\($0).low"] }).map { "differences.\($0)" }
        #expect(RunDocumentTests.paths(members).sorted() == expected.sorted())
    }

    @Test func `nothing in common is said to be nothing`() {
        let comparison = SweepComparison((Self.first, [Self.run(1, convergence: 1)]), (Self.second, []))
        #expect(comparison.pairCount == 0 && comparison.figures.isEmpty && comparison.firstSeed == nil)
        #expect(comparison.text().hasSuffix("PASSED  0 pairs: none failed\n"))
    }
}

extension [RunDigest] {
    /// The elements in another order, the same each time.
    fileprivate func shuffled(by seed: UInt64) -> [RunDigest] {
        var generator = Simulation.Generator(seed: seed)
        return shuffled(using: &generator)
    }
}
