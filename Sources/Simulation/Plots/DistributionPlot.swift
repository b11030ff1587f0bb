import ConfigurationFiles

/// How one figure is distributed over the runs of each combination: the share of runs in which it was at most so much.
struct DistributionPlot {
    private let metric: Metric
    private let combinations: [SweepSummary.Combination]

    /// - Returns: nil where the figure is zero in every run, or there is none.
    init?(_ metric: Metric, of summary: SweepSummary) {
        self.metric = metric
        combinations = summary.combinations
        guard highest > 0 else { return nil }
    }

    var title: String { metric.title }
    /// The name of its files, without their endings: `recovery-time`.
    var fileName: String { Plot.fileName(metric.title) }

    private var highest: Double {
        combinations.compactMap { $0.figure(metric.name)?.statistics.worst }.max() ?? 0
    }

    var figure: SVGFigure {
        let scale = PlotScale.linear(upTo: highest)
        return SVGFigure(
            title: title, xLabel: title.lowercased(), yLabel: "share of runs with at most that",
            xTicks: scale.ticks.map { .init(place: scale.height(of: $0), text: metric.text($0)) },
            yTicks: stride(from: 0, through: 100, by: 25).map { .init(place: Double($0) / 100, text: "\($0) %") },
            lines: combinations.enumerated().map { index, combination in
                .init(name: combination.name, style: index, points: steps(of: combination, scale))
            })
    }

    /// The empirical distribution function; a run that never came to the figure is at no place, so that the line ends below 100 %.
    private func steps(of combination: SweepSummary.Combination, _ scale: PlotScale) -> [(x: Double, y: Double)] {
        let values = combination.runs.compactMap { $0.value(of: metric) }.sorted()
        guard !values.isEmpty else { return [] }
        var points = [(x: 0.0, y: 0.0)]
        for (index, value) in values.enumerated() {
            // Of equal values the last one has the share.
            if index + 1 < values.count, values[index + 1] == value { continue }
            let x = scale.height(of: value)
            points.append((x, points[points.count - 1].y))
            points.append((x, Double(index + 1) / Double(combination.runCount)))
        }
        points.append((1, points[points.count - 1].y))
        return points
    }

    /// A row for each run, with its parameters, its seed and the figure; nothing where the run never came to it.
    var csv: String {
        let named = combinations.contains { $0.parameters.isEmpty } && combinations.count > 1
        let parameters = named ? ["configuration"] : combinations.first?.parameters.map(\.name) ?? []
        let rows = combinations.flatMap { combination in
            combination.runs.map { run in
                (named ? [combination.name] : combination.parameters.map(\.value))
                    + ["\(run.seed)", run.value(of: metric).map(ConfigurationText.number) ?? ""]
            }
        }
        return CommaSeparatedValues.table([parameters + ["seed", metric.name]] + rows)
    }
}
