/// What a run came to, as text that a person reads in ten seconds.
///
/// The verdict comes first, with what speaks against it; then what an outage costs: what is lost, how long it takes, how stale reads are,
/// what clients saw. The commands that go on from here come last, next to the prompt. It fits a terminal of 80 columns.
public enum Summary {
    /// The most violations that are listed; the others are only counted.
    private static let violationCountMax = 10

    /// The summary of a run, with a line feed at its end.
    ///
    /// - Parameters:
    ///   - file: the scenario's file, for the command that runs the same again.
    ///   - isColoured: whether the verdict and the marks are coloured, by the escapes of terminals.
    ///   - isShrinking: whether a smaller scenario is looked for anyway, so that the command for it is left out.
    public static func text(
        of result: RunResult, file: String? = nil, isColoured: Bool = false, isShrinking: Bool = false
    ) -> String {
        let layout = TextLayout(isColoured: isColoured)
        var lines = [
            "\(layout.verdict(result.hasPassed))  \(result.scenario), seed \(result.seed): \(size(of: result))"
        ]
        if !result.parameters.isEmpty { lines.append("with \(result.parameterText)") }
        lines.append("")
        lines += violations(of: result, layout)
        lines += expectations(of: result, layout)
        lines += refusedChanges(of: result, layout)
        lines += figures(of: result, layout)
        lines += links(of: result, layout)
        lines += clients(of: result, layout)
        lines += bill(of: result, layout)
        lines += layout.aligned(
            [["Events", "\(Figures.count(result.eventCount)), trace \(result.traceHash)"]]
                + [["Replay", result.replayCommand(file: file)]]
                + (result.hasPassed || isShrinking ? [] : [["Shrink", result.shrinkCommand(file: file)]]),
            textColumns: 2)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func size(of result: RunResult) -> String {
        "\(Figures.count(result.operationCount, "request")) to \(Figures.count(result.regions.count, "region"))"
            + " in \(Figures.duration(seconds: result.durationSeconds))"
    }

    private static func violations(of result: RunResult, _ layout: TextLayout) -> [String] {
        guard !result.violations.isEmpty else { return [] }
        var lines = ["What always has to hold, and did not"]
        for violation in result.violations.prefix(violationCountMax) {
            lines += layout.wrapped(
                "\(violation.checker) at \(Figures.moment(seconds: violation.seconds)): \(violation.text)",
                mark: layout.mark(false))
        }
        if result.violations.count > violationCountMax {
            lines.append("    and \(Figures.count(result.violations.count - violationCountMax)) more")
        }
        return lines + [""]
    }

    private static func refusedChanges(of result: RunResult, _ layout: TextLayout) -> [String] {
        guard !result.refusedChanges.isEmpty else { return [] }
        var lines = ["Changes of tables that were refused"]
        for change in result.refusedChanges.prefix(violationCountMax) {
            lines += layout.wrapped("\(Figures.moment(seconds: change.seconds)): \(change.text)", mark: " ")
        }
        if result.refusedChanges.count > violationCountMax {
            lines.append("    and \(Figures.count(result.refusedChanges.count - violationCountMax)) more")
        }
        return lines + [""]
    }

    private static func expectations(of result: RunResult, _ layout: TextLayout) -> [String] {
        guard !result.expectations.isEmpty else { return [] }
        let rows = result.expectations.map { [$0.text, $0.measured] }
        let lines = layout.aligned([["Expected", "measured"]] + rows.map { ["    \($0[0])", $0[1]] }, textColumns: 2)
        // The marks are put in last: what colours them takes no room.
        return lines.prefix(1)
            + zip(lines.dropFirst(), result.expectations).map { line, expectation in
                "  \(layout.mark(expectation.isMet))\(line.dropFirst(3))"
            } + [""]
    }

    private static func figures(of result: RunResult, _ layout: TextLayout) -> [String] {
        let agreement =
            result.convergenceMilliseconds.map {
                "\(Figures.duration(milliseconds: $0)) after the last request and fault"
            } ?? "never"
        return layout.aligned(
            [
                ["Recovery point", result.lossText],
                ["Recovery time", result.recoveryText],
                ["Agreement", agreement],
                ["Conflicts", "\(Figures.count(result.conflicts)) resolved"],
                ["Shipped", Figures.bytes(Double(result.byteCount))],
            ], textColumns: 2) + [""]
    }

    private static func links(of result: RunResult, _ layout: TextLayout) -> [String] {
        guard !result.links.isEmpty else { return [] }
        let header = ["Staleness", "p50", "p99", "max", "shipped"]
        let rows = result.links.map { link in
            let ages = [link.stalenessP50Milliseconds, link.stalenessP99Milliseconds, link.stalenessMaxMilliseconds]
            return ["  \(link.from) → \(link.to)"]
                + ages.map { link.changes == 0 ? "–" : Figures.duration(milliseconds: $0) }
                + [Figures.bytes(Double(link.bytes))]
        }
        return layout.aligned([header] + rows, textColumns: 1) + [""]
    }

    private static func clients(of result: RunResult, _ layout: TextLayout) -> [String] {
        guard !result.requests.isEmpty else { return [] }
        let header = ["Clients of", "requests", "unavailable", "max outage", "failover", "p50", "p99"]
        let rows = result.requests.map { region in
            [
                "  \(region.region)", Figures.count(region.count), Figures.share(region.unavailability),
                Figures.duration(seconds: region.longestOutageSeconds), Figures.share(region.failoverShare),
                Figures.duration(milliseconds: region.p50Milliseconds),
                Figures.duration(milliseconds: region.p99Milliseconds),
            ]
        }
        return layout.aligned([header] + rows, textColumns: 1) + [""]
    }
}
