import ConfigurationFiles
import Foundation
import Testing

@testable import Simulation

@Suite("Latencies, bandwidths and disks as they are measured")
struct HardwareTests {
    private static let names = WorldTests.topology().regions.map(\.name)

    private static func quantiles(_ pairs: [(Double, Int)]) -> LatencyPlan {
        let quantiles = pairs.map { LatencyPlan.Quantile(share: $0.0, time: .milliseconds($0.1)) }
        return LatencyPlan(
            source: .quantiles(quantiles), distribution: LatencyDistribution(quantiles: quantiles))
    }

    /// A folder with a file of that text.
    private static func folder(_ text: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hardware-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appendingPathComponent("x.csv"))
        return folder.path
    }

    private static func parse(_ network: String, folder: String) throws(ConfigurationError) -> Scenario {
        try Scenario.parse(
            """
            topology: \(RandomScenario.shipped)/../Regions/three-continents.yaml
            duration: 1m
            tables: [{name: orders}]
            workload: [{table: orders, arrival: {poisson: 5/s}, mix: {put: 1}, keys: {count: 10}}]
            \(network)
            """, file: "s.yaml", folder: folder)
    }

    private static func problems(_ network: String, folder: String) -> [String] {
        do throws(ConfigurationError) {
            _ = try parse(network, folder: folder)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `a distribution is straight between its points, and ends with them`() {
        let distribution = Self.quantiles([(0.1, 10), (0.5, 50), (0.9, 250)]).distribution
        for (share, milliseconds) in [(0.0, 10.0), (0.1, 10), (0.3, 30), (0.5, 50), (0.7, 150), (0.9, 250), (1, 250)] {
            #expect(abs(distribution.nanoseconds(share: share) / 1e6 - milliseconds) < 1e-6)
        }
        var random = Generator(seed: 3)
        let drawn = (0..<10_000).map { _ in distribution.draw(using: &random) / 1e6 }.sorted()
        #expect(
            abs(drawn[5000] - 50) < 8 && abs(drawn[7000] - 150) < 12 && abs(drawn[0] - 10) < 1e-6
                && abs(drawn[9999] - 250) < 1e-6)
        let samples = LatencyDistribution(samples: [3, 1, 2])
        #expect([0, 0.25, 0.5, 1].map { samples.nanoseconds(share: $0) } == [1, 1.5, 2, 3])
        #expect(LatencyDistribution(samples: [7]).nanoseconds(share: 0.4) == 7)
    }

    @Test func `messages take what the distribution of their way says`() throws {
        var scenario = WorldTests.scenario(20)
        var plan = Self.quantiles([(0, 300), (1, 320)])
        (plan.from, plan.to) = (Self.names[0], Self.names[1])
        scenario.network.latency = [Self.quantiles([(0, 100), (1, 110)]), plan]
        let result = Run(scenario, seed: 1).run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        for link in result.links {
            let isSlow = link.from == Self.names[0] && link.to == Self.names[1]
            let bounds = isSlow ? 300.0...340 : 100.0...130
            #expect(bounds.contains(link.stalenessP50Milliseconds), "\(link)")
        }
    }

    @Test func `a bandwidth holds from its time on, and the limit of a fault in place of it`() throws {
        var scenario = WorldTests.scenario(60, perSecond: 20)
        scenario.workload[0].itemByteCount = 4000
        scenario.network.bandwidthChanges = [
            BandwidthPlan(at: .seconds(20), bandwidth: 20_000, from: Self.names[0]),
            BandwidthPlan(at: .seconds(40), bandwidth: nil),
        ]
        let result = Run(scenario, seed: 1).run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        for (index, link) in result.links.enumerated() {
            let lag = result.series.lag[index]
            func worst(_ range: Range<Int>) -> Double {
                let places =
                    range.lowerBound * lag.count / Int(result.totalSeconds)..<range.upperBound * lag.count
                    / Int(result.totalSeconds)
                return lag[places].max() ?? 0
            }
            #expect(worst(10..<19) < 1000)
            if link.from == Self.names[0] {
                #expect(worst(30..<40) > 2000, "\(link)")
            } else {
                #expect(worst(30..<40) < 1000, "\(link)")
            }
            #expect(worst(50..<58) < 1000, "\(link)")
        }
        // The fault is over while the bandwidth is narrow, and leaves it so.
        let network = Run(scenario, seed: 1).world.network
        network.limitBandwidth(5, from: 0, to: 1)
        #expect(network[0, 1].bandwidth == 5)
        network.limitBandwidth(nil, from: 0, to: 1)
        #expect(network[0, 1].bandwidth == nil)
    }

    @Test func `a disk limps for its time of each period, in the regions that are said`() throws {
        var scenario = WorldTests.scenario(40)
        scenario.workload[0].from = .seconds(2)
        let healthy = Run(scenario, seed: 1).run()
        scenario.disk.stall = StallPlan(
            every: .seconds(10), lasting: .seconds(1), factor: 100, regions: [Self.names[1]])
        let limping = Run(scenario, seed: 1).run()
        #expect(limping.violations.isEmpty, "\(limping.violations)")
        #expect(limping.requests[1].p99Milliseconds > 20 * healthy.requests[1].p99Milliseconds)
        #expect(limping.requests[1].p50Milliseconds < 2 * healthy.requests[1].p50Milliseconds)
        #expect(limping.requests[0].p99Milliseconds < 2 * healthy.requests[0].p99Milliseconds)
        scenario.disk.stall = nil
        scenario.disk.tail = TailPlan(share: 0.05, factor: 50)
        let tailed = Run(scenario, seed: 1).run()
        #expect(tailed.requests.allSatisfy { $0.p99Milliseconds > 20 && $0.p50Milliseconds < 6 }, "\(tailed.requests)")
    }

    @Test func `measured files are read from beside the scenario, and their text reads back`() throws {
        let folder = try Self.folder("# by ping\nround-trip-milliseconds\n90\n80.5\n\n100\n")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let scenario = try Self.parse("network: {latency: x.csv}", folder: folder)
        #expect(scenario.network.latency.map(\.source) == [.file("x.csv")])
        #expect(scenario.network.latency[0].distribution.nanoseconds(share: 0.5) == 45e6)
        #expect(scenario.network.latency[0].distribution.nanoseconds(share: 0) == 40.25e6)
        #expect(try Scenario.parse(scenario.text, file: "x.yaml", folder: folder) == scenario)
        let moved = try Scenario.parse(scenario.text(inFolder: "/"), file: "x.yaml", folder: "/")
        #expect(moved.network.latency[0].distribution == scenario.network.latency[0].distribution)

        try Data("time,bandwidth\n0,1000000\n12.5,1000\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/x.csv"))
        let narrow = try Self.parse("network: {bandwidth: {file: x.csv}}", folder: folder)
        #expect(
            narrow.network.bandwidthChanges == [
                BandwidthPlan(at: .zero, bandwidth: 1_000_000),
                BandwidthPlan(at: .milliseconds(12_500), bandwidth: 1000),
            ])
        #expect(try Scenario.parse(narrow.text, file: "x.yaml", folder: folder) == narrow)
    }

    @Test(arguments: [
        ("", "the file is empty"), ("milliseconds\n", "there is no row in it"),
        ("ms\n1\n", "the first row has to be milliseconds or round-trip-milliseconds"),
        ("milliseconds\n1\n-2\n", "'-2' is no number of milliseconds from 0 to 3600000"),
        ("milliseconds\n1e3\n", "'1e3' is no number of milliseconds from 0 to 3600000"),
        ("milliseconds\n1,2\n", "the row has 2 values, and the header 1"),
    ])
    func `a file that holds no latencies is refused with its line`(text: String, problem: String) throws {
        let folder = try Self.folder(text)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let found = Self.problems("network: {latency: x.csv}", folder: folder)
        #expect(
            found.count == 1 && found[0].hasPrefix("network.latency: x.csv:") && found[0].hasSuffix(problem), "\(found)"
        )
        #expect(
            Self.problems("network: {latency: none.csv}", folder: folder) == [
                "network.latency: none.csv: there is no such file"
            ])
    }

    @Test(arguments: [
        (
            "network: {latency: {quantiles: {p50: 2ms, p90: 1ms}}}",
            "network.latency.quantiles: a higher percentile is less"
        ),
        (
            "network: {latency: {quantiles: {median: 2ms}}}",
            "network.latency.quantiles.median: 'median' is no percentile"
        ),
        ("network: {latency: {quantiles: {p101: 2ms}}}", "network.latency.quantiles.p101: 'p101' is no percentile"),
        (
            "network: {latency: {from: us-east-1}}",
            "network.latency: there are both or neither of 'file' and 'quantiles'"
        ),
        (
            "network: {latency: [{from: mars, quantiles: {p50: 1ms}}]}",
            "network.latency[0].from: no region is called 'mars'"
        ),
        ("network: {bandwidth: [{at: 2m, bandwidth: 1KiB/s}]}", "network.bandwidth[0].at: found '2m'"),
        ("network: {bandwidth: [{at: 1s, bandwidth: fast}]}", "network.bandwidth[0].bandwidth: found 'fast'"),
        ("disk: {stall: {every: 1s, lasting: 2s, factor: 5}}", "disk.stall.lasting: it is longer than 'every'"),
        ("disk: {tail: {share: 1%}}", "disk.tail: 'factor' is missing"),
        ("disk: {tail: {share: 1%, factor: 0.5}}", "disk.tail.factor: found '0.5'"),
        ("random-faults: {count: 1, within: [1s, 2s], lasting: 1s, together: 2}", "random-faults.together: found '2'"),
        ("faults: [{at: 1s, for: 1s, crash: [us-east-1, mars]}]", "faults[0].crash[1]: no region is called 'mars'"),
        ("faults: [{at: 1s, for: 1s, crash: []}]", "faults[0].crash: the list is empty"),
        (
            "faults: [{at: 1s, for: 1s, crash: [us-east-1, us-east-1]}]",
            "faults[0].crash[1]: 'us-east-1' is in the list twice"
        ),
    ])
    func `what cannot be is refused`(text: String, problem: String) {
        let found = Self.problems(text, folder: "/tmp")
        #expect(found.first?.hasPrefix(problem) == true, "\(found)")
    }

    @Test func `a fault of several regions is one of each, at the same time`() throws {
        let scenario = try Self.parse(
            """
            faults:
              - {at: 1s, for: 2s, power-loss: [us-east-1, eu-west-1]}
              - {at: 5s, for: 1s, slow-disk: {region: [us-east-1, ap-northeast-1], sync: 1s}}
            """, folder: "/tmp")
        let expected = [
            FaultPlan(at: .seconds(1), duration: .seconds(2), kind: .powerLoss(region: "us-east-1")),
            FaultPlan(at: .seconds(1), duration: .seconds(2), kind: .powerLoss(region: "eu-west-1")),
            FaultPlan(
                at: .seconds(5), duration: .seconds(1), kind: .slowDisk(region: "us-east-1", latency: .seconds(1))),
            FaultPlan(
                at: .seconds(5), duration: .seconds(1), kind: .slowDisk(region: "ap-northeast-1", latency: .seconds(1))),
        ]
        #expect(scenario.faults == expected)
    }

    @Test func `faults that are drawn come together as often as is said`() {
        var plan = RandomFaultPlan(
            count: 40...40, within: .zero...(.seconds(10_000)), lasting: .seconds(1)...(.seconds(2)),
            kinds: ["crash", "pause"])
        func pairs() -> Int {
            var random = Generator(seed: 9)
            let drawn = plan.draw(using: &random, regions: Self.names)
            #expect(drawn.count <= 40)
            return zip(drawn, drawn.dropFirst()).count { first, second in
                first.at == second.at && first.duration == second.duration && first.kind.name == second.kind.name
                    && first.kind.regions != second.kind.regions
            }
        }
        #expect(pairs() == 0)
        plan.togetherShare = 0.5
        #expect(6...16 ~= pairs())
        plan.togetherShare = 1
        #expect(pairs() == 20)
        plan.kinds = ["disk-loss"]
        #expect(pairs() == 0)
    }
}
