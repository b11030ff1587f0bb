import Foundation

@testable import Simulation

extension RunResult {
    /// A made-up run in which the first of some regions is lost for a while, as a real one would look.
    static func sample(regions: [String] = ["us-east-1", "eu-west-1", "ap-northeast-1"], isPassed: Bool = true)
        -> RunResult
    {
        var random = Generator(seed: 4)
        var result = RunResult(
            scenario: "region-outage",
            description:
                "The power of us-east-1 fails for an hour, while its clients go to the next nearest region. It comes "
                + "back with what it had synced, catches up, and loses nothing that was acknowledged.",
            seed: 7, traceHash: "5f3a90c41be2d786", eventCount: 9_481_220, durationSeconds: 4500, totalSeconds: 4690,
            regions: regions)
        let outage = 300.0...3900.0
        result.faults = [
            FaultSpan(
                fromSeconds: 300, untilSeconds: 3900, text: "\(regions[0]) loses power", regions: [regions[0]]),
            FaultSpan(
                fromSeconds: 900, untilSeconds: 1500, text: "\(regions[1]) | \(regions[2]) partitioned",
                regions: [regions[1], regions[2]]),
            FaultSpan(
                fromSeconds: 1200, untilSeconds: 1230, text: "\(regions[2])'s disk takes 200ms a sync",
                regions: [regions[2]]),
            FaultSpan(fromSeconds: 4210, untilSeconds: 4210, text: "the connection breaks", regions: []),
            FaultSpan(
                fromSeconds: 4400, untilSeconds: 4450, text: "\(regions[1])'s clock steps by +10m",
                regions: [regions[1]]),
        ]
        for (index, region) in regions.enumerated() {
            var clients = RegionRequests(region: region)
            clients.count = 225_110 - index * 312
            (clients.attempts, clients.retried) = (clients.count + 500, 300)
            clients.failed = index == 0 ? 402 : index
            clients.failedOver = index == 0 ? 180_040 : 0
            clients.refusedByCondition = 1204
            clients.acknowledgedWrites = 101_311
            clients.p50Milliseconds = index == 0 ? 81.2 : 1.9
            clients.p99Milliseconds = index == 0 ? 96 : 4.4
            clients.longestOutageSeconds = index == 0 ? 1.83 : 0.02
            clients.longestFailoverSeconds = clients.longestOutageSeconds
            clients.p50DuringFaultsMilliseconds = 81.4
            clients.p99DuringFaultsMilliseconds = 96.2
            clients.p50WithoutFaultsMilliseconds = 1.8
            clients.p99WithoutFaultsMilliseconds = 4.3
            result.requests.append(clients)
        }
        for from in regions {
            for to in regions where to != from {
                var link = LinkFigures(from: from, to: to)
                link.changes = 98_201
                link.stalenessP50Milliseconds = 44 + random.unit() * 80
                link.stalenessP99Milliseconds = to == regions[0] ? 3_481_000 : 310
                link.stalenessMaxMilliseconds = to == regions[0] ? 3_612_000 : 1240
                link.bytes = 25_100_000 + random.below(3_000_000)
                link.connections = 1 + random.below(4)
                result.links.append(link)
            }
        }
        result.conflicts = 3123
        for (index, region) in regions.enumerated() {
            var reads = StaleReads(region: region)
            reads.count = 40_117 / (index + 1)
            (reads.p50Milliseconds, reads.p99Milliseconds, reads.maxMilliseconds) = (70, 905_000, 3_581_000)
            result.bill.staleReads.append(reads)
            result.bill.unavailability.append(
                GroupUnavailability(group: "shoppers", region: region, seconds: index == 0 ? 2 : 0))
        }
        if regions.count > 1 {
            result.bill.overwrittenWrites = [OverwrittenWrites(region: regions[0], by: regions[1], count: 140)]
            result.bill.overwrites = [
                Overwrite(
                    region: regions[0], table: "orders", key: "pk=<18>", acknowledgedSeconds: 299,
                    by: regions[1], overwrittenSeconds: 3901)
            ]
        }
        result.convergenceMilliseconds = 212
        result.recoveries = [
            Recovery(
                region: regions[0], fromSeconds: 300, untilSeconds: 3900, servedMilliseconds: 0,
                inStepMilliseconds: 41_300),
            Recovery(
                region: regions[1], fromSeconds: 900, untilSeconds: 1500, servedMilliseconds: 0,
                inStepMilliseconds: 213),
        ]
        result.indexBuilds = [
            IndexBuild(table: "orders", index: "by-group", seconds: 200, activeMilliseconds: 1230)
        ]
        result.expectations = [
            ExpectationResult(text: "converges within 30 s", measured: "0.21 s", isMet: true),
            ExpectationResult(text: "at most 0 acknowledged writes lost", measured: "0", isMet: true),
            ExpectationResult(text: "unavailability in us-east-1 below 1 %", measured: "0.18 %", isMet: isPassed),
        ]
        if !isPassed {
            result.violations = [
                Violation(
                    seconds: 4500, checker: "convergence",
                    text: "orders/user-17: us-east-1 has version 1a2b, eu-west-1 has <nothing> & \"ap\" 'too'")
            ]
            result.refusedChanges = [
                RefusedChange(
                    seconds: 230, text: "changing the table orders (no index by-group) in eu-west-1: <unknown>")
            ]
            result.convergenceMilliseconds = nil
            result.lostAcknowledgedWrites = 3
            result.recoveryPointMilliseconds = 140
            result.bill.lostWrites = [
                LostWrite(
                    region: regions[0], table: "orders", key: "pk=<17>", acknowledgedSeconds: 299.9,
                    ageMilliseconds: 140)
            ]
        }
        result.series = series(result, outage: outage, &random)
        return result
    }

    private static func series(
        _ result: RunResult, outage: ClosedRange<Double>, _ random: inout Generator
    ) -> Series {
        var series = Series()
        series.intervalSeconds = 5
        let times = stride(from: 0.0, to: result.totalSeconds, by: 5).map { $0 }
        for (index, _) in result.regions.enumerated() {
            series.throughput.append(
                times.map { time in
                    time >= result.durationSeconds
                        ? 0 : (index == 0 && outage.contains(time) ? 48 : 50) + random.normal() * 3
                })
            series.errors.append(
                times.map { time in
                    index == 0 && (outage.lowerBound...outage.lowerBound + 15).contains(time)
                        ? 30 : random.happens(0.004) ? 0.4 : 0
                })
        }
        for link in result.links {
            let isCut = link.to == result.regions[0]
            func age(_ time: Double) -> Double {
                if isCut, outage.contains(time) { return time - outage.lowerBound }
                if isCut, time > outage.upperBound, time < outage.upperBound + 40 {
                    return 3600 * (1 - (time - outage.upperBound) / 40)
                }
                if !isCut, link.from != result.regions[0], (900.0...1500.0).contains(time) { return 0.2 }
                return 0
            }
            series.backlog.append(
                times.map { time in
                    time >= result.durationSeconds ? 0 : (age(time) * 22).rounded() + Double(random.below(5))
                })
            series.lag.append(
                times.map { time in
                    time >= result.durationSeconds ? 0 : age(time) * 1000 + 60 * random.logNormal(sigma: 0.3)
                })
        }
        series.conflicts = times.map { time in time < result.durationSeconds ? Double(random.below(6)) : 0 }
        series.differingKeys = times.map { time in
            outage.contains(time)
                ? 900 * (1 - exp(-(time - outage.lowerBound) / 300))
                : time < result.durationSeconds ? Double(random.below(4)) : 0
        }
        return series
    }
}
