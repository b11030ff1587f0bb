import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Figures of recovery and agreement")
struct RecoveryTests {
    private static let names = WorldTests.topology().regions.map(\.name)

    private static func fault(_ at: Int, _ length: Int?, _ kind: FaultPlan.Kind) -> FaultPlan {
        FaultPlan(at: .seconds(at), duration: length.map { .seconds($0) }, kind: kind)
    }

    private static func outages(_ faults: [FaultPlan]) -> [String] {
        RecoveryTimes.outages(of: faults, regions: names).map { outage in
            "\(outage.region): \(Int(outage.from.seconds))-\(outage.until.map { "\(Int($0.seconds))" } ?? "")"
        }
    }

    @Test func `faults of a region that overlap are one outage`() {
        let (east, west) = (Self.names[0], Self.names[1])
        #expect(
            Self.outages([
                Self.fault(50, 5, .crash(region: east)), Self.fault(10, 5, .crash(region: east)),
                Self.fault(12, 20, .slowDisk(region: east, latency: .seconds(1))),
                Self.fault(32, 1, .pause(region: east)),
                Self.fault(20, 5, .oneWayPartition(from: west, to: east)),
            ]) == ["0: 10-33", "0: 50-55", "1: 20-25"])
        #expect(
            Self.outages([Self.fault(1, 5, .pause(region: east)), Self.fault(3, nil, .diskFull(region: east))])
                == ["0: 1-"])
        #expect(Self.outages([Self.fault(7, nil, .reset(from: east, to: west))]) == ["0: 7-7", "1: 7-7"])
    }

    @Test func `changes of tables and clocks that are set for good are nothing to recover from`() {
        let east = Self.names[0]
        #expect(
            Self.outages([
                Self.fault(1, nil, .addIndex(table: "orders", .init(name: "abc", projection: .all), by: east)),
                Self.fault(2, nil, .clockStep(region: east, by: .seconds(1))),
                Self.fault(3, 4, .clockDrift(region: east, partsPerMillion: 10)),
            ]) == ["0: 3-7"])
    }

    @Test
    func `a region that was cut off recovers when everything has gone over again, and its clients were never without`()
        throws
    {
        let faults = [Self.fault(10, 30, .partition(groups: [[Self.names[0]], [Self.names[1], Self.names[2]]]))]
        let result = Run(WorldTests.scenario(60, faults: faults), seed: 1).run()
        #expect(result.recoveries.map(\.region) == Self.names)
        for recovery in result.recoveries {
            #expect(recovery.fromSeconds == 10 && recovery.untilSeconds == 40)
            #expect(recovery.servedMilliseconds == 0)
            // Not before a message can have come, and long before the run is over.
            #expect(try #require(recovery.inStepMilliseconds) > 35)
            #expect(try #require(recovery.inStepMilliseconds) < 20_000)
        }
        #expect(result.recoveryTimeMilliseconds == result.recoveries.compactMap(\.milliseconds).max())
        let differing = result.series.differingKeys
        #expect(try #require(differing[12..<38].min()) > 0)
        #expect(try #require(differing[35..<38].max()) > 50)
        #expect(differing.last == 0)
    }

    @Test func `clients of a region that is down are served again with its process`() throws {
        let faults = [Self.fault(10, 4, .diskErrors(region: Self.names[1]))]
        var scenario = WorldTests.scenario(40, faults: faults)
        // Not before the table is there.
        scenario.workload[0].from = .seconds(1)
        let result = Run(scenario, seed: 1).run()
        let recovery = try #require(result.recoveries.first)
        #expect(result.recoveries.count == 1 && recovery.region == Self.names[1])
        // The process that finds its disk failing is started again after five seconds, one after the disk works again.
        #expect(try #require(recovery.servedMilliseconds) > 0)
        #expect(try #require(recovery.inStepMilliseconds) > 0)
        let clients = result.requests[1]
        #expect(clients.longestOutageSeconds > 4 && clients.longestOutageSeconds < 16)
        #expect(result.requests[0].longestOutageSeconds == 0)
    }

    @Test func `a region that is lost and replaced recovers when it has been filled`() throws {
        let faults = [Self.fault(10, 10, .diskLoss(region: Self.names[2]))]
        let result = Run(WorldTests.scenario(40, faults: faults), seed: 1).run()
        let recovery = try #require(result.recoveries.first)
        #expect(try #require(recovery.servedMilliseconds) > 145)
        #expect(try #require(recovery.milliseconds) < 15_000)
    }

    @Test func `a fault before the recovery from the last one belongs to the same`() throws {
        let east = Self.names[0]
        let faults = [Self.fault(10, 10, .crash(region: east)), Self.fault(20, 10, .pause(region: east))]
        // The second one begins a millisecond after the first: nothing can have come by then.
        var late = faults
        late[1].at += .milliseconds(1)
        for faults in [faults, late] {
            let result = Run(WorldTests.scenario(50, faults: faults), seed: 1).run()
            #expect(result.recoveries.count == 1)
            #expect(result.recoveries.first?.fromSeconds == 10)
        }
    }

    @Test func `without a fault nothing has to be recovered from, and keys differ only while changes are under way`()
        throws
    {
        var scenario = WorldTests.scenario(30, perSecond: 5)
        // It takes a moment until every region has the table.
        scenario.workload[0].from = .seconds(5)
        let result = Run(scenario, seed: 1).run()
        #expect(result.recoveries.isEmpty && result.recoveryTimeMilliseconds == 0)
        #expect(result.series.differingKeys.count == result.series.conflicts.count)
        #expect(try #require(result.series.differingKeys.max()) < 10)
        #expect(result.series.differingKeys.last == 0)
        #expect(result.requests.allSatisfy { $0.longestOutageSeconds == 0 })
    }

    @Test func `the backlog counts changes, and every change is followed once to each other region`() {
        let result = Run(WorldTests.scenario(20, perSecond: 400), seed: 1).run()
        for link in result.links {
            let clients = result.requests.first { $0.region == link.from }
            // A write may be a batch, or change nothing; the last ones were followed too.
            #expect(link.changes > (clients?.acknowledgedWrites ?? 0) * 8 / 10)
            #expect(link.connections == 1)
        }
        #expect(result.series.backlog.allSatisfy { $0.last == 0 })
    }
}
