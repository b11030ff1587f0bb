import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Retries and failover of clients")
struct RetryTests {
    private static let names = WorldTests.topology().regions.map(\.name)
    private static let second = VirtualTime.zero + .seconds(1)

    private static func state(_ mode: WorkloadPlan.Retries.Mode, attempts: Int = 3) -> RetryState {
        var policy = WorkloadPlan.Retries(mode)
        policy.maxAttempts = attempts
        return RetryState(policy, Generator(seed: 1))
    }

    private static func scenario(_ change: (inout WorkloadPlan) -> Void = { _ in }) -> Scenario {
        var scenario = WorldTests.scenario(
            30, faults: [FaultPlan(at: .seconds(10), duration: .milliseconds(40), kind: .crash(region: names[0]))])
        scenario.workload[0].from = .seconds(2)
        change(&scenario.workload[0])
        return scenario
    }

    @Test func `attempts are bounded, and each wait by twice the one before`() throws {
        var state = Self.state(.standard, attempts: 20)
        var longest = VirtualDuration.zero
        for _ in 0..<5 {
            for attempt in 1..<20 {
                let next = state.delayBeforeRetry(after: attempt, .refused, at: Self.second)
                let retry = try #require(next)
                let bound: UInt64 = min(20_000, 50 << UInt64(attempt - 1))
                #expect(retry.delay <= .milliseconds(bound))
                longest = max(longest, retry.delay)
                state.succeeded(afterRetryOf: retry.cost, at: Self.second)
            }
            let last = state.delayBeforeRetry(after: 20, .refused, at: Self.second)
            #expect(last == nil)
        }
        #expect(longest > .seconds(10))
        var none = Self.state(.none)
        let retry = none.delayBeforeRetry(after: 1, .refused, at: Self.second)
        #expect(retry == nil)
    }

    @Test(arguments: [(RetryState.Failure.refused, 100), (.unreachable, 100), (.timeout, 50)])
    func `the quota ends retries, and answers fill it again`(failure: RetryState.Failure, count: Int) throws {
        var state = Self.state(.standard)
        func retries() -> Int {
            var count = 0
            while state.delayBeforeRetry(after: 1, failure, at: Self.second) != nil { count += 1 }
            return count
        }
        #expect(retries() == count)
        #expect(retries() == 0)
        for _ in 0..<10 { state.succeeded(afterRetryOf: nil, at: Self.second) }
        #expect(retries() == count / 50)
        state.succeeded(afterRetryOf: 10, at: Self.second)
        #expect(retries() == count / 50)
        for _ in 0..<10_000 { state.succeeded(afterRetryOf: nil, at: Self.second) }
        #expect(retries() == count)
    }

    @Test func `a client that is throttled sends less, and more again when it is not any more`() {
        var limiter = RateLimiter()
        /// How many requests are sent in some seconds, of a hundred a second that are wanted.
        func sent(from start: Int, to end: Int, throttledFrom rate: Int) -> Int {
            var (count, time) = (0, Double(start))
            var (second, inSecond) = (start, 0)
            while time < Double(end) {
                let now = VirtualTime(nanoseconds: UInt64(time * 1e9))
                time += limiter.acquire(at: now).seconds
                if Int(time) != second { (second, inSecond) = (Int(time), 0) }
                inSecond += 1
                limiter.note(isThrottled: inSecond > rate, at: VirtualTime(nanoseconds: UInt64(time * 1e9)))
                count += 1
                time += 0.01
            }
            return count / (end - start)
        }
        #expect(99...101 ~= sent(from: 0, to: 10, throttledFrom: .max))
        let throttled = sent(from: 10, to: 40, throttledFrom: 20)
        #expect(10...40 ~= throttled, "\(throttled)")
        #expect(sent(from: 60, to: 90, throttledFrom: .max) > 80)
    }

    @Test func `clients that try again see less of a short outage, and the figures count their attempts`() throws {
        let without = Run(Self.scenario(), seed: 1).run()
        #expect(without.requests.allSatisfy { $0.attempts == $0.count && $0.retried == 0 })
        #expect(without.requests[0].failed > 0)
        for mode in [WorkloadPlan.Retries.Mode.standard, .adaptive] {
            let with = Run(
                Self.scenario {
                    $0.retries = .init(mode)
                    $0.retries.maxAttempts = 8
                }, seed: 1
            ).run()
            #expect(with.violations.isEmpty, "\(with.violations)")
            let clients = with.requests[0]
            #expect(clients.failed < without.requests[0].failed)
            #expect(clients.retried > 0 && clients.attempts >= clients.count + clients.retried)
            #expect(with.requests[1].retried == 0)
        }
    }

    @Test func `a write that is tried again after a time-out may be carried out twice, and every checker is content`() {
        var scenario = Self.scenario {
            $0.retries = .init(.standard)
            $0.timeout = .milliseconds(60)
            $0.failover = .nearest(afterErrors: 1, backAfter: .seconds(1))
        }
        scenario.faults = [
            FaultPlan(
                at: .seconds(8), duration: .seconds(10),
                kind: .slowDisk(region: Self.names[0], latency: .milliseconds(80)))
        ]
        let result = Run(scenario, seed: 1).run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.requests[0].retried > 20)
    }

    @Test func `clients go where they are told, and not to the nearest region`() {
        func failedOver(_ failover: WorkloadPlan.Failover) -> [Int] {
            var scenario = Self.scenario {
                $0.failover = failover
                $0.regions = [Self.names[0]]
                $0.mix = .init()
                $0.mix.put = 1
            }
            scenario.faults[0].duration = .seconds(10)
            let result = Run(scenario, seed: 1).run()
            #expect(result.violations.isEmpty && result.requests[0].failedOver > 100)
            return Self.names.dropFirst().map { name in
                result.links.filter { $0.from == name && $0.to != Self.names[0] }.reduce(0) { $0 + $1.changes }
            }
        }
        // The way to eu-west-1 is shorter.
        let nearest = failedOver(.nearest(afterErrors: 2, backAfter: .seconds(5)))
        #expect(nearest[0] > 100 && nearest[1] == 0)
        let told = failedOver(
            .inOrder(regions: [Self.names[2], Self.names[1]], afterErrors: 2, backAfter: .seconds(5)))
        #expect(told[0] == 0 && told[1] > 100)
    }
}
