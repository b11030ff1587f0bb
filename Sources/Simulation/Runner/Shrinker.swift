/// Reduces a scenario that fails to a shorter one that still fails.
///
/// What it tries is decided by the scenario and by which attempts failed alone, so that a deterministic `fails` leads to the same
/// scenario each time. Faults go first, as they are what a reader has to understand, by delta debugging: Zeller and Hildebrandt,
/// "Simplifying and Isolating Failure-Inducing Input", 2002. Then the run is cut, requests are left out, and faults are shortened,
/// again and again until nothing more can go.
public struct Shrinker {
    /// How many runs at most it may take.
    public let runLimit: Int
    /// How many runs it has taken so far.
    public private(set) var runCount = 0
    /// Called after each run, with the best scenario so far.
    public var progress: ((_ runCount: Int, _ best: Scenario) -> Void)?
    private let fails: (Scenario) -> Bool

    /// - Parameter fails: whether a scenario fails in the way that is looked for; it must give the same answer each time.
    public init(runLimit: Int = 300, fails: @escaping (Scenario) -> Bool) {
        self.runLimit = runLimit
        self.fails = fails
    }

    /// The shortest scenario found that fails.
    ///
    /// - Parameter scenario: one that fails, with the faults of its seed drawn (``Run/drawnScenario``).
    public mutating func shrink(_ scenario: Scenario) -> Scenario {
        var best = scenario
        var isChanged = true
        while isChanged, runCount < runLimit {
            let before = best
            minimizeFaults(&best)
            for pass in ScenarioReduction.passes { apply(pass, to: &best) }
            isChanged = best != before
        }
        return best
    }

    /// Takes `candidate` for the best if it still fails.
    private mutating func accept(_ candidate: Scenario, into best: inout Scenario) -> Bool {
        guard candidate != best, runCount < runLimit else { return false }
        runCount += 1
        let isAccepted = fails(candidate)
        if isAccepted { best = candidate }
        progress?(runCount, best)
        return isAccepted
    }

    /// Leaves out faults, in ever smaller parts, until each that is left is needed.
    private mutating func minimizeFaults(_ best: inout Scenario) {
        // Nothing at all is worth one attempt: many failures have no need of faults.
        var bare = best
        bare.faults = []
        if accept(bare, into: &best) { return }
        var size = (best.faults.count + 1) / 2
        while size >= 1, runCount < runLimit {
            var isReduced = false
            var start = 0
            while start < best.faults.count {
                var candidate = best
                candidate.faults.removeSubrange(start..<min(start + size, candidate.faults.count))
                // Where a part has gone, the next one stands in its place.
                if accept(candidate, into: &best) { isReduced = true } else { start += size }
            }
            if size == 1, !isReduced { return }
            size = isReduced ? min(size, max(1, (best.faults.count + 1) / 2)) : size / 2
        }
    }

    /// Tries a pass's candidates in order, and goes on from each that fails.
    private mutating func apply(_ pass: ScenarioReduction, to best: inout Scenario) {
        var place = 0
        while runCount < runLimit, let candidate = pass.candidate(best, place) {
            // A reduction that worked may work again at the same place.
            if !accept(candidate, into: &best) { place += 1 }
        }
    }
}
