import Foundation
import Testing

@testable import Simulation

@Suite("The report's page")
struct HTMLReportTests {
    private static let five = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "ap-southeast-2"]

    /// Names of elements that never have an end.
    private static let void = ["meta"]

    /// Whether every element that begins also ends, in order.
    static func isBalanced(_ page: String) -> Bool {
        var open: [String] = []
        for part in page.split(separator: "<").dropFirst() {
            guard let tag = part.split(separator: ">").first, !tag.hasPrefix("!") else { continue }
            let name = String(tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" })
            if name.hasPrefix("/") {
                guard open.popLast() == String(name.dropFirst()) else { return false }
            } else if !tag.hasSuffix("/"), !void.contains(name) {
                open.append(name)
            }
        }
        return open.isEmpty
    }

    @Test(arguments: [true, false])
    func `the page needs nothing beside it, and is well formed`(isPassed: Bool) {
        for regions in [["us-east-1", "eu-west-1", "ap-northeast-1"], Self.five] {
            let page = HTMLReport.page(of: .sample(regions: regions, isPassed: isPassed))
            #expect(page.hasPrefix("<!DOCTYPE html>"))
            for outside in ["<script", "http:", "src=", "href=", "@import", "url(", "onload"] {
                #expect(!page.contains(outside), "\(outside)")
            }
            #expect(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"))
            #expect(page.contains(isPassed ? "✓ passed" : "✗ failed"))
            #expect(Self.isBalanced(page))
            #expect(page.utf8.count < 600_000)
        }
    }

    @Test func `the same result gives the same page`() {
        #expect(HTMLReport.page(of: .sample()) == HTMLReport.page(of: .sample()))
    }

    @Test func `texts are escaped wherever they stand`() {
        let hostile = "<script>alert('x')</script>&\"\u{1}"
        var result = RunResult.sample(regions: [hostile, "b\(hostile)", "c"], isPassed: false)
        result.scenario = hostile
        result.description = hostile
        result.traceHash = hostile
        result.violations[0].checker = hostile
        result.refusedChanges[0].text = hostile
        result.expectations[0].measured = hostile
        let page = HTMLReport.page(of: result, file: hostile)
        #expect(!page.contains("<script") && !page.contains("alert('x')") && !page.contains("\u{1}"))
        #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"))
        #expect(Self.isBalanced(page))
    }

    @Test func `every fault is on the timeline of each region that it struck, and in the list`() {
        let result = RunResult.sample()
        let page = HTMLReport.page(of: result)
        #expect(page.components(separatedBy: "class=\"bar\"").count - 1 == 6)
        #expect(page.contains("everywhere"))
        for fault in result.faults { #expect(page.contains(HTMLText.escaped(fault.text))) }
    }

    @Test func `there is a plot for the links from each region, and a statement where there is nothing to plot`() {
        let page = HTMLReport.page(of: .sample())
        for title in ["Throughput", "Errors", "Conflicts", "Convergence"] {
            #expect(page.contains("<h3>\(title)</h3>"))
        }
        for region in ["us-east-1", "eu-west-1", "ap-northeast-1"] {
            #expect(page.contains("<h3>Lag from \(region)</h3>") && page.contains("<h3>Backlog from \(region)</h3>"))
        }
        var quiet = RunResult.sample()
        quiet.series = .init()
        quiet.faults = []
        let still = HTMLReport.page(of: quiet)
        #expect(still.contains("No request failed.") && still.contains("Nothing went wrong."))
        #expect(!still.contains("class=\"drawing\""))
    }

    @Test func `behind every plot is a table of it, with few rows`() {
        let page = HTMLReport.page(of: .sample())
        let plots = page.components(separatedBy: "class=\"drawing\"").count - 1
        let tables = page.components(separatedBy: "<table class=\"plain-table\">").dropFirst()
        #expect(tables.count == plots && plots > 5)
        for table in tables {
            let rows = (table.components(separatedBy: "</table>").first ?? "").components(
                separatedBy: "<th scope=\"row\">")
            #expect(2...Plot.rowCountMax + 1 ~= rows.count)
        }
    }

    @Test func `a failed run says what to do next, a passed one does not`() {
        #expect(HTMLReport.page(of: .sample(isPassed: false)).contains("--seed 7 --shrink</code>"))
        #expect(!HTMLReport.page(of: .sample()).contains("--shrink"))
        var result = RunResult.sample(isPassed: false)
        result.violations = []
        #expect(HTMLReport.page(of: result).components(separatedBy: "--shrink").count == 2)
    }

    @Test func `recoveries and the meaning of their times are told`() {
        var result = RunResult.sample()
        result.recoveries[1].inStepMilliseconds = nil
        let page = HTMLReport.page(of: result)
        #expect(page.contains("<h2>Recoveries</h2>") && page.contains("41.3 s") && page.contains(">never<"))
        for term in ["Recovery time", "Served", "In step", "Staleness", "Lag", "Convergence"] {
            #expect(page.contains("<dt>\(term)</dt>"), "\(term)")
        }
    }

    @Test func `faults that overlap are one band behind a plot`() {
        let plot = Plot(
            title: "t", caption: "c", lines: [.init(name: "l", colour: 0, values: [1, 2])], intervalSeconds: 1,
            axis: TimeAxis(totalSeconds: 100), emptyText: "",
            faults: [(5, 9), (1, 3), (2, 4), (20, 20)].map {
                .init(fromSeconds: $0.0, untilSeconds: $0.1, text: "f", regions: [])
            })
        #expect(plot.html.components(separatedBy: "class=\"band\"").count - 1 == 3)
        #expect(plot.html.contains("x=\"10\" y=\"0\" width=\"30\""))
    }

    @Test func `a long run has no more points than can be seen, and none of its peaks is lost`() {
        var values = [Double](repeating: 1, count: 100_000)
        values[54_321] = 600
        let plot = Plot(
            title: "t", caption: "c", lines: [.init(name: "l", colour: 0, values: values)], intervalSeconds: 1,
            axis: TimeAxis(totalSeconds: 100_000), emptyText: "")
        let path = plot.html.components(separatedBy: "class=\"line c0\" d=\"")[1].prefix { $0 != "\"" }
        let points = path.split(whereSeparator: { $0 == "M" || $0 == "L" })
        #expect(points.count <= Plot.pointCountMax)
        #expect(points.contains { $0.hasSuffix(" 0") })
    }

    @Test func `values that are no numbers are left out`() {
        var result = RunResult.sample()
        result.series.lag = result.series.lag.map { $0.map { _ in Double.nan } }
        result.series.conflicts = [.infinity, -.infinity, 3]
        let page = HTMLReport.page(of: result)
        #expect(!page.contains("nan") && !page.contains("inf%") && !page.contains("inf "))
    }
}

@Suite("Scales of plots")
struct PlotScaleTests {
    @Test func `ticks are round, few, and reach above every value`() {
        var random = Generator(seed: 8)
        for _ in 0..<2000 {
            let highest = random.unit() * [0.001, 1, 50, 1e6, 1e12][random.below(5)] + 1e-9
            let scale = PlotScale.linear(upTo: highest)
            #expect(3...7 ~= scale.ticks.count, "\(highest)")
            #expect((scale.ticks.last ?? 0) >= highest * 0.999_999)
            #expect(0...1 ~= scale.height(of: highest))
            let logarithmic = PlotScale.logarithmic(upTo: highest)
            #expect(2...10 ~= logarithmic.ticks.count)
            #expect(0...1 ~= logarithmic.height(of: highest))
        }
        #expect(PlotScale.linear(upTo: 50).ticks == [0, 20, 40, 60])
        let hour = PlotScale.logarithmic(upTo: 3_600_000)
        #expect(hour.ticks == [10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000])
        #expect(hour.height(of: 5) == 0 && hour.height(of: 3_600_000) == 1 && hour.height(of: 1e9) == 1)
        #expect(PlotScale.logarithmic(upTo: 0).ticks == [10, 100])
        #expect(hour.ticks.map(PlotScale.lengthText).suffix(2) == ["10 min", "1 h"])
    }

    @Test func `the time axis has few ticks with units, whatever its length`() {
        for total in [0, 0.5, 3, 59, 60, 480, 4690, 86_400, 2_592_000, .infinity] as [Double] {
            let axis = TimeAxis(totalSeconds: total)
            #expect(axis.ticks.count <= 9, "\(total)")
            #expect(axis.ticks.allSatisfy { 0...100 ~= axis.percent($0.seconds) })
        }
        #expect(TimeAxis(totalSeconds: 4690).ticks.map(\.text).prefix(3) == ["0", "15 min", "30 min"])
    }
}
