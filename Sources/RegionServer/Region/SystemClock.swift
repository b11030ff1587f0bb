import Foundation
import NIOCore
import Replication

/// The system's clocks, in the units that a region counts in.
struct SystemClock: Sendable {
    /// Milliseconds since the Unix epoch, as the host's clock has them: it may step.
    func physicalMilliseconds() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

    /// Milliseconds since any moment; never goes back.
    func monotonicMilliseconds() -> UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    /// Both.
    var now: LinkInstant {
        LinkInstant(monotonicMilliseconds: monotonicMilliseconds(), physicalMilliseconds: physicalMilliseconds())
    }
}
