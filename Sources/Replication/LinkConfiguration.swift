public import ItemModel
public import RegionStore

/// Bounds and intervals of a link; both ends may have others.
public struct LinkConfiguration: Sendable, Hashable {
    /// A batch is closed when its records reach this many bytes.
    public var batchByteCount = 256 << 10
    /// The sender reads no further while this many bytes wait for their acknowledgement.
    public var inFlightByteLimit = 8 << 20
    /// How often an end that has nothing else to say says that it is there, in milliseconds; at least 1.
    public var heartbeatMilliseconds: UInt64 = 200
    /// After how long without a byte an end closes the connection, in milliseconds: the lower bound where the peer is heard regularly, and
    /// up to the upper one where it is not (``FailureDetector``).
    public var silenceMilliseconds: ClosedRange<UInt64> = 1_000...10_000
    /// The bounds of the time from one attempt to open a connection to the next one, in milliseconds.
    public var backoffMilliseconds: ClosedRange<UInt64> = 100...300
    /// The same where an end has refused the other, which will mostly do so again.
    public var refusalBackoffMilliseconds: ClosedRange<UInt64> = 1_000...10_000
    /// After how long an attempt is given up that was not answered, in milliseconds.
    public var connectMilliseconds: UInt64 = 1_000
    /// How often a region finds out what it needs of the others, in milliseconds.
    public var reviewMilliseconds: UInt64 = 200
    /// The same while nothing was needed, and since then nothing has come, and nobody has gone or come back.
    public var quietReviewMilliseconds: UInt64 = 2_000

    public init() {}

    /// When the next heartbeat is due: all links of a region have theirs together, so that its event loop is woken once for them.
    func nextHeartbeat(after monotonicMilliseconds: UInt64) -> UInt64 {
        (monotonicMilliseconds / heartbeatMilliseconds + 1) * heartbeatMilliseconds
    }
}

/// Who an end of a link is.
public struct LinkIdentity: Sendable, Hashable {
    public let region: RegionID
    public let name: Text
    public let incarnation: Incarnation

    public init(region: RegionID, name: Text, incarnation: Incarnation) {
        self.region = region
        self.name = name
        self.incarnation = incarnation
    }

    /// The region and incarnation as they stand in versions.
    public var origin: Origin { Origin(region: region, incarnation: incarnation) }
}

/// The versions of the protocol that this code speaks.
public let supportedProtocolVersions: ClosedRange<UInt16> = 1...1

/// The two clocks of an event.
public struct LinkInstant: Sendable, Hashable {
    /// Of a clock that never goes back, in milliseconds since any moment: timers and silences.
    public let monotonicMilliseconds: UInt64
    /// Milliseconds since the Unix epoch: what is compared with other regions.
    public let physicalMilliseconds: UInt64

    public init(monotonicMilliseconds: UInt64, physicalMilliseconds: UInt64) {
        self.monotonicMilliseconds = monotonicMilliseconds
        self.physicalMilliseconds = physicalMilliseconds
    }
}

/// Exponential waits between attempts, capped, with full jitter.
///
/// Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
public struct Backoff: Sendable, Hashable {
    private let bounds: ClosedRange<UInt64>
    private var attempt = 0

    public init(bounds: ClosedRange<UInt64>) {
        self.bounds = bounds
    }

    /// The wait before the next attempt, in milliseconds: from the lower bound to a ceiling that doubles up to the upper bound.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let doubled = bounds.lowerBound.multipliedReportingOverflow(by: 1 << UInt64(min(attempt, 32)))
        let ceiling = doubled.overflow ? bounds.upperBound : min(bounds.upperBound, doubled.partialValue)
        attempt += 1
        return UInt64.random(in: bounds.lowerBound...max(bounds.lowerBound, ceiling), using: &generator)
    }

    /// Begins anew: an attempt has succeeded.
    public mutating func reset() { attempt = 0 }
}
