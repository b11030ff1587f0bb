import ConfigurationFiles
import Foundation
import Testing

@testable import Simulation

@Suite("What becomes of expectations")
struct ExpectationTests {
    /// What a run measured, made up.
    private struct Quantiles: MeasuredQuantiles {
        var latencies: [LatencyWindow: Double] = [:]

        func staleness(share: Double, from: String?, to: String?) -> Double {
            share * 1000 - (from == nil ? 0 : 100) - (to == nil ? 0 : 10)
        }

        func latency(share: Double, region: String?, during window: LatencyWindow) -> Double? { latencies[window] }
    }

    private func outcome(_ expectation: Simulation.Expectation, _ result: RunResult = .sample()) -> String {
        let outcome = expectation.result(in: result, Quantiles())
        return "\(outcome.text) | \(outcome.measured) | \(outcome.isMet)"
    }

    @Test func `are told in words and units that people read`() {
        #expect(outcome(.convergesWithin(.seconds(120))) == "converges within 2 min | 212 ms | true")
        #expect(outcome(.convergesWithin(.milliseconds(100))) == "converges within 100 ms | 212 ms | false")
        #expect(outcome(.lostAcknowledgedWrites(atMost: 0)) == "no acknowledged write lost | 0 | true")
        #expect(outcome(.lostAcknowledgedWrites(atMost: 1)) == "at most 1 acknowledged write lost | 0 | true")
        #expect(outcome(.conflicts(atLeast: 5000)) == "at least 5,000 conflicts | 3,123 | false")
        #expect(outcome(.conflicts(atLeast: 1)) == "at least 1 conflict | 3,123 | true")
        #expect(
            outcome(.unavailability(region: "us-east-1", below: 0.001))
                == "unavailability in us-east-1 below 0.1 % | 0.179 % | false")
        #expect(outcome(.unavailability(region: nil, below: 0.01)) == "unavailability below 1 % | 0.179 % | true")
        var result = RunResult.sample()
        result.convergenceMilliseconds = nil
        #expect(outcome(.convergesWithin(.seconds(3600)), result) == "converges within 60 min | never | false")
    }

    @Test func `every percentile that a file may name is measured as it is`() {
        #expect(outcome(.staleness(share: 0.5, below: .seconds(2))) == "staleness p50 below 2 s | 500 ms | true")
        #expect(outcome(.staleness(share: 0.999, below: .seconds(2))) == "staleness p99.9 below 2 s | 999 ms | true")
        #expect(outcome(.staleness(share: 1, below: .milliseconds(10))) == "staleness p100 below 10 ms | 1 s | false")
    }

    @Test func `percentiles of a run rise to its maximum`() throws {
        var scenario = WorldTests.scenario(20)
        let shares = [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]
        scenario.faults = [
            FaultPlan(
                at: .seconds(5), duration: .seconds(2),
                kind: .oneWayPartition(from: "us-east-1", to: "eu-west-1"))
        ]
        let limits = [Duration.milliseconds(30), .milliseconds(2500)]
        scenario.expectations = limits.flatMap { limit in shares.map { .staleness(share: $0, below: limit) } }
        let result = Run(scenario, seed: 1).run()
        let met = result.expectations.map(\.isMet)
        // Nothing is anywhere else within 30 ms.
        #expect(met.prefix(shares.count).allSatisfy { !$0 })
        #expect(met.suffix(shares.count).prefix(4).allSatisfy { $0 })
        let longest = try #require(result.links.map(\.stalenessMaxMilliseconds).max())
        #expect(result.expectations.last?.measured == Figures.duration(milliseconds: longest))
    }

    private func check(
        _ expectation: Simulation.Expectation, _ quantiles: Quantiles = Quantiles(),
        _ change: (inout RunResult) -> Void = { _ in }
    ) -> RunResult.ExpectationResult {
        var result = RunResult.sample()
        change(&result)
        return expectation.result(in: result, quantiles)
    }

    @Test func `a bound is undercut, and not merely reached`() {
        #expect(check(.recoveryTime(below: .milliseconds(41_301))).isMet)
        let reached = check(.recoveryTime(below: .milliseconds(41_300)))
        #expect(!reached.isMet && reached.text == "recovery time below 41.3 s" && reached.measured == "41.3 s")
        #expect(check(.recoveryPoint(below: .milliseconds(1))).isMet)
        #expect(!check(.recoveryPoint(below: .milliseconds(140))) { $0.recoveryPointMilliseconds = 140 }.isMet)
        #expect(check(.recoveryPoint(below: .milliseconds(141))) { $0.recoveryPointMilliseconds = 140 }.isMet)
    }

    @Test func `what never came is not met, however high the bound is`() {
        let recovery = check(.recoveryTime(below: .seconds(1_000_000))) { $0.recoveries[0].inStepMilliseconds = nil }
        #expect(!recovery.isMet && recovery.measured == "never")
        let index = check(.indexActiveWithin(.seconds(1_000_000))) { $0.indexBuilds[0].activeMilliseconds = nil }
        #expect(!index.isMet && index.measured == "never")
        var quantiles = Quantiles()
        let latency = Simulation.Expectation.latency(share: 0.99, region: nil, during: .faults, below: .seconds(100))
        #expect(!check(latency, quantiles).isMet && check(latency, quantiles).measured == "no request")
        quantiles.latencies[.faults] = .infinity
        #expect(!check(latency, quantiles).isMet && check(latency, quantiles).measured == "no answer")
        quantiles.latencies[.faults] = 99_999
        #expect(
            check(latency, quantiles).isMet && check(latency, quantiles).text == "latency p99 during faults below 100 s"
        )
    }

    @Test func `a staleness is that of the links that are named`() {
        let all = check(.staleness(share: 1, from: nil, to: nil, below: .milliseconds(1001)))
        #expect(all.isMet && all.text == "staleness p100 below 1 s")
        let link = check(.staleness(share: 1, from: "a", to: "b", below: .milliseconds(890)))
        #expect(!link.isMet && link.text == "staleness p100 from a to b below 890 ms")
        #expect(check(.staleness(share: 1, from: "a", to: nil, below: .milliseconds(901))).isMet)
    }

    @Test func `bytes are those of the links that are named, together`() {
        let links = RunResult.sample().links
        let whole = links.reduce(0) { $0 + $1.bytes }
        let own = links.filter { $0.from == "us-east-1" }.reduce(0) { $0 + $1.bytes }
        #expect(check(.shippedBytes(from: nil, to: nil, below: whole + 1)).isMet)
        #expect(!check(.shippedBytes(from: nil, to: nil, below: whole)).isMet)
        #expect(check(.shippedBytes(from: "us-east-1", to: nil, below: own + 1)).isMet)
        #expect(!check(.shippedBytes(from: "us-east-1", to: nil, below: own)).isMet)
        #expect(check(.shippedBytes(from: "us-east-1", to: "eu-west-1", below: own)).isMet)
    }

    @Test func `indexes and failover may be reached within their time exactly, the slowest counting`() {
        #expect(check(.indexActiveWithin(.milliseconds(1230))).isMet)
        #expect(!check(.indexActiveWithin(.milliseconds(1229))).isMet)
        #expect(check(.indexActiveWithin(.zero)) { $0.indexBuilds = [] }.measured == "no new index")
        #expect(check(.failoverWithin(.milliseconds(1830))).isMet)
        #expect(!check(.failoverWithin(.milliseconds(1829))).isMet)
        let nobody = check(.failoverWithin(.seconds(100))) { result in
            for index in result.requests.indices { result.requests[index].longestFailoverSeconds = nil }
        }
        #expect(!nobody.isMet && nobody.measured == "nobody fails over")
    }
}

@Suite("What expectations are measured by")
struct ExpectationMeasureTests {
    @Test func `a request is during a fault when one was there at any time of it`() {
        func time(_ seconds: Double) -> VirtualTime { .zero + VirtualDuration(nanoseconds: UInt64(seconds * 1e9)) }
        let faults: [FaultPlan] = [
            .init(at: .seconds(10), duration: .seconds(5), kind: .pause(region: "a")),
            .init(at: .seconds(14), duration: .seconds(6), kind: .crash(region: "b")),
            .init(at: .seconds(30), kind: .reset(from: "a", to: "b")),
            // Neither is something to recover from.
            .init(at: .seconds(40), kind: .clockStep(region: "a", by: .seconds(1))),
            .init(at: .seconds(40), kind: .removeIndex(table: "t", name: "i", by: "a")),
            .init(at: .seconds(50), kind: .pause(region: "a")),
        ]
        var windows = FaultWindows(of: faults, until: time(60))
        let requests: [(Double, Double, Bool)] = [
            (1, 9.9, false), (9, 10, true), (11, 12, true), (19, 25, true), (20.1, 26, false), (29, 31, true),
            (30.1, 32, false), (39, 41, false), (49, 51, true), (59, 61, true), (60.5, 62, false),
        ]
        for (from, to, isDuring) in requests {
            #expect(windows.contain(from: time(from), to: time(to)) == isDuring, "\(from) to \(to)")
        }
    }

    @Test func `latencies are told apart by the faults, and requests that failed have none`() {
        var latencies = Latencies()
        for milliseconds in 1...99 { latencies.record(.milliseconds(UInt64(milliseconds)), isDuringFault: false) }
        latencies.record(.milliseconds(900), isDuringFault: true)
        latencies.record(nil, isDuringFault: true)
        #expect(latencies.requestCount(during: .faults) == 2 && latencies.requestCount(during: .all) == 101)
        #expect(abs((latencies.milliseconds(share: 1, during: .noFaults) ?? 0) - 99) < 1)
        #expect(abs((latencies.milliseconds(share: 0.5, during: .faults) ?? 0) - 900) < 8)
        #expect(abs((latencies.milliseconds(share: 1, during: .all) ?? 0) - 900) < 8)
        #expect(Latencies().milliseconds(share: 0.5, during: .all) == nil)
    }

    /// A run with an index that is added while one region is down, and clients that fail over.
    @Test func `a run measures what it is asked for`() throws {
        let scenario = try Scenario.parse(
            """
            topology: ../Regions/three-continents.yaml
            duration: 20s
            tables: [{name: orders}]
            workload:
              - table: orders
                arrival: {poisson: 20/s}
                mix: {read: 1, put: 1}
                keys: {count: 50}
                from: 3s
                failover: {after-errors: 2, back-after: 4s}
            faults:
              - {at: 5s, for: 5s, crash: eu-west-1}
              - {at: 6s, add-index: {table: orders, name: later, by: us-east-1}}
            expectations:
              - index-active-within: 30s
              - index-active-within: 3s
              - failover-within: 4s
              - latency-p50: {region: us-east-1, during: no-faults, below: 10ms}
              - latency-p99: {region: eu-west-1, during: faults, below: 10ms}
              - staleness-p100: {from: us-east-1, to: ap-northeast-1, below: 2s}
              - staleness-p100: {to: eu-west-1, below: 2s}
              - recovery-time: {below: 1us}
              - shipped-bytes: {from: us-east-1, to: eu-west-1, below: 1MiB}
            """, file: "s.yaml", folder: RandomScenario.shipped)
        let result = Run(scenario, seed: 1).run()
        #expect(result.violations == [])
        let build = try #require(result.indexBuilds.first)
        #expect(build.table == "orders" && build.index == "later" && build.seconds == 6)
        // The region is down for four more seconds.
        #expect(4000...20_000 ~= build.activeMilliseconds ?? 0)
        #expect(result.expectations.map(\.isMet) == [true, false, true, true, false, true, false, false, true])
        let european = try #require(result.requests.first { $0.region == "eu-west-1" })
        #expect(european.longestFailoverSeconds == european.longestOutageSeconds && european.longestOutageSeconds > 0)
        #expect((european.p99DuringFaultsMilliseconds ?? 0) > 50 && (european.p50WithoutFaultsMilliseconds ?? 99) < 10)
    }
}
