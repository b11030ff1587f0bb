import Testing

@testable import Simulation

@Suite("Confidence intervals")
struct ConfidenceIntervalTests {
    /// The places, from 1, between which the interval of a quantile lies in a sample of that many values.
    private func places(_ share: Double, _ count: Int) -> [Int]? {
        ConfidenceInterval.ofQuantile(share, sorted: (1...count).map(Double.init)).map { [Int($0.low), Int($0.high)] }
    }

    @Test func `that of the median has the places that tables of the sign test give`() {
        // Conover, Practical Nonparametric Statistics, 1999, table A3: the confidence is the next that is at least 95 %.
        #expect(places(0.5, 5) == nil)
        #expect(places(0.5, 6) == [1, 6])
        #expect(places(0.5, 10) == [2, 9])
        #expect(places(0.5, 20) == [6, 15])
        #expect(places(0.5, 100) == [40, 61])
        #expect(places(0.95, 71) == nil)
        #expect(places(0.95, 72) == [64, 72])
        #expect(places(0.9, 36) == [29, 36])
    }

    @Test func `that of a quantile holds it in at least 95 of 100 samples, whatever their distribution`() {
        var generator = Generator(seed: 5)
        for (share, quantile) in [(0.5, 0.693_147), (0.9, 2.302_585)] {
            var held = 0
            for _ in 0..<2000 {
                let sample = (0..<60).map { _ in generator.exponential(mean: 1) }.sorted()
                guard let interval = ConfidenceInterval.ofQuantile(share, sorted: sample) else { continue }
                if interval.low <= quantile, quantile <= interval.high { held += 1 }
            }
            // Of 2,000 samples, three standard deviations are 1.5 %.
            #expect(Double(held) / 2000 > 0.935, "\(share)")
        }
    }

    @Test func `a million runs have one too`() {
        let interval = places(0.5, 1_000_000)
        #expect(interval == [499_020, 500_981])
    }

    @Test func `that of the mean holds it nearly as often, and is the same each time`() {
        var generator = Generator(seed: 9)
        var held = 0
        for _ in 0..<300 {
            let sample = (0..<40).map { _ in generator.unit() }
            guard let interval = ConfidenceInterval.ofMean(sample) else { continue }
            #expect(ConfidenceInterval.ofMean(sample) == interval)
            if interval.low <= 0.5, 0.5 <= interval.high { held += 1 }
        }
        #expect(Double(held) / 300 > 0.9)
        #expect(ConfidenceInterval.ofMean([1, 2, 3, 4, 5]) == nil)
        #expect(ConfidenceInterval.ofMean([7, 7, 7, 7, 7, 7]) == .init(low: 7, high: 7))
    }

    @Test func `that of a share is Wilson's`() {
        // Newcombe, "Two-Sided Confidence Intervals for the Single Proportion", 1998, table I, method 3.
        for (count, total, low, high) in [
            (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
        ] {
            let interval = ConfidenceInterval.ofShare(count, of: total)
            #expect(abs(interval.low - low) < 0.000_06 && abs(interval.high - high) < 0.000_06, "\(interval)")
        }
        #expect(ConfidenceInterval.ofShare(20, of: 20).high == 1)
        #expect(ConfidenceInterval.ofShare(0, of: 0) == .init(low: 0, high: 1))
    }
}

@Suite("Statistics of a figure")
struct SampleStatisticsTests {
    @Test func `quantiles are values of runs, with the lowest seed of those that have them`() throws {
        var values: [(value: Double, seed: UInt64)] = []
        for number in 1...20 { values.append((Double((number + 1) / 2), UInt64(100 - number))) }
        let statistics = try #require(SampleStatistics(values))
        #expect(statistics.median == 5 && statistics.medianSeed == 90)
        #expect(statistics.p90 == 9 && statistics.p95 == 10)
        #expect(statistics.worst == 10 && statistics.worstSeed == 80)
        #expect(statistics.mean == 5.5)
        #expect(statistics.medianInterval == .init(low: 3, high: 8))
        #expect(SampleStatistics([]) == nil)
    }

    @Test func `one run is its own median and worst, and has no interval`() throws {
        let statistics = try #require(SampleStatistics([(value: 4, seed: 3)]))
        #expect(statistics.median == 4 && statistics.p95 == 4 && statistics.worst == 4 && statistics.worstSeed == 3)
        #expect(statistics.medianInterval == nil && statistics.meanInterval == nil)
    }

    @Test func `every metric has a name of its own, and a value in a run`() {
        let result = RunResult.sample()
        let metrics = Metric.all(regions: result.regions)
        #expect(Set(metrics.map(\.name)).count == metrics.count)
        for metric in metrics { #expect(metric.value(result) != nil, "\(metric.name)") }
    }
}
