import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("The outage bill")
struct OutageBillTests {
    private static let names = WorldTests.topology().regions.map(\.name)

    private static func scenario(_ seconds: Int, _ kind: FaultPlan.Kind, from: Int, lasting: Int) -> Scenario {
        var scenario = WorldTests.scenario(
            seconds, faults: [FaultPlan(at: .seconds(from), duration: .seconds(lasting), kind: kind)])
        // Not before the table is there.
        scenario.workload[0].from = .seconds(2)
        return scenario
    }

    @Test func `writes that go with a disk are listed with their keys, as many as are counted`() throws {
        var scenario = Self.scenario(30, .diskLoss(region: Self.names[0]), from: 15, lasting: 5)
        // What is committed while the region is cut off is on no other disk.
        scenario.faults.insert(
            FaultPlan(
                at: .seconds(14), duration: .seconds(2),
                kind: .partition(groups: [[Self.names[0]], [Self.names[1], Self.names[2]]])),
            at: 0)
        let result = Run(scenario, seed: 3).run()
        #expect(result.violations.isEmpty, "\(result.violations)")
        let lost = result.bill.lostWrites
        #expect(result.lostAcknowledgedWrites > 3)
        #expect(lost.count == min(result.lostAcknowledgedWrites, RunResult.Bill.listLimit))
        #expect(lost.allSatisfy { $0.region == Self.names[0] && $0.table == "orders" && $0.key.hasPrefix("pk=") })
        #expect(lost.allSatisfy { 13.5...15.1 ~= $0.acknowledgedSeconds && 0...1200 ~= $0.ageMilliseconds })
        #expect(lost.map(\.ageMilliseconds).max() == result.recoveryPointMilliseconds)
    }

    @Test func `reads are stale on both sides of a partition for as long as it lasts, and hardly ever without one`()
        throws
    {
        let kind = FaultPlan.Kind.partition(groups: [[Self.names[0]], [Self.names[1], Self.names[2]]])
        let cut = Run(Self.scenario(60, kind, from: 10, lasting: 40), seed: 1).run()
        #expect(cut.bill.staleReads.map(\.region) == Self.names)
        for reads in cut.bill.staleReads {
            #expect(reads.count > 100 && reads.maxMilliseconds < 41_000 && reads.maxMilliseconds > 15_000)
            #expect(reads.p50Milliseconds <= reads.p99Milliseconds && reads.p99Milliseconds <= reads.maxMilliseconds)
        }
        let steady = Run(
            Self.scenario(60, .clockDrift(region: Self.names[0], partsPerMillion: 1), from: 10, lasting: 40), seed: 1
        ).run()
        // Replication takes a way of 40 to 106 ms, and a sync.
        for reads in steady.bill.staleReads { #expect(reads.maxMilliseconds < 400, "\(reads)") }
    }

    @Test func `a read is stale by what was acknowledged before it was sent, and by nothing later`() {
        var versions = AcknowledgedVersions()
        func mark(_ stamp: UInt64) -> Mark { Mark(stamp: stamp, origin: 1) }
        for (stamp, second) in [(10, 1), (30, 2), (20, 3), (40, 4)] as [(UInt64, UInt64)] {
            versions.note(mark(stamp), isDelete: false, at: .zero + .seconds(second))
        }
        func first(_ stamp: UInt64, _ second: UInt64) -> UInt64? {
            versions.first(newerThan: mark(stamp), by: .zero + .seconds(second))?.mark.stamp
        }
        #expect(first(0, 9) == 10 && first(10, 9) == 30 && first(30, 9) == 40 && first(40, 9) == nil)
        // Newer, and not known to anybody yet.
        #expect(first(10, 1) == nil && first(10, 2) == 30 && first(25, 1) == nil)
        // What was acknowledged later and is older tells nothing new.
        #expect(versions.count == 3)
        versions.forget(upTo: mark(25))
        #expect(first(0, 9) == 30 && versions.count == 2)
        versions.remove { $0.stamp == 40 }
        #expect(versions.last?.mark.stamp == 30)
    }

    @Test func `who writes on both sides of a partition overwrites the other's acknowledged writes`() throws {
        let kind = FaultPlan.Kind.partition(groups: [[Self.names[0]], [Self.names[1], Self.names[2]]])
        let result = Run(Self.scenario(40, kind, from: 10, lasting: 20), seed: 2).run()
        let bill = result.bill
        #expect(bill.overwrittenCount > 50 && bill.overwrittenCount <= result.conflicts)
        #expect(bill.overwrites.count == min(bill.overwrittenCount, RunResult.Bill.listLimit))
        #expect(bill.overwrittenWrites.allSatisfy { $0.region != $0.by && $0.count > 0 })
        // The region that was alone has lost some of its own, and has overwritten some of the others'.
        #expect(bill.overwrittenWrites.contains { $0.region == Self.names[0] })
        #expect(bill.overwrittenWrites.contains { $0.by == Self.names[0] })
        #expect(bill.overwrites.allSatisfy { $0.overwrittenSeconds >= $0.acknowledgedSeconds - 1 })
    }

    @Test func `a writer that is alone overwrites nobody, however often it writes`() {
        var scenario = Self.scenario(30, .clockDrift(region: Self.names[0], partsPerMillion: 1), from: 10, lasting: 5)
        scenario.workload[0].regions = [Self.names[1]]
        let bill = Run(scenario, seed: 1).run().bill
        #expect(bill.overwrittenWrites.isEmpty && bill.overwrites.isEmpty)
        #expect(bill.staleReads.allSatisfy { $0.count == 0 })
        #expect(bill.unavailability == [.init(group: "w", region: Self.names[1], seconds: 0)])
    }

    @Test func `a second is unavailable in which something failed and nothing was answered`() throws {
        var seconds = UnavailableSeconds()
        for (time, isAnswered) in [
            (0.1, false), (1.5, true), (1.9, false), (3.2, false), (3.3, false), (5.0, false), (5.9, true),
        ] {
            seconds.note(isAnswered, at: VirtualTime(nanoseconds: UInt64(time * 1e9)))
        }
        seconds.note(false, at: .zero + .seconds(9))
        #expect(seconds.count == 2)
        seconds.conclude()
        #expect(seconds.count == 3)

        let result = Run(Self.scenario(40, .crash(region: Self.names[1]), from: 10, lasting: 10), seed: 1).run()
        let rows = result.bill.unavailability
        #expect(rows.map(\.region) == Self.names && rows.allSatisfy { $0.group == "w" })
        // In the second in which it crashed, and in the one in which it came back, others were answered.
        #expect(9...11 ~= rows[1].seconds, "\(rows)")
        #expect(rows[0].seconds == 0 && rows[2].seconds == 0)
    }
}
