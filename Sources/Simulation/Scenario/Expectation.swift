/// What is expected of a run, beside what always has to hold.
public enum Expectation: Sendable, Equatable {
    /// All regions agree within this time after the clients have stopped and the faults are over.
    case convergesWithin(Duration)
    /// At most so many acknowledged writes are gone.
    case lostAcknowledgedWrites(atMost: Int)
    /// The oldest acknowledged write that is gone was younger than this when its region was lost.
    case recoveryPoint(below: Duration)
    /// Every region recovers from what strikes it in less than this time.
    case recoveryTime(below: Duration)
    /// Of the changes of a link, the share (0 to 1) was durable at its end within this time; of every link from a region, to one, or of all.
    case staleness(share: Double, from: String? = nil, to: String? = nil, below: Duration)
    /// Of the requests that were answered, the share (0 to 1) was answered within this time: those of one region's clients, or of each
    /// region's.
    case latency(share: Double, region: String? = nil, during: LatencyWindow = .all, below: Duration)
    /// Fewer bytes are shipped on a link, from a region, to one, or on all links together.
    case shippedBytes(from: String? = nil, to: String? = nil, below: Int)
    /// New indexes are active in every region that has the table within this time after they were asked for.
    case indexActiveWithin(Duration)
    /// Clients that go to another region when theirs fails are without an answer for at most this time.
    case failoverWithin(Duration)
    /// At least so many conflicts were resolved.
    case conflicts(atLeast: Int)
    /// The share of clients' requests that failed, 0 to 1, in each region is at most this.
    case unavailability(region: String?, below: Double)
}

/// Which requests a latency is about.
public enum LatencyWindow: String, Sendable, Equatable, CaseIterable {
    case all
    /// Those that were under way while there was a fault, wherever it was.
    case faults
    /// The others.
    case noFaults = "no-faults"
}
