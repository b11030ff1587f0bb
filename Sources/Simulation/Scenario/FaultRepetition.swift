import ConfigurationFiles

/// How often a fault of a scenario file comes: `every` so long, so many `times`.
///
/// Each time is a fault of its own from then on, so that one can fail, be shown and be left out without the others.
struct FaultRepetition {
    /// The most times: what has more is more likely a slip of the unit.
    static let timesMax = 1000

    /// From one beginning to the next.
    private let interval: Duration
    private let times: Int

    /// Once.
    static let none = FaultRepetition(interval: .zero, times: 1)

    private init(interval: Duration, times: Int) {
        self.interval = interval
        self.times = times
    }

    /// Reads `every` and `times` of a fault that begins first as `fault` says.
    ///
    /// - Parameters:
    ///   - members: the fault's element.
    ///   - end: the scenario's; nil where it could not be read.
    /// - Returns: nil after a problem was noted.
    init?(_ members: ConfigurationMapping, of fault: FaultPlan, until end: Duration?) {
        guard let every = members["every"] else {
            guard let times = members["times"] else {
                self = .none
                return
            }
            times.refuse("nothing says when it comes again", expected: "an 'every' beside it")
            return nil
        }
        let interval = every.duration(in: .milliseconds(1)...ScenarioReader.durationMax)
        let times = members["times"].map { $0.integer(in: 1...Self.timesMax) }
        guard let interval, times != .some(nil) else { return nil }
        if fault.duration == nil, fault.lastsUntilTheEnd {
            every.refuse("without 'for' it lasts until the end", expected: "a 'for' of at most 'every'")
            return nil
        }
        let length = fault.duration ?? .zero
        guard length <= interval else {
            members["for"]?.refuse("it lasts longer than 'every'", expected: "at most \(interval.configurationText)")
            return nil
        }
        guard let end else { return nil }
        guard let times = times ?? nil else {
            let room = end - fault.at - length
            self.init(interval: interval, times: room < .zero ? 1 : Int(min(1e9, room / interval)) + 1)
            if self.times > Self.timesMax {
                every.refuse("it comes \(self.times) times", expected: "at most \(Self.timesMax) times")
                return nil
            }
            return
        }
        let last = fault.at + interval * (times - 1) + length
        guard last <= end || times == 1 else {
            members["times"]?.refuse(
                "the last one ends at \(last.configurationText), after the scenario",
                expected: "an end by \(end.configurationText)")
            return nil
        }
        self.init(interval: interval, times: times)
    }

    /// The fault at each of its times.
    func faults(_ first: FaultPlan) -> [FaultPlan] {
        (0..<times).map { number in
            var fault = first
            fault.at += interval * number
            return fault
        }
    }
}

extension FaultPlan {
    /// Whether it would last until the clients stop without a duration.
    fileprivate var lastsUntilTheEnd: Bool {
        // A clock that is set for good can be set again.
        if case .clockStep = kind { return false }
        return !kind.isOverAtOnce
    }
}
