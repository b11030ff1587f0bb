/// What is expected of a run, beside what always has to hold.
public enum Expectation: Sendable, Equatable {
    /// All regions agree within this time after the clients have stopped and the faults are over.
    case convergesWithin(Duration)
    /// At most so many acknowledged writes are gone.
    case lostAcknowledgedWrites(atMost: Int)
    /// Of all changes, the share (0 to 1) was durable in every other region within this time.
    case staleness(share: Double, below: Duration)
    /// At least so many conflicts were resolved.
    case conflicts(atLeast: Int)
    /// The share of clients' requests that failed, 0 to 1, in each region is at most this.
    case unavailability(region: String?, below: Double)
}
