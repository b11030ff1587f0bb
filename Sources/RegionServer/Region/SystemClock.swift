import HostClock
import Replication

/// The host's clocks, in the units that a region counts in.
struct SystemClock: Sendable {
    /// Milliseconds since the Unix epoch, as the host's clock has them: it may step.
    func physicalMilliseconds() -> UInt64 { HostClock.physicalMilliseconds() }

    /// Milliseconds since any moment; never goes back.
    func monotonicMilliseconds() -> UInt64 { HostClock.monotonicMilliseconds() }

    /// Both.
    var now: LinkInstant {
        LinkInstant(monotonicMilliseconds: monotonicMilliseconds(), physicalMilliseconds: physicalMilliseconds())
    }
}
