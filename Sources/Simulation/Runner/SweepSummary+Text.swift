extension SweepSummary {
    /// The most seeds that are named for one way to fail.
    private static let seedCountMax = 10

    /// The figures of all runs as a table, the verdict with the ways to fail, and what to do next, with a line feed at the end.
    ///
    /// - Parameters:
    ///   - wallSeconds: how long the runs took, in real time.
    ///   - file: the scenario's file, for the commands.
    ///   - isColoured: whether the verdict is coloured, by the escapes of terminals.
    public func text(wallSeconds: Double, file: String? = nil, isColoured: Bool = false) -> String {
        let layout = TextLayout(isColoured: isColoured)
        var lines = figureLines(layout)
        let count = Figures.count(runCount, "run")
        lines.append(
            "\(layout.verdict(failures.isEmpty))  \(scenario)\(seedText): "
                + (failures.isEmpty ? "\(count), none failed" : "\(Figures.count(failures.count)) of \(count) failed"))
        lines += failureLines(layout) + [""]
        let wall = max(wallSeconds, 1e-9)
        lines.append(
            "\(Figures.count(operationCount, "request")), \(Figures.duration(seconds: simulatedSeconds)) of virtual time "
                + "in \(Figures.duration(seconds: wallSeconds)): "
                + "\(Figures.count(Int(Double(operationCount) / wall), "request")) a second")
        if let first = failures.first {
            let replay = ScenarioCommand.replay(file ?? "Simulations/\(scenario).yaml", seed: first.seed)
            lines += layout.aligned([["Replay", replay], ["Shrink", "\(replay) --shrink"]], textColumns: 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var seedText: String {
        guard let firstSeed, let lastSeed else { return "" }
        return firstSeed == lastSeed ? ", seed \(firstSeed)" : ", seeds \(firstSeed)...\(lastSeed)"
    }

    private func figureLines(_ layout: TextLayout) -> [String] {
        var rows = [["", "median", "worst", "seed"]]
        func add(_ name: String, _ figure: Figure?, _ format: (Double) -> String) {
            guard let figure, figure.worst > 0 else { return }
            rows.append([name, format(figure.median), format(figure.worst), "\(figure.worstSeed)"])
        }
        add("Lost writes", lostAcknowledgedWrites) { Figures.count(Int($0)) }
        add("Recovery point", recoveryPointMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Recovery time", recoveryTimeMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Agreement after", convergenceMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Staleness p99", stalenessP99Milliseconds) { Figures.duration(milliseconds: $0) }
        add("Staleness max", stalenessMaxMilliseconds) { Figures.duration(milliseconds: $0) }
        add("Conflicts", conflicts) { Figures.count(Int($0)) }
        add("Unavailability", unavailability) { Figures.share($0) }
        return rows.count > 1 ? layout.aligned(rows, textColumns: 1) + [""] : []
    }

    /// The ways in which runs failed first, the most frequent one first.
    private func failureLines(_ layout: TextLayout) -> [String] {
        var ways: [(name: String, text: String, seeds: [UInt64])] = []
        for failure in failures {
            let text = failure.failure ?? ""
            let name = text.firstIndex(of: ":").map { String(text[..<$0]) } ?? text
            if let place = ways.firstIndex(where: { $0.name == name }) {
                ways[place].seeds.append(failure.seed)
            } else {
                ways.append((name, text, [failure.seed]))
            }
        }
        let sorted = ways.enumerated().sorted {
            ($1.element.seeds.count, $0.offset) < ($0.element.seeds.count, $1.offset)
        }
        return sorted.flatMap { _, way in
            if way.seeds.count == 1 {
                return layout.wrapped("seed \(way.seeds[0]): \(way.text)", mark: layout.mark(false))
            }
            let seeds = way.seeds.prefix(Self.seedCountMax).map { "\($0)" }.joined(separator: ", ")
            let more = way.seeds.count - Self.seedCountMax
            return layout.wrapped(
                "seeds \(seeds)"
                    + (more > 0 ? " and \(Figures.count(more)) more" : "") + ": \(way.name)", mark: layout.mark(false))
        }
    }
}

extension RunDigest {
    /// What failed first, and the command that runs the same again, with a line feed at the end.
    ///
    /// - Parameter file: the scenario's file.
    public func failureText(file: String) -> String {
        let lines = TextLayout().wrapped("seed \(seed): \(failure ?? "passed")", mark: "✗")
        return (lines + ["      \(ScenarioCommand.replay(file, seed: seed))"]).joined(separator: "\n") + "\n"
    }
}
