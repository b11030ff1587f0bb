extension SweepComparison {
    /// The figures of both side by side, how they differ, and the verdict, with a line feed at the end.
    ///
    /// - Parameter isColoured: whether the verdict is coloured, by the escapes of terminals.
    public func text(isColoured: Bool = false) -> String {
        let layout = TextLayout(isColoured: isColoured)
        let shown = SweepSummary.shownFigures.compactMap(figure).filter { $0.firstMedian != 0 || !$0.isEqual }
        var lines = layout.aligned(
            [["", "runs", "failed"]]
                + [("A", first), ("B", second)].map { letter, side in
                    ["\(letter)  \(side.name)", Figures.count(side.runCount), side.failureText]
                }, textColumns: 1)
        lines.append("")
        if !shown.isEmpty {
            let medians = shown.map { figure in
                [figure.metric.title, figure.metric.text(figure.firstMedian), figure.metric.text(figure.secondMedian)]
                    + [figure.lowerCount, figure.higherCount, figure.equalCount].map(Figures.count)
            }
            lines += layout.aligned(
                [["", "median of A", "median of B", "B better", "B worse", "equal"]] + medians, textColumns: 1)
            lines.append("")
            let differences = shown.map { figure in
                [
                    figure.metric.title, figure.signed(figure.medianDifference),
                    figure.medianDifferenceInterval.map { $0.text(figure.signed) } ?? "–",
                    figure.signed(figure.meanDifference),
                    figure.meanDifferenceInterval.map { $0.text(figure.signed) } ?? "–",
                ]
            }
            lines += layout.aligned(
                [["B - A, by seed", "median", "95 % interval", "mean", "95 % interval"]] + differences, textColumns: 1)
            lines.append("")
        }
        let runs = first.runCount + second.runCount
        lines.append(
            "\(layout.verdict(failures.isEmpty))  \(Figures.count(pairCount, "pair"))\(seedText): "
                + (failures.isEmpty ? "none failed" : "\(Figures.count(failures.count)) of \(runs) runs failed"))
        return lines.joined(separator: "\n") + "\n"
    }

    private var seedText: String {
        guard let firstSeed, let lastSeed else { return "" }
        return firstSeed == lastSeed ? ", seed \(firstSeed)" : ", seeds \(firstSeed)...\(lastSeed)"
    }
}

extension SweepComparison.Side {
    fileprivate var failureText: String {
        guard runCount > 0 else { return "–" }
        return "\(Figures.share(Double(failedCount) / Double(runCount))) (\(failureInterval.text(Figures.share)))"
    }
}

extension SweepComparison.Figure {
    /// Whether no pair differs.
    fileprivate var isEqual: Bool { lowerCount + higherCount == 0 }

    /// A difference with its sign.
    fileprivate func signed(_ value: Double) -> String {
        let text = metric.text(abs(value))
        // What rounds to nothing has no sign.
        return text == metric.text(0) ? text : "\(value < 0 ? "-" : "+")\(text)"
    }
}
