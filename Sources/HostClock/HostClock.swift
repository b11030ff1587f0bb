import Glibc

/// The clocks of this host, and waiting by them.
public enum HostClock {
    /// The time of day, in milliseconds since the Unix epoch: it may be set forwards or back at any time.
    public static func physicalMilliseconds() -> UInt64 { milliseconds(CLOCK_REALTIME) }

    /// Milliseconds since the host was started, with those for which it was suspended; never goes back.
    ///
    /// The time of day goes on while a host is suspended, and is judged by this.
    public static func monotonicMilliseconds() -> UInt64 { milliseconds(CLOCK_BOOTTIME) }

    private static func milliseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
    }
}
