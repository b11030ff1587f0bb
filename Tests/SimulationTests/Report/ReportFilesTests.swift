import Foundation
import Testing

@testable import Simulation

@Suite("The files of a report")
struct ReportFilesTests {
    private static func scenario(_ latency: String = "10ms") throws -> Scenario {
        try ScenarioParameterTests.file().scenario([ParameterValue(name: "latency", value: latency)])
    }

    private static func run(_ change: (inout RunResult) -> Void = { _ in }) throws -> [ReportFile] {
        var result = RunResult.sample()
        change(&result)
        return ReportFile.files(
            of: result, file: "s.yaml", Methods(version: "1.2.3", scenarios: [try scenario()]))
    }

    /// Two combinations of eight runs each, of which one never recovers.
    private static func summary() throws -> SweepSummary {
        SweepSummary(
            scenario: "grid",
            combinations: try ["10ms", "50ms"].map { latency in
                let scenario = try Self.scenario(latency)
                let runs = (1...8).map { seed in
                    var result = RunResult.sample(isPassed: seed > 1)
                    result.seed = UInt64(seed)
                    result.parameters = scenario.parameters
                    result.recoveries[0].inStepMilliseconds = seed == 3 ? nil : Double(seed / 2) * 100 + 1000
                    return RunDigest(result)
                }
                return (SweepVariant(scenario), runs)
            })
    }

    private static func sweep() throws -> [ReportFile] {
        let methods = Methods(version: "1.2.3", scenarios: [try scenario(), try scenario("50ms")])
        return ReportFile.files(of: try summary(), methods)
    }

    private func text(_ name: String, in files: [ReportFile]) throws -> String {
        try #require(files.first { $0.name == name }?.text, "\(name) in \(files.map(\.name))")
    }

    @Test func `each plot of a run is an SVG that stands alone, with its data as CSV`() throws {
        let files = try Self.run()
        #expect(Set(files.map(\.name)).count == files.count)
        let plots = HTMLReport.plotList(of: .sample())
        let drawings = files.filter { $0.name.hasSuffix(".svg") }
        #expect(drawings.count == plots.count && drawings.count > 5)
        for drawing in drawings {
            #expect(drawing.text.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="))
            #expect(HTMLReportTests.isBalanced("\n\(drawing.text)"))
            for outside in ["class=", "var(", "href", "url(", "<style", "<script", "nan", "inf "] {
                #expect(!drawing.text.contains(outside), "\(drawing.name): \(outside)")
            }
        }
        let series = RunResult.sample().series
        let csv = try text("lag-from-us-east-1.csv", in: files).split(separator: "\n")
        #expect(csv[0] == "fromSeconds,to eu-west-1,to ap-northeast-1")
        #expect(csv.count == series.lag[0].count + 1)
        let row = csv[11].split(separator: ",").compactMap { Double($0) }
        #expect(row == [50, series.lag[0][10], series.lag[1][10]])
    }

    @Test func `a plot of zeros has its data and no drawing`() throws {
        let files = try Self.run { $0.series.errors = $0.series.errors.map { $0.map { _ in 0 } } }
        #expect(files.contains { $0.name == "errors.csv" } && !files.contains { $0.name == "errors.svg" })
    }

    @Test func `names are escaped in drawings, and quoted in data`() throws {
        let plot = Plot(
            title: "a <b> & c", caption: "d <e>, f",
            lines: [.init(name: "g,\"<h>\"", colour: 0, values: [1, .nan, 3])],
            intervalSeconds: 0.5, axis: TimeAxis(totalSeconds: 2), emptyText: "")
        let drawing = try #require(plot.figure).text
        #expect(HTMLReportTests.isBalanced("\n\(drawing)") && drawing.contains("a &lt;b&gt; &amp; c"))
        #expect(plot.csv == "fromSeconds,\"g,\"\"<h>\"\"\"\n0,1\n0.5,\n1,3\n")
        #expect(plot.fileName == "a--b----c")
    }

    @Test func `the methods say what was run, with what, and how to run it again`() throws {
        let text = try text("methods.txt", in: Self.run())
        let hash = try Self.scenario().fingerprint
        for part in [
            "Meridian 1.2.3", "grid (hash \(hash))", "three-continents.yaml (us-east-1, eu-west-1, ap-northeast-1)",
            "latency = 10ms; rate = 10/s", "seed 7", "trace hash is 5f3a90c41be2d786", "No violations were found",
        ] { #expect(text.contains(part), "\(part)") }
        let sweep = try self.text("methods.txt", in: Self.sweep())
        for part in ["16 runs of 2 configurations with each seed, seeds 1 to 8", "latency = 10ms, 50ms", "2 failed"] {
            #expect(sweep.contains(part), "\(part) in \(sweep)")
        }
    }

    @Test func `many runs have a page, and a distribution of each figure that is not zero everywhere`() throws {
        let files = try Self.sweep()
        let page = try text("index.html", in: files)
        #expect(HTMLReportTests.isBalanced(page) && page.contains("prefers-color-scheme: dark"))
        #expect(page.contains("latency=10ms, rate=10/s: 12.5 % of 8 runs failed") && page.contains("2 runs failed"))
        let names = files.map(\.name)
        #expect(names.contains("recovery-time.svg") && names.contains("unavailability.csv"))
        let csv = try text("recovery-time.csv", in: files).split(separator: "\n")
        #expect(csv.count == 17 && csv[0] == "latency,rate,seed,recoveryTimeMilliseconds")
        #expect(csv[1] == "10ms,10/s,1,1000" && csv[3] == "10ms,10/s,3," && csv[16] == "50ms,10/s,8,1400")
    }

    @Test func `a distribution rises to the share of the runs that have the figure`() throws {
        let metric = try #require(Metric.ofRun.first { $0.name == "recoveryTimeMilliseconds" })
        let plot = try #require(DistributionPlot(metric, of: Self.summary()))
        for line in plot.figure.lines {
            let points = line.points
            #expect(zip(points, points.dropFirst()).allSatisfy { $0.x <= $1.x && $0.y <= $1.y })
            #expect(points.first?.y == 0 && points.last?.x == 1 && points.last?.y == 0.875)
            // Four values between which it rises, two of them of two runs.
            #expect(Set(points.map(\.y)) == [0, 0.125, 0.25, 0.5, 0.75, 0.875])
        }
        let lost = try #require(Metric.ofRun.first { $0.name == "indexActiveMilliseconds" })
        var quiet = RunResult.sample()
        quiet.indexBuilds = []
        let none = SweepSummary(
            scenario: "s", combinations: [(SweepVariant(regions: quiet.regions), [RunDigest(quiet)])])
        #expect(DistributionPlot(lost, of: none) == nil)
    }

    @Test func `two configurations have their comparison on the page`() throws {
        let runs = try Self.summary().combinations.map(\.runs)
        let variants = ["a.yaml", "b.yaml"].map { SweepVariant(name: $0, regions: RunResult.sample().regions) }
        let comparison = SweepComparison((variants[0], runs[0]), (variants[1], runs[1]))
        let summary = SweepSummary(scenario: "a and b", combinations: zip(variants, runs).map { ($0, $1) })
        let files = ReportFile.files(
            of: summary, comparing: comparison, Methods(version: "1.2.3", scenarios: [try Self.scenario()]))
        #expect(try text("index.html", in: files).contains("Compared seed by seed"))
        #expect(try text("methods.txt", in: files).contains("compared over 8 pairs"))
        #expect(try text("unavailability.csv", in: files).hasPrefix("configuration,seed,unavailability\na.yaml,1,"))
    }
}
