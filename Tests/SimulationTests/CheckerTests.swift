import ConfigurationFiles
import HybridClock
import ItemModel
import RegionStore
import Testing

@testable import Simulation

@Suite("What the checkers go by")
struct CheckerTests {
    @Test("versions are ordered by stamp and then by origin, as the store's own are")
    func marks() {
        var random = Generator(seed: 5)
        for _ in 0..<2_000 {
            let (one, other) = (mark(&random), mark(&random))
            let versions = [one, other].map {
                Version(stamp: .init(rawValue: $0.stamp), origin: Origin(rawValue: $0.origin))
            }
            #expect(one.beats(other) == (versions[0] > versions[1]))
        }
    }

    private func mark(_ random: inout Generator) -> Mark {
        Mark(stamp: random.next() >> (random.happens(0.5) ? 62 : 0), origin: random.next() >> 61)
    }

    @Test("a change is found by its position and by its stamp, and those between two positions are counted")
    func history() throws {
        let history = OriginHistory(Origin(rawValue: 1 << 48), region: 0)
        var expected: [UInt32: UInt64] = [:]
        for position in 1...300 as ClosedRange<UInt32> {
            let isOwn = position % 3 == 0
            let change = OriginHistory.Change(
                stamp: UInt64(position) * 10, payloadHash: 0, recordHash: 0, position: position, item: 0,
                isDelete: false)
            history.append(isOwn ? change : nil)
            if isOwn { expected[position] = change.stamp }
        }
        for position in 0...310 as ClosedRange<UInt32> {
            let place = history.place(at: LogPosition(rawValue: UInt64(position)))
            #expect(place.map { history.changes[$0].stamp } == expected[position])
            #expect(
                history.change(stamped: UInt64(position) * 10)?.position == (expected[position] == nil ? nil : position)
            )
            #expect(history.count(upTo: LogPosition(rawValue: UInt64(position))) == Int(min(position, 300)) / 3)
        }
    }

    @Test("where nothing is lost, the recovery point is zero")
    func nothingLost() {
        let result = Run(DefectScenario.partition.scenario, seed: 5).run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.lostAcknowledgedWrites == 0)
        #expect(result.recoveryPointMilliseconds == 0)
    }

    @Test("a region that is cut off and then loses its disk loses what it acknowledged meanwhile, and nothing else")
    func recoveryPoint() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = DefectScenario.steady.scenario
        // So many keys that other regions hardly ever write over what is lost.
        scenario.workload[0].keys = .init(count: 5_000, distribution: .uniform)
        scenario.faults = [
            FaultPlan(
                at: .seconds(4), duration: .seconds(6), kind: .partition(groups: [[names[0]], [names[1], names[2]]])),
            FaultPlan(at: .seconds(7), duration: .seconds(1), kind: .diskLoss(region: names[0])),
        ]
        for seed in 1...3 as ClosedRange<UInt64> {
            let result = Run(scenario, seed: seed).run()
            #expect(result.violations.isEmpty, "seed \(seed): \(result.violations)")
            #expect(result.lostAcknowledgedWrites > 10)
            #expect((2_000...3_300).contains(result.recoveryPointMilliseconds), "\(result.recoveryPointMilliseconds)")
        }
    }

    @Test("a replica that is sent more often than anything explains is growth")
    func transfers() throws {
        let run = Run(WorldTests.scenario(2), seed: 1)
        #expect(run.run().violations.isEmpty)
        let history = History(of: run.world)
        let growth = Growth(of: run.world, history: history)
        let replica = LocalReplica(table: TableUUID(high: 1, low: 1), id: TableID(rawValue: 1))
        func texts() -> [String] { run.world.violations.map(\.text).filter { $0.contains("was sent") } }
        for count in 1...3 {
            growth.applied(.snapshotEnd(replica, AppliedVector()), in: run.world.regions[0])
            growth.conclude()
            #expect(texts().count == (count < 3 ? 0 : 1), "\(texts())")
        }
    }
}
