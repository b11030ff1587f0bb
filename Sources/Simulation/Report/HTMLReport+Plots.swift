extension HTMLReport {
    static func plots(of result: RunResult) -> String {
        let note =
            result.faults.isEmpty
            ? "" : "<p class=\"soft note\">The coloured bands are the faults.\(stopNote(result))</p>"
        let plots = plotList(of: result)
        return
            "<h2 class=\"part\">Over time</h2>\(note)<div class=\"plots\">\(plots.map(\.html).joined(separator: "\n"))</div>"
    }

    /// All plots of a page, in their order.
    static func plotList(of result: RunResult) -> [Plot] {
        let series = result.series
        let interval = series.intervalSeconds > 0 ? series.intervalSeconds : 1
        let regions = zip(result.regions, result.regions.indices)
        func lines(_ values: [[Double]]) -> [Plot.Line] {
            zip(regions, values).map { Plot.Line(name: $0.0, colour: $0.1, values: $1) }
        }
        return
            [
                plot(
                    result, "Throughput", "answered requests a second, from the clients of each region",
                    lines(series.throughput), merging: .mean, tickText: { "\(Figures.short($0))/s" },
                    emptyText: "No request was answered."),
                plot(
                    result, "Errors", "failed requests a second, from the clients of each region", lines(series.errors),
                    tickText: { "\(Figures.short($0))/s" }, emptyText: "No request failed."),
            ]
            + linkPlots(
                result, "Lag", "age of the oldest change that came there, or is still to come; logarithmic", series.lag,
                isLogarithmic: true, tickText: PlotScale.lengthText,
                emptyText: "Nothing was shipped.")
            + linkPlots(
                result, "Backlog", "changes that are not yet durable there", series.backlog,
                emptyText: "Nothing was left to ship at any interval's end.")
            + [
                plot(
                    result, "Conflicts", "conflicts resolved a second, in all regions",
                    [Plot.Line(name: "conflicts", colour: 0, values: series.conflicts.map { $0 / interval })],
                    merging: .mean, tickText: { "\(Figures.short($0))/s" }, emptyText: "There was no conflict."),
                plot(
                    result, "Convergence", "keys whose items differ between the regions that run",
                    [Plot.Line(name: "differing keys", colour: 0, values: series.differingKeys)],
                    emptyText: "The regions agreed at every interval's end."),
            ]
    }

    private static func stopNote(_ result: RunResult) -> String {
        stopSeconds(result) == nil ? "" : " At the dotted line the clients have stopped."
    }

    /// When the clients stopped; nil where the difference to the end cannot be seen.
    private static func stopSeconds(_ result: RunResult) -> Double? {
        result.totalSeconds - result.durationSeconds > result.totalSeconds / 200 ? result.durationSeconds : nil
    }

    /// One plot for each region that changes come from: all links in one could not be told apart.
    private static func linkPlots(
        _ result: RunResult, _ title: String, _ caption: String, _ values: [[Double]], isLogarithmic: Bool = false,
        tickText: @escaping (Double) -> String = Figures.short, emptyText: String
    ) -> [Plot] {
        result.regions.compactMap { region in
            let lines = zip(result.links, values).filter { $0.0.from == region }.map { link, values in
                Plot.Line(
                    name: "to \(link.to)", colour: result.regions.firstIndex(of: link.to) ?? 0, values: values)
            }
            guard !lines.isEmpty else { return nil }
            return plot(
                result, "\(title) from \(region)", caption, lines, isLogarithmic: isLogarithmic,
                tickText: tickText, emptyText: emptyText)
        }
    }

    private static func plot(
        _ result: RunResult, _ title: String, _ caption: String, _ lines: [Plot.Line],
        merging: Plot.Merging = .highest, isLogarithmic: Bool = false,
        tickText: @escaping (Double) -> String = Figures.short, emptyText: String
    ) -> Plot {
        Plot(
            title: title, caption: caption, lines: lines, intervalSeconds: result.series.intervalSeconds,
            axis: TimeAxis(totalSeconds: result.totalSeconds), merging: merging, isLogarithmic: isLogarithmic,
            tickText: tickText, emptyText: emptyText, faults: result.faults, stopSeconds: stopSeconds(result))
    }
}
