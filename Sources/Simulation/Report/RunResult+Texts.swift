extension RunResult {
    /// The command that runs the same again.
    ///
    /// - Parameter file: the scenario's file; where the scenarios that come with the project are, when nothing is said.
    public func replayCommand(file: String? = nil) -> String {
        ScenarioCommand.replay(file ?? "Simulations/\(scenario).yaml", seed: seed, parameters: parameters)
    }

    /// The command that looks for a smaller scenario that fails likewise.
    public func shrinkCommand(file: String? = nil) -> String { "\(replayCommand(file: file)) --shrink" }

    /// The values of the scenario's parameters: `latency=10ms, rate=50/s`.
    var parameterText: String { parameters.map(\.description).joined(separator: ", ") }

    /// What was shipped on all links.
    var byteCount: Int { links.reduce(0) { $0 + $1.bytes } }

    /// What was measured of the acknowledged writes that are nowhere any more, in words.
    var lossText: String {
        lostAcknowledgedWrites == 0
            ? "nothing lost"
            : "\(Figures.count(lostAcknowledgedWrites, "acknowledged write")) lost, up to "
                + "\(Figures.duration(milliseconds: recoveryPointMilliseconds)) old"
    }

    /// The recovery that took the longest; the first that never came to an end, where there is one.
    var longestRecovery: Recovery? {
        recoveries.first { $0.milliseconds == nil }
            ?? recoveries.max { ($0.milliseconds ?? 0) < ($1.milliseconds ?? 0) }
    }

    /// What was measured of recoveries, in words.
    var recoveryText: String {
        guard let longest = longestRecovery else { return "nothing to recover from" }
        let time = longest.milliseconds.map { "\(Figures.duration(milliseconds: $0)) at most" } ?? "never"
        return "\(time) (\(longest.region), struck until \(Figures.moment(seconds: longest.untilSeconds)))"
    }
}

/// The commands that summaries name.
enum ScenarioCommand {
    /// The command that runs one seed of a scenario.
    static func replay(_ file: String, seed: UInt64, parameters: [ParameterValue]) -> String {
        let settings = parameters.map { " --set \(quoted($0.description))" }.joined()
        return "meridian simulate \(quoted(file))\(settings) --seed \(seed)"
    }

    /// A path as a shell takes it for one word.
    static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || "-_./+:@%,=".utf8.contains($0)
        }
        if isPlain, !path.isEmpty { return path }
        return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
