import Foundation
import Testing

@testable import Simulation

@Suite("Results as JSON")
struct RunDocumentTests {
    static func members(_ value: some Encodable) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        return try #require(object as? [String: Any])
    }

    /// The members of the parts of an object, with the names of those that they are in: `links.from`.
    static func paths(_ object: [String: Any], in prefix: String = "") -> Set<String> {
        object.reduce(into: []) { paths, member in
            let path = prefix + member.key
            paths.insert(path)
            if let part = member.value as? [String: Any] { paths.formUnion(Self.paths(part, in: path + ".")) }
            for part in member.value as? [[String: Any]] ?? [] { paths.formUnion(Self.paths(part, in: path + ".")) }
        }
    }

    /// Everything that there is of a run that has failed: every list has an element.
    static func failed() throws -> [String: Any] {
        var result = RunResult.sample(isPassed: false)
        result.parameters = parameters
        return try members(RunDocument(result, file: "s.yaml"))
    }

    /// Likewise of many runs.
    static func sweep() throws -> [String: Any] {
        try members(
            SweepDocument(
                SweepSummary(
                    scenario: "s",
                    combinations: [
                        (
                            SweepVariant(parameters: parameters, regions: regions),
                            (1...40).map { seed in digest(seed, isPassed: seed == 1) }
                        )
                    ]),
                file: "s.yaml"))
    }

    private static let regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]
    private static let parameters = [ParameterValue(name: "latency", value: "10ms")]

    private static func digest(_ seed: UInt64, isPassed: Bool) -> RunDigest {
        var result = RunResult.sample(regions: regions, isPassed: isPassed)
        result.seed = seed
        result.parameters = parameters
        return RunDigest(result)
    }

    @Test func `a run's members are these, and stay what they are`() throws {
        let expected = """
            bill bill.lostWrites bill.lostWrites.acknowledgedSeconds bill.lostWrites.ageMilliseconds bill.lostWrites.key
            bill.lostWrites.region bill.lostWrites.table bill.overwrites bill.overwrites.acknowledgedSeconds
            bill.overwrites.by bill.overwrites.key bill.overwrites.overwrittenSeconds bill.overwrites.region
            bill.overwrites.table bill.overwrittenWrites bill.overwrittenWrites.by bill.overwrittenWrites.count
            bill.overwrittenWrites.region bill.staleReads bill.staleReads.count bill.staleReads.maxMilliseconds
            bill.staleReads.p50Milliseconds bill.staleReads.p99Milliseconds bill.staleReads.region bill.unavailability
            bill.unavailability.group bill.unavailability.region bill.unavailability.seconds
            conflicts convergenceMilliseconds description durationSeconds eventCount expectations expectations.isMet
            expectations.measured expectations.text faults faults.fromSeconds faults.regions faults.text
            faults.untilSeconds formatVersion hasPassed indexBuilds indexBuilds.activeMilliseconds
            indexBuilds.index indexBuilds.seconds indexBuilds.table links links.bytes links.changes links.connections links.from
            links.stalenessMaxMilliseconds links.stalenessP50Milliseconds links.stalenessP99Milliseconds links.to
            lostAcknowledgedWrites operationCount parameters parameters.name parameters.value recoveries recoveries.fromSeconds recoveries.inStepMilliseconds
            recoveries.region recoveries.servedMilliseconds recoveries.untilSeconds recoveryPointMilliseconds
            recoveryTimeMilliseconds refusedChanges refusedChanges.seconds refusedChanges.text regions replayCommand
            requests requests.acknowledgedWrites requests.attempts requests.count requests.retried
            requests.failed requests.failedOver requests.longestFailoverSeconds requests.longestOutageSeconds
            requests.p50DuringFaultsMilliseconds requests.p50Milliseconds requests.p50WithoutFaultsMilliseconds
            requests.p99DuringFaultsMilliseconds requests.p99WithoutFaultsMilliseconds
            requests.p99Milliseconds requests.refusedByCondition requests.region requests.unavailability scenario seed
            series series.backlog series.conflicts series.differingKeys series.errors series.intervalSeconds series.lag
            series.throughput shippedBytes totalSeconds traceHash violations violations.checker violations.seconds
            violations.text
            """
        let paths = Self.paths(try Self.failed())
        #expect(paths == Set(expected.split(whereSeparator: \.isWhitespace).map(String.init)))
        #expect(RunDocument.formatVersion == 1)
    }

    @Test func `a sweep's members are these, and stay what they are`() throws {
        let figures = [
            "conflicts", "convergenceMilliseconds", "lostAcknowledgedWrites", "recoveryPointMilliseconds",
            "recoveryTimeMilliseconds", "stalenessMaxMilliseconds", "stalenessP99Milliseconds", "unavailability",
        ]
        let run = [
            "bytesShipped", "conflicts", "convergenceMilliseconds", "indexActiveMilliseconds", "longestFailoverSeconds",
            "longestOutageSeconds", "p99DuringFaultsMilliseconds", "p99WithoutFaultsMilliseconds",
            "lostAcknowledgedWrites",
            "operationCount", "overwrittenWrites", "p50Milliseconds", "p99Milliseconds", "recoveryPointMilliseconds",
            "staleReads",
            "staleReadMaxMilliseconds", "unavailableSeconds",
            "recoveryTimeMilliseconds", "simulatedSeconds", "stalenessMaxMilliseconds", "stalenessP50Milliseconds",
            "stalenessP99Milliseconds", "unavailability",
        ]
        #expect(run.sorted() == Metric.ofRun.map(\.name).sorted())
        let intervals = ["failureInterval", "figures.meanInterval", "figures.medianInterval", "figures.p90Interval"]
        let expected =
            (run + [
                "failure", "hasPassed", "parameters", "parameters.name", "parameters.value", "replayCommand", "seed",
            ])
            .map { "failures.\($0)" } + figures
            + figures.flatMap { ["\($0).median", "\($0).worst", "\($0).worstSeed"] }
            + [
                "failures", "firstSeed", "formatVersion", "hasPassed", "lastSeed", "operationCount", "passedCount",
                "runCount", "scenario", "simulatedSeconds", "combinations",
            ]
            + (intervals.flatMap { [$0, "\($0).low", "\($0).high"] }
            + [
                "failedCount", "figures", "figures.count", "figures.mean", "figures.median", "figures.medianSeed",
                "figures.name", "figures.p90", "figures.p95", "figures.p95Interval", "figures.worst",
                "figures.worstSeed", "parameters", "parameters.name", "parameters.value", "runCount",
            ]).map { "combinations.\($0)" }
        #expect(Self.paths(try Self.sweep()) == Set(expected))
    }

    @Test func `what has no value is null, and is there`() throws {
        var result = RunResult.sample()
        result.convergenceMilliseconds = nil
        result.recoveries[0].inStepMilliseconds = nil
        result.requests[0].longestFailoverSeconds = nil
        result.requests[0].p99DuringFaultsMilliseconds = nil
        let run = try Self.members(RunDocument(result))
        for name in ["convergenceMilliseconds", "recoveryTimeMilliseconds"] { #expect(run[name] is NSNull, "\(name)") }
        let recovery = try #require((run["recoveries"] as? [[String: Any]])?.first)
        #expect(recovery["inStepMilliseconds"] is NSNull)
        let clients = try #require((run["requests"] as? [[String: Any]])?.first)
        #expect(clients["longestFailoverSeconds"] is NSNull && clients["p99DuringFaultsMilliseconds"] is NSNull)
        let nothing = SweepSummary(scenario: "s", combinations: [(SweepVariant(regions: ["a"]), [])])
        let sweep = try Self.members(SweepDocument(nothing))
        for name in ["firstSeed", "conflicts", "unavailability"] { #expect(sweep[name] is NSNull, "\(name)") }
        let combinations = try #require(try Self.sweep()["combinations"] as? [[String: Any]])
        for figure in combinations[0]["figures"] as? [[String: Any]] ?? [] {
            let isEnough = try #require(figure["count"] as? Int) >= ConfidenceInterval.runCountMin
            #expect(figure["p95Interval"] is NSNull && (figure["medianInterval"] is NSNull) == !isEnough)
        }
    }

    @Test func `the verdict, the command and the sums are those of the summary`() throws {
        let run = try Self.failed()
        #expect(run["hasPassed"] as? Bool == false)
        #expect(run["replayCommand"] as? String == "meridian simulate s.yaml --set latency=10ms --seed 7")
        #expect(run["shippedBytes"] as? Int == RunResult.sample().byteCount)
        let sweep = try Self.sweep()
        #expect(
            sweep["passedCount"] as? Int == 1 && sweep["runCount"] as? Int == 40 && sweep["hasPassed"] as? Bool == false
        )
    }
}
