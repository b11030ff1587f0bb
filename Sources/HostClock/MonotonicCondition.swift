import Glibc

/// A lock with a condition whose timed waits follow the monotonic clock: setting the host's clock makes none of them longer or shorter.
///
/// Foundation's and Dispatch's wait until a time of day on Linux.
///
/// Unchecked Sendable: both objects are made for use by many threads, and never move.
public final class MonotonicCondition: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    public init() {
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        var failures = pthread_condattr_init(&attributes)
        failures |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        failures |= pthread_cond_init(condition, &attributes)
        failures |= pthread_mutex_init(mutex, nil)
        precondition(failures == 0, "a condition on the monotonic clock cannot be made")
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    public func lock() { pthread_mutex_lock(mutex) }

    public func unlock() { pthread_mutex_unlock(mutex) }

    /// Wakes one thread that waits.
    public func signal() { pthread_cond_signal(condition) }

    /// Wakes all threads that wait.
    public func broadcast() { pthread_cond_broadcast(condition) }

    /// Lets the lock, which the caller holds, go until it is woken.
    ///
    /// It may return without having been woken.
    public func wait() { pthread_cond_wait(condition, mutex) }

    /// Lets the lock go until it is woken, or that much time has passed.
    public func wait(milliseconds: UInt64) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let wait = Int(clamping: milliseconds)
        deadline.tv_sec += wait / 1000
        deadline.tv_nsec += wait % 1000 * 1_000_000
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        pthread_cond_timedwait(condition, mutex, &deadline)
    }
}
