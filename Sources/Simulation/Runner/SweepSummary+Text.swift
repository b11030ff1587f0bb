extension SweepSummary {
    /// The most seeds that are named for one way to fail.
    private static let seedCountMax = 10
    /// The figures that a terminal has room for; every one is in the JSON and in the rows.
    static let shownFigures = [
        "lostAcknowledgedWrites", "recoveryPointMilliseconds", "recoveryTimeMilliseconds", "convergenceMilliseconds",
        "stalenessP99Milliseconds", "stalenessMaxMilliseconds", "conflicts", "overwrittenWrites", "staleReads",
        "unavailability", "longestOutageSeconds",
        "p99Milliseconds",
    ]

    /// The figures of all runs as tables, the verdict with the ways to fail, and what to do next, with a line feed at the end.
    ///
    /// - Parameters:
    ///   - wallSeconds: how long the runs took, in real time; nil where some of them were made before.
    ///   - file: the scenario's file, for the commands.
    ///   - isColoured: whether the verdict is coloured, by the escapes of terminals.
    public func text(wallSeconds: Double?, file: String? = nil, isColoured: Bool = false) -> String {
        let layout = TextLayout(isColoured: isColoured)
        var lines = combinations.count == 1 ? figureLines(layout) : combinationLines(layout)
        let count = Figures.count(runCount, "run")
        lines.append(
            "\(layout.verdict(failures.isEmpty))  \(scenario)\(seedText): "
                + (failures.isEmpty ? "\(count), none failed" : "\(Figures.count(failures.count)) of \(count) failed"))
        lines += failureLines(layout)
        if combinations.count == 1, runCount > 1 {
            lines.append("A seed fails with a probability of \(combinations[0].failureText).")
        }
        lines.append("")
        let size =
            "\(Figures.count(operationCount, "request")), \(Figures.duration(seconds: simulatedSeconds)) of virtual time"
        lines.append(size + (wallSeconds.map(speedText) ?? ""))
        if let first = failures.first {
            let replay = ScenarioCommand.replay(
                file ?? "Simulations/\(scenario).yaml", seed: first.seed, parameters: first.parameters)
            lines += layout.aligned([["Replay", replay], ["Shrink", "\(replay) --shrink"]], textColumns: 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func speedText(_ wallSeconds: Double) -> String {
        let perSecond = Int(min(1e15, Double(operationCount) / max(wallSeconds, 1e-9)))
        return " in \(Figures.duration(seconds: wallSeconds)): \(Figures.count(perSecond, "request")) a second"
    }

    private var seedText: String {
        guard let firstSeed, let lastSeed else { return "" }
        return firstSeed == lastSeed ? ", seed \(firstSeed)" : ", seeds \(firstSeed)...\(lastSeed)"
    }

    // MARK: - Figures

    /// Every shown figure of the only combination.
    private func figureLines(_ layout: TextLayout) -> [String] {
        let figures = Self.shownFigures.compactMap(combinations[0].figure).filter { $0.statistics.worst > 0 }
        guard !figures.isEmpty else { return [] }
        let quantiles = figures.map { [$0.metric.title] + $0.quantileCells }
        var lines = layout.aligned([[""] + Figure.quantileTitles] + quantiles, textColumns: 1) + [""]
        if combinations[0].runCount > 1 {
            let means = figures.map {
                [$0.metric.title] + $0.meanCells + [combinations[0].missingText($0.metric.name)]
            }
            lines += layout.aligned([[""] + Figure.meanTitles] + means, textColumns: 1)
            lines += ["Seeds are those of the median and of the worst run.", ""]
        }
        return lines
    }

    /// A line for each combination, then a table of each shown figure that is not zero everywhere.
    private func combinationLines(_ layout: TextLayout) -> [String] {
        let names = Self.shownFigures.filter { name in
            combinations.contains { ($0.figure(name)?.statistics.worst ?? 0) > 0 }
        }
        let parameters = combinations[0].parameters.map(\.name)
        let failed = combinations.map { $0.parameters.map(\.value) + ["\($0.runCount)", $0.failureText] }
        var lines = layout.aligned([parameters + ["runs", "failed"]] + failed, textColumns: parameters.count) + [""]
        for name in names {
            guard let metric = Metric.ofRun.first(where: { $0.name == name }) else { continue }
            let rows = combinations.map { combination in
                combination.parameters.map(\.value)
                    + (combination.figure(name)?.quantileCells ?? Figure.quantileTitles.map { _ in "–" })
                    + [combination.missingText(name)]
            }
            lines.append(metric.title)
            lines += layout.aligned([parameters + Figure.quantileTitles] + rows, textColumns: parameters.count) + [""]
        }
        return lines
    }

    // MARK: - Failures

    /// The ways in which runs failed first, the most frequent one first.
    private func failureLines(_ layout: TextLayout) -> [String] {
        var ways: [(name: String, text: String, runs: [RunDigest])] = []
        for failure in failures {
            let text = failure.failure ?? ""
            let name = text.firstIndex(of: ":").map { String(text[..<$0]) } ?? text
            if let place = ways.firstIndex(where: { $0.name == name }) {
                ways[place].runs.append(failure)
            } else {
                ways.append((name, text, [failure]))
            }
        }
        let sorted = ways.enumerated().sorted {
            ($1.element.runs.count, $0.offset) < ($0.element.runs.count, $1.offset)
        }
        return sorted.flatMap { _, way in
            if way.runs.count == 1 {
                return layout.wrapped("seed \(way.runs[0].name): \(way.text)", mark: layout.mark(false))
            }
            let seeds = way.runs.prefix(Self.seedCountMax).map(\.name).joined(separator: ", ")
            let more = way.runs.count - Self.seedCountMax
            return layout.wrapped(
                "seeds \(seeds)"
                    + (more > 0 ? " and \(Figures.count(more)) more" : "") + ": \(way.name)", mark: layout.mark(false))
        }
    }
}

extension SweepSummary.Combination {
    /// How many runs never came to a figure: `never in 3`; empty where all did.
    func missingText(_ name: String) -> String {
        let missing = runCount - (figure(name)?.statistics.count ?? 0)
        return missing > 0 ? "never in \(Figures.count(missing))" : ""
    }

    /// The share of runs that failed, with its interval.
    fileprivate var failureText: String {
        guard runCount > 0 else { return "–" }
        let share = Figures.share(Double(failedCount) / Double(runCount))
        return "\(share) (\(failureInterval.text(Figures.share)))"
    }
}

extension SweepSummary.Figure {
    fileprivate static let quantileTitles = ["median", "95 % interval", "p95", "worst", "seeds"]
    fileprivate static let meanTitles = ["mean", "95 % interval", "p90", "95 % interval"]

    fileprivate var quantileCells: [String] {
        [
            metric.text(statistics.median), statistics.medianInterval.map { $0.text(metric.text) } ?? "–",
            metric.text(statistics.p95), metric.text(statistics.worst),
            "\(statistics.medianSeed), \(statistics.worstSeed)",
        ]
    }

    fileprivate var meanCells: [String] {
        [
            metric.text(statistics.mean), statistics.meanInterval.map { $0.text(metric.text) } ?? "–",
            metric.text(statistics.p90), statistics.p90Interval.map { $0.text(metric.text) } ?? "–",
        ]
    }
}

extension ConfidenceInterval {
    /// `1.1 – 1.3 s`: with the unit once where both bounds have it.
    func text(_ text: (Double) -> String) -> String {
        let (low, high) = (text(low), text(high))
        let unit = high.lastIndex(of: " ").map { high[$0...] } ?? ""
        return unit.isEmpty || !low.hasSuffix(unit) ? "\(low) – \(high)" : "\(low.dropLast(unit.count)) – \(high)"
    }
}

extension RunDigest {
    /// The seed, with the parameters' values where there are any.
    fileprivate var name: String {
        parameters.isEmpty ? "\(seed)" : "\(seed) (\(parameters.map(\.description).joined(separator: ", ")))"
    }

    /// What failed first, and the command that runs the same again, with a line feed at the end.
    ///
    /// - Parameter file: the scenario's file.
    public func failureText(file: String) -> String {
        let lines = TextLayout().wrapped("seed \(seed): \(failure ?? "passed")", mark: "✗")
        return (lines + ["      \(ScenarioCommand.replay(file, seed: seed, parameters: parameters))"])
            .joined(separator: "\n") + "\n"
    }
}
