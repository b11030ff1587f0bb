import ConfigurationFiles

extension Expectation {
    /// What became of it.
    ///
    /// - Parameter staleness: the age in milliseconds, on the slowest link, below which a share (0 to 1) of the changes was durable there.
    func result(in result: RunResult, staleness: (_ share: Double) -> Double) -> RunResult.ExpectationResult {
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
        case .staleness(let share, let limit):
            let worst = staleness(share)
            return .init(
                text: "staleness p\(ConfigurationText.percent(share)) below \(Figures.duration(limit))",
                measured: Figures.duration(milliseconds: worst), isMet: worst < limit / .milliseconds(1))
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
}
