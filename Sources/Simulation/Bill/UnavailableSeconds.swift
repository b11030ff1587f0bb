/// Counts the whole seconds in which requests of a group of clients failed and none was answered.
struct UnavailableSeconds {
    private(set) var count = 0
    /// The second that the last request ended in.
    private var second: UInt64 = 0
    private var hasFailed = false
    private var hasAnswered = false

    /// Takes a request's end; times only grow.
    mutating func note(_ isAnswered: Bool, at time: VirtualTime) {
        let now = time.nanoseconds / 1_000_000_000
        if now != second {
            conclude()
            second = now
        }
        if isAnswered { hasAnswered = true } else { hasFailed = true }
    }

    /// Ends the present second.
    mutating func conclude() {
        if hasFailed, !hasAnswered { count += 1 }
        (hasFailed, hasAnswered) = (false, false)
    }
}
