import Foundation

/// When the clients of a group in one region try again: together they are one client of an AWS SDK.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior", and the retry quota and client rate limiter of botocore
/// (`botocore/retries/quota.py`, `bucket.py` and `throttling.py`).
struct RetryState {
    /// Why an attempt has failed.
    enum Failure {
        /// No answer in time.
        case timeout
        /// Nobody listens.
        case unreachable
        /// The region has too much to do.
        case throttled
        /// Another error.
        case refused
    }

    private let policy: WorkloadPlan.Retries
    private var generator: Generator
    /// What is left for retries: each costs some, and success gives back.
    private var quota = quotaMax
    private var limiter = RateLimiter()

    static let quotaMax = 500
    private static let retryCost = 5
    private static let timeoutCost = 10

    init(_ policy: WorkloadPlan.Retries, _ generator: Generator) {
        self.policy = policy
        self.generator = generator
    }

    /// How long to wait before an attempt is sent.
    mutating func delayBeforeSending(at now: VirtualTime) -> VirtualDuration {
        policy.mode == .adaptive ? limiter.acquire(at: now) : .zero
    }

    /// How long to wait before the next attempt, and what it takes from the quota; nil where there is none.
    ///
    /// - Parameter attempts: how many have been made.
    mutating func delayBeforeRetry(
        after attempts: Int, _ failure: Failure, at now: VirtualTime
    ) -> (delay: VirtualDuration, cost: Int)? {
        if policy.mode == .adaptive { limiter.note(isThrottled: failure == .throttled, at: now) }
        guard policy.mode != .none, attempts < policy.maxAttempts else { return nil }
        let cost = Self.cost(of: failure)
        guard quota >= cost else { return nil }
        quota -= cost
        let longest = Double(VirtualDuration(policy.backoff).nanoseconds) * pow(2, Double(min(attempts - 1, 60)))
        let bound = min(longest, Double(VirtualDuration(policy.backoffMax).nanoseconds))
        return (VirtualDuration(nanoseconds: UInt64(bound * generator.unit())), cost)
    }

    private static func cost(of failure: Failure) -> Int { failure == .timeout ? timeoutCost : retryCost }

    /// A request was answered: what its last retry has cost is given back, or a little where there was none.
    ///
    /// - Parameter cost: of the last retry; nil where there was none.
    mutating func succeeded(afterRetryOf cost: Int?, at now: VirtualTime) {
        if policy.mode == .adaptive { limiter.note(isThrottled: false, at: now) }
        quota = min(Self.quotaMax, quota + (cost ?? 1))
    }
}

/// Slows a client down that is throttled: its rate falls at each refusal, and grows back as CUBIC has it (RFC 9438).
struct RateLimiter {
    private static let beta = 0.7
    private static let scale = 0.4
    private static let smoothing = 0.8
    private static let fillRateMin = 0.5
    private static let capacityMin = 1.0

    /// It holds nobody up before the first refusal.
    private var isEnabled = false
    private var fillRate = 0.0
    private var capacity = 0.0
    private var tokens = 0.0
    private var filledAt = 0.0
    /// Requests a second, smoothed over half seconds.
    private var measuredRate = 0.0
    private var measuredBucket = 0.0
    private var requestCount = 0.0
    private var lastMaxRate = 0.0
    private var throttledAt = 0.0
    private var timeWindow = 0.0

    /// Takes a token, if need be one that is still to come.
    ///
    /// - Returns: how long to wait for it.
    mutating func acquire(at now: VirtualTime) -> VirtualDuration {
        guard isEnabled else { return .zero }
        fill(at: now.seconds)
        tokens -= 1
        guard tokens < 0 else { return .zero }
        return VirtualDuration(nanoseconds: UInt64(-tokens / fillRate * 1e9))
    }

    /// Takes an answer, and sets the rate by it.
    mutating func note(isThrottled: Bool, at now: VirtualTime) {
        let now = now.seconds
        measure(at: now)
        var rate: Double
        if isThrottled {
            let used = isEnabled ? min(measuredRate, fillRate) : measuredRate
            lastMaxRate = used
            throttledAt = now
            timeWindow = cbrt(lastMaxRate * (1 - Self.beta) / Self.scale)
            rate = used * Self.beta
            isEnabled = true
        } else {
            timeWindow = cbrt(lastMaxRate * (1 - Self.beta) / Self.scale)
            rate = Self.scale * pow(now - throttledAt - timeWindow, 3) + lastMaxRate
        }
        rate = min(rate, 2 * measuredRate)
        fill(at: now)
        fillRate = max(rate, Self.fillRateMin)
        capacity = max(rate, Self.capacityMin)
        tokens = min(tokens, capacity)
    }

    private mutating func measure(at now: Double) {
        let bucket = (now * 2).rounded(.down) / 2
        requestCount += 1
        guard bucket > measuredBucket else { return }
        let rate = requestCount / (bucket - measuredBucket)
        measuredRate = rate * Self.smoothing + measuredRate * (1 - Self.smoothing)
        requestCount = 0
        measuredBucket = bucket
    }

    private mutating func fill(at now: Double) {
        tokens = min(capacity, tokens + max(0, now - filledAt) * fillRate)
        filledAt = now
    }
}
