/// What many runs came to, as one page that needs nothing beside it: the distributions, the statistics, and how they came about.
struct SweepPage {
    let summary: SweepSummary
    /// Of the two combinations, where they are compared.
    let comparison: SweepComparison?
    let plots: [DistributionPlot]
    let methods: String

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(HTMLText.escaped(summary.scenario)), \(Figures.count(summary.runCount, "run"))</title>
        <style>
        \(HTMLReport.style)
        .plot svg { width: 100%; height: auto; border-radius: 6px; }
        pre { overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; margin: 0; }
        </style>
        </head>
        <body>
        \(header)
        <main>
        \(failures)
        \(comparison.map { "<section class=\"card\"><h2>Compared seed by seed</h2><pre>\(HTMLText.escaped($0.text()))</pre></section>" } ?? "")
        <h2 class="part">Distributions</h2>
        <p class="soft note">The share of runs in which the figure was at most so much. A line that ends below 100 % leaves out the runs
        that never came to the figure. Figures that are zero in every run are not shown.</p>
        <div class="plots">\(plots.map { "<figure class=\"card plot\">\($0.figure.text)</figure>" }.joined(separator: "\n"))</div>
        <h2 class="part">Statistics</h2>
        <p class="soft note">Intervals have a confidence of 95 %. Seeds are those of the median and of the worst run.</p>
        \(summary.combinations.map(table).joined(separator: "\n"))
        <section class="card"><h2>Methods</h2><p>\(HTMLText.escaped(methods))</p></section>
        </main>
        </body>
        </html>

        """
    }

    private var header: String {
        let hasPassed = summary.failures.isEmpty
        let verdict =
            hasPassed
            ? "<span class=\"verdict good\">✓ passed</span>" : "<span class=\"verdict bad\">✗ failed</span>"
        let seeds = summary.firstSeed.flatMap { first in summary.lastSeed.map { " · seeds \(first)...\($0)" } } ?? ""
        return """
            <header><h1>\(HTMLText.escaped(summary.scenario)) \(verdict)</h1>
            <p class="soft">\(Figures.count(summary.runCount, "run"))\(seeds) · \
            \(Figures.count(summary.operationCount, "request")) in \
            \(Figures.duration(seconds: summary.simulatedSeconds)) of virtual time</p></header>
            """
    }

    /// The most runs that failed that are listed.
    private static let failureCountMax = 50

    private var failures: String {
        guard !summary.failures.isEmpty else { return "" }
        let items = summary.failures.prefix(Self.failureCountMax).map { run in
            let parameters = run.parameters.map { " · \($0.description)" }.joined()
            return "<li>seed \(run.seed)\(HTMLText.escaped(parameters)): \(HTMLText.escaped(run.failure ?? ""))</li>"
        }
        let more = summary.failures.count - items.count
        return """
            <section class="card failed"><h2>\(Figures.count(summary.failures.count, "run")) failed</h2>
            <ul class="plain">\(items.joined(separator: "\n"))</ul>\
            \(more > 0 ? "<p class=\"soft\">and \(Figures.count(more)) more</p>" : "")</section>
            """
    }

    private func table(_ combination: SweepSummary.Combination) -> String {
        func interval(_ interval: ConfidenceInterval?, _ metric: Metric) -> String {
            interval.map { $0.text(metric.text) } ?? "–"
        }
        let rows = SweepSummary.shownFigures.compactMap(combination.figure).map { figure in
            let (metric, statistics) = (figure.metric, figure.statistics)
            let missing = combination.missingText(metric.name)
            return [
                missing.isEmpty ? metric.title : "\(metric.title), \(missing)", metric.text(statistics.median),
                interval(statistics.medianInterval, metric),
                metric.text(statistics.p95), interval(statistics.p95Interval, metric), metric.text(statistics.mean),
                interval(statistics.meanInterval, metric), metric.text(statistics.worst),
                "\(statistics.medianSeed), \(statistics.worstSeed)",
            ]
        }
        let name = combination.name.isEmpty ? "All runs" : combination.name
        let share = combination.runCount == 0 ? 0 : Double(combination.failedCount) / Double(combination.runCount)
        return HTMLText.table(
            "\(name): \(Figures.share(share)) of \(Figures.count(combination.runCount, "run")) failed "
                + "(\(combination.failureInterval.text(Figures.share)))",
            columns: [
                "Figure", "Median", "Interval", "p95", "Interval of p95", "Mean", "Interval of mean", "Worst", "Seeds",
            ], rows: rows)
    }
}
