/// Tells a peer that is gone from one that is slow.
///
/// A peer that is heard regularly is given up soon. One that was heard after gaps, as segments are lost or the way is narrow, may be silent
/// for five times the longest gap of the last minute or two, up to a bound: TCP's retransmission timeout doubles with each loss, so two losses more
/// than before are no end. The model is the adaptive detector of W. Chen, S. Toueg and M. Aguilera, "On the Quality of Service of Failure Detectors",
/// 2002.
///
/// Silence is counted by this end's own checks, each for two intervals at the most: an end that was stopped, or got no processor, does not
/// blame its peer for it.
public struct FailureDetector: Sendable {
    private let interval: UInt64
    private let bounds: ClosedRange<UInt64>
    private var checkedAt: UInt64 = 0
    /// In milliseconds, as counted.
    private var silence: UInt64 = 0
    /// The longest gap of the present window and of the one before it, in milliseconds.
    private var longestGaps: (present: UInt64, before: UInt64) = (0, 0)
    private var windowStart: UInt64 = 0

    private static let gapFactor: UInt64 = 5
    private static let windowMilliseconds: UInt64 = 60_000

    /// - Parameters:
    ///   - interval: how often ``check(at:)`` is called, in milliseconds.
    ///   - bounds: the least and the most silence after which a peer counts as gone, in milliseconds.
    public init(interval: UInt64, bounds: ClosedRange<UInt64>) {
        self.interval = interval
        self.bounds = bounds
    }

    /// How long the peer may be silent, in milliseconds.
    public var limit: UInt64 {
        let longest = max(longestGaps.present, longestGaps.before)
        return min(max(bounds.lowerBound, longest * Self.gapFactor), bounds.upperBound)
    }

    /// Begins to count, at a monotonic time in milliseconds; what was learned of gaps before is kept.
    public mutating func begin(at now: UInt64) {
        checkedAt = now
        silence = 0
    }

    /// Something came from the peer, whatever it was.
    public mutating func heard(at now: UInt64) {
        count(to: now)
        if now - min(windowStart, now) >= Self.windowMilliseconds {
            longestGaps = (0, longestGaps.present)
            windowStart = now
        }
        longestGaps.present = max(longestGaps.present, silence)
        silence = 0
    }

    /// Whether the peer counts as gone.
    public mutating func check(at now: UInt64) -> Bool {
        count(to: now)
        return silence >= limit
    }

    private mutating func count(to now: UInt64) {
        silence += min(now - min(checkedAt, now), interval * 2)
        checkedAt = max(checkedAt, now)
    }
}
