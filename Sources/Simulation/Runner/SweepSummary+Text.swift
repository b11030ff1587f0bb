extension SweepSummary {
    /// The figures of all runs as a table, and a closing line, with a line feed at the end.
    ///
    /// - Parameter wallSeconds: how long the runs took, in real time.
    public func text(wallSeconds: Double) -> String {
        var rows = [["", "MEDIAN", "WORST", "SEED"]]
        func add(_ name: String, _ figure: Figure?, _ format: (Double) -> String) {
            guard let figure, figure.worst > 0 else { return }
            rows.append([name, format(figure.median), format(figure.worst), "\(figure.worstSeed)"])
        }
        add("All agreed after", convergenceMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Staleness p99", stalenessP99Milliseconds) { Figures.duration(milliseconds: $0) }
        add("Staleness max", stalenessMaxMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Recovery time", recoveryTimeMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Recovery point", recoveryPointMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Lost writes", lostAcknowledgedWrites) { Figures.count(Int($0)) }
        add("Failed requests", unavailability) { Figures.share($0) }
        add("Conflicts", conflicts) { Figures.count(Int($0)) }
        var lines = rows.count > 1 ? Self.aligned(rows) + [""] : []
        let wall = max(wallSeconds, 1e-9)
        lines.append(
            "\(failures.isEmpty ? "PASSED" : "FAILED")  \(scenario): \(Figures.count(passedCount)) passed, "
                + "\(Figures.count(failures.count)) failed; \(Figures.count(operationCount)) operations and "
                + "\(Figures.count(Int(simulatedSeconds))) simulated seconds in "
                + "\(Figures.duration(seconds: wallSeconds)): \(Figures.count(Int(Double(operationCount) / wall))) operations and "
                + "\(Figures.count(Int(simulatedSeconds / wall))) simulated seconds a second")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Rows as lines: the first column to the left, the others to the right.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
    }
}
