import CoreFoundation
import Foundation

/// The system's clocks, in the units that a region counts in.
struct SystemClock: Sendable {
    /// Milliseconds since the Unix epoch, as the host's clock has them: it may step.
    func physicalMilliseconds() -> UInt64 { read(CLOCK_REALTIME) }

    /// Milliseconds since any moment; never goes back.
    func monotonicMilliseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

    private func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
