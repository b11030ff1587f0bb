/// What is known of another host's physical clock at one moment: what it showed lies between two bounds.
///
/// The bounds come from a round trip. The other clock was read between question and answer, so at the answer's arrival it shows no less
/// than it says, and no more than that and the time since the question (F. Cristian, "Probabilistic clock synchronization", 1989).
public struct ClockSample: Sendable, Hashable {
    /// When the answer arrived, in milliseconds of the asking host's monotonic clock.
    public let monotonicMilliseconds: UInt64
    /// What the other clock showed then, in milliseconds since the Unix epoch.
    public let bounds: ClosedRange<UInt64>

    /// - Parameters:
    ///   - clock: what the answer says, in milliseconds since the Unix epoch.
    ///   - question: when the question was sent, in monotonic milliseconds.
    ///   - answer: when the answer arrived, in monotonic milliseconds.
    public init(clock: UInt64, askedAt question: UInt64, answeredAt answer: UInt64) {
        monotonicMilliseconds = answer
        let (latest, overflow) = clock.addingReportingOverflow(answer - min(question, answer))
        bounds = clock...(overflow ? .max : latest)
    }

    /// How old it is at a monotonic time of the asking host, in milliseconds.
    public func age(at monotonicMilliseconds: UInt64) -> UInt64 {
        monotonicMilliseconds - min(self.monotonicMilliseconds, monotonicMilliseconds)
    }

    /// How far the sampled clock is ahead of the asking host's, by the middle of its bounds, in milliseconds; negative for behind.
    ///
    /// Times beyond what a stamp can hold count as the last one that it can: they come from another host.
    ///
    /// - Parameters:
    ///   - physicalMilliseconds: what the asking host's clock shows now, in milliseconds since the Unix epoch.
    ///   - monotonicMilliseconds: now, by the asking host's monotonic clock.
    public func offset(from physicalMilliseconds: UInt64, at monotonicMilliseconds: UInt64) -> Int64 {
        func bounded(_ milliseconds: UInt64) -> Int64 { Int64(min(milliseconds, HybridTimestamp.maximumMilliseconds)) }
        let middle = bounds.lowerBound + (bounds.upperBound - bounds.lowerBound) / 2
        return bounded(middle) + bounded(age(at: monotonicMilliseconds)) - bounded(physicalMilliseconds)
    }
}
