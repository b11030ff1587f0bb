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
}
