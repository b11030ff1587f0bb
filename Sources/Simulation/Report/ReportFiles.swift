/// A file of a report's folder.
public struct ReportFile: Sendable, Equatable {
    /// Within the folder, such as `recovery-time.svg`.
    public let name: String
    public let text: String

    /// The files of a run: its page, each plot as SVG with the data behind it as CSV, and how they came about.
    ///
    /// - Parameter file: the scenario's file, for the command that runs the same again.
    public static func files(of result: RunResult, file: String?, _ methods: Methods) -> [ReportFile] {
        [ReportFile(name: "index.html", text: HTMLReport.page(of: result, file: file))]
            + HTMLReport.plotList(of: result).flatMap { plot in
                (plot.figure.map { [ReportFile(name: "\(plot.fileName).svg", text: $0.text)] } ?? [])
                    + [ReportFile(name: "\(plot.fileName).csv", text: plot.csv)]
            } + [ReportFile(name: "methods.txt", text: methods.text(of: result, file: file))]
    }

    /// The files of many runs: a page with the statistics and distributions, each distribution as SVG with the data behind it as CSV,
    /// and how they came about.
    ///
    /// - Parameter comparison: of the two combinations, where they are compared.
    public static func files(
        of summary: SweepSummary, comparing comparison: SweepComparison? = nil, _ methods: Methods
    ) -> [ReportFile] {
        let plots = SweepSummary.shownFigures.compactMap { name in
            Metric.ofRun.first { $0.name == name }.flatMap { DistributionPlot($0, of: summary) }
        }
        let text =
            comparison.map { methods.text(of: summary, comparing: $0) } ?? methods.text(of: summary)
        let page = SweepPage(summary: summary, comparison: comparison, plots: plots, methods: text)
        return [ReportFile(name: "index.html", text: page.html)]
            + plots.flatMap { plot in
                [
                    ReportFile(name: "\(plot.fileName).svg", text: plot.figure.text),
                    ReportFile(name: "\(plot.fileName).csv", text: plot.csv),
                ]
            } + [ReportFile(name: "methods.txt", text: text)]
    }
}
