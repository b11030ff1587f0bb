import ConfigurationFiles
import Foundation
import RegionStore

@testable import Simulation

/// Scenarios with every kind of part, for properties that hold of all of them.
struct RandomScenario {
    var random: Generator
    let topology: Topology
    let folder: String

    /// The folder of the scenarios that come with the project.
    static var shipped: String {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.appendingPathComponent("Simulations").path
    }

    init(seed: UInt64) throws {
        random = Generator(seed: seed)
        folder = Self.shipped
        topology = try Topology.load(path: "\(folder)/../Regions/five-regions.yaml")
    }

    private var regions: [String] { topology.regions.map(\.name) }

    mutating func next() -> Scenario {
        var scenario = Scenario(
            name: word(), topology: topology, duration: .seconds(3600), tables: [], workload: [])
        scenario.topologyFile = "../Regions/five-regions.yaml"
        scenario.folder = folder
        if random.happens(0.5) { scenario.description = word() }
        scenario.settle = duration(1...10_000_000_000)
        scenario.tables = (0..<random.below(4)).map { table("table-\($0)") }
        for number in 0..<(scenario.tables.isEmpty ? 0 : random.below(4)) {
            scenario.workload.append(plan("\(number) \(word())", scenario.tables[random.below(scenario.tables.count)]))
        }
        scenario.network.jitter = random.unit()
        scenario.network.loss = random.unit() / 2
        scenario.network.bandwidth = random.happens(0.5) ? 1 + random.below(1 << 30) : nil
        if scenario.network.bandwidth == nil {
            scenario.network.bandwidthChanges = (0..<random.below(4)).map { number in
                BandwidthPlan(
                    at: .seconds(number * 100) + duration(0...1_000_000),
                    bandwidth: random.happens(0.3) ? nil : 1 + random.below(1 << 30),
                    from: random.happens(0.5) ? region() : nil, to: random.happens(0.5) ? region() : nil)
            }
        }
        scenario.network.latency = (0..<random.below(3)).map { _ in latency() }
        scenario.disk.tail = random.happens(0.5) ? TailPlan(share: random.unit(), factor: 1 + random.unit()) : nil
        if random.happens(0.5) {
            scenario.disk.stall = StallPlan(
                every: duration(1_000_000...2_000_000), lasting: duration(1000...1_000_000), factor: 1 + random.unit(),
                regions: [region()])
        }
        scenario.disk.syncLatency = duration(0...60_000_000)
        scenario.disk.jitter = random.unit()
        scenario.process.writeCost = duration(0...1_000_000)
        scenario.process.readCost = duration(0...1_000_000)
        scenario.process.restartAfterFailure = duration(1000...1_000_000_000)
        scenario.process.maintenanceQuota = random.happens(0.5) ? 1 + Int(random.below(20_000)) : nil
        if random.happens(0.5) {
            scenario.log.retention = duration(1_000_000...10_000_000)
            scenario.log.ageMax = duration(10_000_000...20_000_000)
            scenario.log.shardCount = 1 << random.below(7)
        }
        if random.happens(0.3) { scenario.log.byteCountMax = 1 + random.below(1 << 40) }
        if random.happens(0.3) { scenario.log.shardLifetime = duration(100_000...1_000_000) }
        if random.happens(0.3) {
            scenario.links.batchByteCount = 1024 + random.below(1 << 20)
            scenario.links.inFlightByteCount = 2 << 20
        }
        if random.happens(0.3) { scenario.links.heartbeat = duration(1_000...1_000_000) }
        if random.happens(0.3) { scenario.links.backoffMax = duration(1_000_000...10_000_000) }
        scenario.isSwarm = random.happens(0.2)
        scenario.faults = faults(beside: scenario.tables)
        scenario.randomFaults = random.happens(0.5) ? randomFaults() : nil
        scenario.expectations = (0..<random.below(5)).map { _ in expectation() }
        return scenario
    }

    private mutating func word() -> String {
        let letters = Array("ab\"\\ :#'\n\t\u{e9}\u{1f600}-{}[],&*!|>%@`true0123456789")
        return String((0...random.below(12)).map { _ in letters[random.below(letters.count)] })
    }

    /// A whole number of microseconds: what a file can say.
    private mutating func duration(_ microseconds: ClosedRange<Int>) -> Duration {
        .microseconds(microseconds.lowerBound + random.below(microseconds.upperBound - microseconds.lowerBound + 1))
    }

    private mutating func region() -> String { regions[random.below(regions.count)] }

    private mutating func latency() -> LatencyPlan {
        var quantiles: [LatencyPlan.Quantile] = []
        for (number, share) in [0, 0.29, 0.5, 0.999, 1].enumerated() where random.happens(0.7) || number == 2 {
            quantiles.append(.init(share: share, time: .milliseconds(number) + duration(0...1000)))
        }
        return LatencyPlan(
            from: random.happens(0.5) ? region() : nil, to: random.happens(0.5) ? region() : nil,
            source: .quantiles(quantiles), distribution: LatencyDistribution(quantiles: quantiles))
    }

    private mutating func rate() -> Double { 0.001 + random.unit() * Double(1 + random.below(1000)) }

    private mutating func table(_ name: String) -> TablePlan {
        let first = random.below(regions.count)
        let count = 1 + random.below(regions.count)
        var table = TablePlan(name: name, replicas: (0..<count).map { regions[(first + $0) % regions.count] })
        table.hasSortKey = random.happens(0.5)
        table.hasTimeToLive = random.happens(0.5)
        table.streamViewType = random.pick(StreamViewType.allCases)
        table.indexes = (0..<random.below(3)).map {
            index("by-\($0)", isLocal: table.hasSortKey && random.happens(0.3))
        }
        return table
    }

    private mutating func index(_ name: String, isLocal: Bool = false) -> TablePlan.IndexPlan {
        var index = TablePlan.IndexPlan(name: name, projection: random.pick([.all, .keysOnly, .include]))
        index.isLocal = isLocal
        index.hasSortKey = isLocal || random.happens(0.5)
        return index
    }

    private mutating func plan(_ name: String, _ table: TablePlan) -> WorkloadPlan {
        let arrival: WorkloadPlan.Arrival =
            switch random.below(4) {
            case 0: .poisson(perSecond: rate())
            case 1: .diurnal(low: 0.25, high: 0.25 + rate(), period: duration(1000...1_000_000_000))
            case 2:
                .burst(
                    perSecond: 0.125, peak: 0.125 + rate(), every: duration(1_000_000...2_000_000_000),
                    length: duration(1000...1_000_000))
            default: .closed(clients: 1 + random.below(100), think: duration(0...1_000_000))
            }
        let distribution: WorkloadPlan.KeyChoice.Distribution =
            switch random.below(4) {
            case 0: .uniform
            case 1: .latest
            case 2: .zipfian(constant: 0.01 + random.unit() * 0.98)
            default: .hotSet(keys: random.unit(), requests: random.unit())
            }
        var mix = WorkloadPlan.Mix()
        for part in WorkloadPlan.Mix.parts { mix[keyPath: part.path] = random.below(3) }
        mix.read += 1
        var plan = WorkloadPlan(
            name: name, table: table.name, regions: Array(table.replicas.prefix(1 + random.below(5))), arrival: arrival,
            mix: mix, keys: .init(count: 1 + random.below(100_000), distribution: distribution))
        plan.itemByteCount = random.below(100_000)
        if random.happens(0.5) { plan.lifetime = duration(1_000_000...1_000_000_000) }
        plan.timeout = duration(1000...60_000_000)
        if random.happens(0.5) {
            plan.failover = .nearest(afterErrors: 1 + random.below(9), backAfter: duration(0...60_000_000))
        }
        if random.happens(0.3) {
            plan.failover = .inOrder(
                regions: Array(table.replicas.prefix(2)), afterErrors: 1 + random.below(9),
                backAfter: duration(0...60_000_000))
        }
        plan.retries = .init([.none, .standard, .adaptive][random.below(3)])
        plan.retries.maxAttempts = 1 + random.below(9)
        plan.retries.backoff = duration(0...1_000_000)
        plan.retries.backoffMax = plan.retries.backoff + duration(0...1_000_000)
        if random.happens(0.5) { plan.from = duration(0...1_000_000_000) }
        if random.happens(0.5) { plan.until = duration(1_000_000_001...3_600_000_000) }
        return plan
    }

    /// What can be drawn, and what cannot, without two that need one thing.
    private mutating func faults(beside tables: [TablePlan]) -> [FaultPlan] {
        let plan = RandomFaultPlan(
            count: 0...8, within: .zero...(.seconds(1000)), lasting: .milliseconds(1)...(.seconds(1000)),
            kinds: RandomFaultPlan.drawable)
        let name = region()
        var more: [FaultPlan.Kind] = [
            .diskFull(region: name), .bitFlips(region: name, share: random.unit()),
            .leapSmear(region: name, by: .seconds(1)), .slowProcess(region: name, factor: 1 + random.unit() * 10),
            .slowDisk(region: name, latency: duration(0...1_000_000)),
            .clockDrift(region: name, partsPerMillion: random.unit() * 100 - 50), .createTable(table("made")),
            .reset(from: "us-east-1", to: "eu-west-1"),
            .partition(groups: [["us-east-1"], ["us-west-2", "eu-west-1"], ["ap-northeast-1"]]),
        ]
        if let table = tables.first {
            more.append(.addIndex(table: table.name, index("more"), by: table.replicas[0]))
            let settings: [SettingPlan] = [
                .tableClass(.infrequentAccess), .deletionProtection(false), .billing(.provisioned),
                .billing(.payPerRequest), .encryption(true), .timeToLive(false), .warmThroughput(read: 5, write: 6),
                .maxima(read: 1 + random.below(9), write: random.happens(0.5) ? 7 : nil),
                .maxima(read: nil, write: 1 + random.below(9), index: "more"),
            ]
            more += settings.map { .changeSetting(table: table.name, $0, by: table.replicas[0]) }
            more.append(.removeIndex(table: table.name, name: "more", by: table.replicas[0]))
            if let other = regions.first(where: { !table.replicas.contains($0) }) {
                more.append(.addReplica(table: table.name, region: other, by: table.replicas[0]))
                more.append(.removeReplica(table: table.name, region: other, by: table.replicas[0]))
            }
            more.append(.deleteTable(name: table.name, region: table.replicas[0]))
        }
        var faults = plan.draw(using: &random, regions: regions)
        // One after the other, so that none is in another's way.
        for (index, kind) in more.enumerated() {
            faults.append(
                FaultPlan(
                    at: .seconds(2001 + index * 60) + duration(0...1_000_000),
                    duration: kind.isOverAtOnce ? nil : .seconds(50), kind: kind))
        }
        if random.happens(0.5) { faults.append(FaultPlan(at: .seconds(3599), kind: .crash(region: name))) }
        return faults
    }

    private mutating func randomFaults() -> RandomFaultPlan {
        let (low, high) = (random.below(5), 5 + random.below(5))
        var plan = RandomFaultPlan(
            count: low...high, within: duration(0...1_000_000)...duration(1_000_000...1_000_000_000),
            lasting: duration(1000...1_000_000)...duration(1_000_000...1_000_000_000),
            kinds: Array(RandomFaultPlan.drawable.prefix(1 + random.below(RandomFaultPlan.drawable.count))))
        plan.diskLossCountMax = random.below(3)
        plan.togetherShare = random.unit()
        return plan
    }

    private mutating func expectation() -> Expectation {
        let below = duration(0...1_000_000_000)
        let share = [0.5, 0.99, 0.999, 1, 0.29, 0.07, 0.9999][random.below(7)]
        let from = random.happens(0.5) ? "us-east-1" : nil
        let to = random.happens(0.5) ? "eu-west-1" : nil
        return switch random.below(11) {
        case 0: .convergesWithin(below)
        case 1: .lostAcknowledgedWrites(atMost: random.below(100))
        case 2: .staleness(share: share, from: from, to: to, below: below)
        case 3: .conflicts(atLeast: random.below(100))
        case 4: .recoveryPoint(below: below)
        case 5: .recoveryTime(below: below)
        case 6: .latency(share: share, region: from, during: LatencyWindow.allCases[random.below(3)], below: below)
        case 7: .shippedBytes(from: from, to: to, below: 1 + random.below(1 << 40))
        case 8: .indexActiveWithin(below)
        case 9: .failoverWithin(below)
        default: .unavailability(region: random.happens(0.5) ? region() : nil, below: random.unit())
        }
    }
}
