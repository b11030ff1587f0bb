/// What a run came to, as text that a person reads in ten seconds.
public enum Summary {
    /// The most violations that are listed; the others are only counted.
    private static let violationCountMax = 10

    /// The summary of a run, with a line feed at its end.
    ///
    /// - Parameter file: the scenario's file, for the command that runs the same again.
    public static func text(of result: RunResult, file: String? = nil) -> String {
        var lines = [
            "\(result.hasPassed ? "PASSED" : "FAILED")  \(result.scenario), seed \(result.seed)",
            "        \(Figures.count(result.operationCount)) requests to \(Figures.count(result.regions.count, "region"))"
                + " in \(Figures.duration(seconds: result.durationSeconds)), "
                + "\(Figures.count(result.eventCount)) events, trace \(result.traceHash)",
            "",
        ]
        lines += violations(of: result)
        lines += expectations(of: result)
        lines += figures(of: result)
        lines += clients(of: result)
        lines += links(of: result)
        lines += ["Again:  \(result.replayCommand(file: file))"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func violations(of result: RunResult) -> [String] {
        guard !result.violations.isEmpty else { return [] }
        var lines = ["\(Figures.count(result.violations.count, "violation")) of what always has to hold"]
        for violation in result.violations.prefix(violationCountMax) {
            lines.append(
                "  ✗ \(Figures.moment(seconds: violation.seconds)) \(violation.checker): \(violation.text)")
        }
        if result.violations.count > violationCountMax {
            lines.append("    and \(Figures.count(result.violations.count - violationCountMax)) more")
        }
        return lines + [""]
    }

    private static func expectations(of result: RunResult) -> [String] {
        guard !result.expectations.isEmpty else { return [] }
        let rows = result.expectations.map { ["  \($0.isMet ? "✓" : "✗") \($0.text)", $0.measured] }
        return ["Expected and measured"] + aligned(rows, textColumns: 2) + [""]
    }

    private static func figures(of result: RunResult) -> [String] {
        let agreement =
            result.convergenceMilliseconds.map {
                "\(Figures.duration(milliseconds: $0)) after the last request and fault"
            } ?? "never"
        return aligned(
            [
                ["Recovery point", result.lossText],
                [
                    "Recovery time",
                    result.recoveryTimeMilliseconds > 0
                        ? "\(Figures.duration(milliseconds: result.recoveryTimeMilliseconds)) "
                            + "from a fault's end until its region was up to date, at most"
                        : "nothing to recover from",
                ],
                ["All agreed", agreement],
                ["Conflicts", "\(Figures.count(result.conflicts)) resolved"],
                ["Shipped", Figures.bytes(Double(result.byteCount))],
            ], textColumns: 2) + [""]
    }

    private static func clients(of result: RunResult) -> [String] {
        guard !result.requests.isEmpty else { return [] }
        let header = ["Clients of", "requests", "unavailable", "failed over", "p50", "p99", "longest outage"]
        let rows = result.requests.map { region in
            [
                "  \(region.region)", Figures.count(region.count), Figures.share(region.unavailability),
                Figures.count(region.failedOver), Figures.duration(milliseconds: region.p50Milliseconds),
                Figures.duration(milliseconds: region.p99Milliseconds),
                Figures.duration(seconds: region.longestOutageSeconds),
            ]
        }
        return aligned([header] + rows, textColumns: 1) + [""]
    }

    private static func links(of result: RunResult) -> [String] {
        guard !result.links.isEmpty else { return [] }
        let header = ["Staleness", "p50", "p99", "max", "changes", "shipped"]
        let rows = result.links.map { link in
            [
                "  \(link.from) → \(link.to)", Figures.duration(milliseconds: link.stalenessP50Milliseconds),
                Figures.duration(milliseconds: link.stalenessP99Milliseconds),
                Figures.duration(milliseconds: link.stalenessMaxMilliseconds), Figures.count(link.changes),
                Figures.bytes(Double(link.bytes)),
            ]
        }
        return aligned([header] + rows, textColumns: 1) + [""]
    }

    /// The rows with their columns below each other: the first ones begin together, the others end together.
    private static func aligned(_ rows: [[String]], textColumns: Int) -> [String] {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += column < textColumns ? cell + space : space + cell
                line += "  "
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
