import ConfigurationFiles

/// What a run measured that its result has for a few percentiles only.
protocol MeasuredQuantiles {
    /// The age in milliseconds, on the slowest of some links, below which a share (0 to 1) of the changes was durable at the end.
    func staleness(share: Double, from: String?, to: String?) -> Double
    /// The time in milliseconds, in the slowest of some regions, within which a share (0 to 1) of the answers came.
    ///
    /// - Returns: infinity where a region's clients made such requests and none was answered; nil where nobody made any.
    func latency(share: Double, region: String?, during window: LatencyWindow) -> Double?
}

extension Expectation {
    /// What became of it.
    func result(in result: RunResult, _ quantiles: some MeasuredQuantiles) -> RunResult.ExpectationResult {
        switch self {
        case .convergesWithin(let limit):
            let measured = result.convergenceMilliseconds
            return .init(
                text: "converges within \(Figures.duration(limit))",
                measured: measured.map { Figures.duration(milliseconds: $0) } ?? "never",
                isMet: measured.map { $0 <= limit / .milliseconds(1) } ?? false)
        case .lostAcknowledgedWrites(let most):
            let text = most == 0 ? "no acknowledged write" : "at most \(Figures.count(most, "acknowledged write"))"
            return .init(
                text: "\(text) lost", measured: Figures.count(result.lostAcknowledgedWrites),
                isMet: result.lostAcknowledgedWrites <= most)
        case .recoveryPoint(let limit):
            return Self.below("recovery point", result.recoveryPointMilliseconds, limit)
        case .recoveryTime(let limit):
            return Self.below("recovery time", result.recoveryTimeMilliseconds, limit)
        case .staleness(let share, let from, let to, let limit):
            return Self.below(
                "staleness p\(ConfigurationText.percent(share))\(Self.linkText(from, to))",
                quantiles.staleness(share: share, from: from, to: to), limit)
        case .latency(let share, let region, let window, let limit):
            let text =
                "latency p\(ConfigurationText.percent(share))\(region.map { " in \($0)" } ?? "")\(window.text)"
            guard let measured = quantiles.latency(share: share, region: region, during: window) else {
                return .init(text: "\(text) below \(Figures.duration(limit))", measured: "no request", isMet: false)
            }
            return Self.below(text, measured.isFinite ? measured : nil, limit, without: "no answer")
        case .shippedBytes(let from, let to, let limit):
            let sum = result.links.reduce(0) { sum, link in
                (from ?? link.from) == link.from && (to ?? link.to) == link.to ? sum + link.bytes : sum
            }
            return .init(
                text: "less than \(Figures.bytes(Double(limit))) shipped\(Self.linkText(from, to))",
                measured: Figures.bytes(Double(sum)), isMet: sum < limit)
        case .indexActiveWithin(let limit):
            let times = result.indexBuilds.map(\.activeMilliseconds)
            let worst = times.contains(nil) ? nil : times.compactMap(\.self).max()
            return .init(
                text: "new indexes active within \(Figures.duration(limit))",
                measured: times.isEmpty ? "no new index" : worst.map { Figures.duration(milliseconds: $0) } ?? "never",
                isMet: times.isEmpty || worst.map { $0 <= limit / .milliseconds(1) } ?? false)
        case .failoverWithin(let limit):
            let worst = result.requests.compactMap(\.longestFailoverSeconds).max()
            return .init(
                text: "failover within \(Figures.duration(limit))",
                measured: worst.map { Figures.duration(seconds: $0) } ?? "nobody fails over",
                isMet: worst.map { $0 <= limit / .seconds(1) } ?? false)
        case .conflicts(let least):
            return .init(
                text: "at least \(Figures.count(least, "conflict"))", measured: Figures.count(result.conflicts),
                isMet: result.conflicts >= least)
        case .unavailability(let region, let limit):
            let worst = result.requests.filter { region == nil || $0.region == region }.map(\.unavailability).max() ?? 0
            return .init(
                text: "unavailability\(region.map { " in \($0)" } ?? "") below \(Figures.share(limit))",
                measured: Figures.share(worst), isMet: worst < limit)
        }
    }

    /// - Parameter measured: in milliseconds; nil where it never came, which `without` says.
    private static func below(
        _ text: String, _ measured: Double?, _ limit: Duration, without: String = "never"
    ) -> RunResult.ExpectationResult {
        .init(
            text: "\(text) below \(Figures.duration(limit))",
            measured: measured.map { Figures.duration(milliseconds: $0) } ?? without,
            isMet: measured.map { $0 < limit / .milliseconds(1) } ?? false)
    }

    private static func linkText(_ from: String?, _ to: String?) -> String {
        "\(from.map { " from \($0)" } ?? "")\(to.map { " to \($0)" } ?? "")"
    }
}

extension LatencyWindow {
    fileprivate var text: String {
        switch self {
        case .all: ""
        case .faults: " during faults"
        case .noFaults: " without faults"
        }
    }
}
