import Synchronization

/// Lets one log line a cause through in a while: strangers can cause as many as they like.
final class LogThrottle: Sendable {
    private let intervalMilliseconds: UInt64
    private let causes = Mutex<[String: Cause]>([:])

    private struct Cause {
        var loggedAt: UInt64
        var suppressedCount = 0
    }

    /// Beyond it, causes share what is let through.
    private static let maximumCauseCount = 64

    /// - Parameter intervalMilliseconds: how long a cause is not logged again.
    init(intervalMilliseconds: UInt64 = 10_000) { self.intervalMilliseconds = intervalMilliseconds }

    /// - Parameter now: monotonic, in milliseconds.
    /// - Returns: how many lines of that cause were suppressed since the last one; nil where this one is to be suppressed too.
    func admit(_ cause: String, at now: UInt64) -> Int? {
        causes.withLock { causes in
            let name = causes[cause] == nil && causes.count >= Self.maximumCauseCount ? "" : cause
            guard let known = causes[name], now < known.loggedAt + intervalMilliseconds else {
                let suppressedCount = causes[name]?.suppressedCount ?? 0
                causes[name] = Cause(loggedAt: now)
                return suppressedCount
            }
            causes[name]?.suppressedCount += 1
            return nil
        }
    }
}
