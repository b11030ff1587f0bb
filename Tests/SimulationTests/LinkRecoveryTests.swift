import ItemModel
import RegionCore
import RegionStore
import Testing

@testable import Simulation

/// How soon links notice that a way is cut, and use it again; in simulated time, with the round trips of three continents.
@Suite struct LinkRecoveryTests {
    /// Three regions whose links are up.
    private final class Fixture {
        let world: World
        private var tableCount = 0

        init(seed: UInt64, loss: Double = 0) {
            var scenario = Scenario(
                name: "links", topology: WorldTests.topology(), duration: .seconds(3_600), tables: [], workload: [])
            scenario.network.loss = loss
            world = World(scenario, seed: seed)
            for region in world.regions { region.start() }
            world.run(until: .zero + .seconds(10))
        }

        deinit { world.dismantle() }

        func isUp(from: Int, to: Int) -> Bool {
            let sender = world.regions[from].identity.id
            let status = world.regions[to].hub?.status.first { $0.region.id == sender }
            return status?.logs.contains { $0.isUp } ?? false
        }

        /// Writes something in a region; true once `reader` has it.
        func write(at writer: Int, readAt reader: Int) -> () -> Bool {
            tableCount += 1
            let specification = TableSpecification(
                name: Text("t\(tableCount)"),
                keySchema: KeySchema(partition: [KeyAttribute(name: "pk", kind: .string)]))
            let (source, target) = (world.regions[writer], world.regions[reader])
            let goal = Goal()
            let isTaken = source.submit(.changeCatalog(.createTable(specification))) { _ in
                goal.position = source.store?.reader.lastPosition
            }
            #expect(isTaken)
            return {
                guard let position = goal.position, let origin = source.store?.reader.origin else { return false }
                return target.committedVector[origin] >= position
            }
        }

        private final class Goal {
            var position: LogPosition?
        }

        /// Lets time pass until `condition` holds.
        ///
        /// - Returns: how long that took, in milliseconds; nil where it takes more than a minute.
        func time(until condition: () -> Bool) -> UInt64? {
            let start = world.now
            while world.now < start + .seconds(60) {
                if condition() { return (world.now - start).nanoseconds / 1_000_000 }
                world.run(until: world.now + .milliseconds(10))
            }
            return nil
        }

        func cut(_ first: Int, _ second: Int) {
            world.network.block(from: first, to: second)
            world.network.block(from: second, to: first)
        }

        func heal(_ first: Int, _ second: Int) {
            world.network.unblock(from: first, to: second)
            world.network.unblock(from: second, to: first)
        }

        func pass(milliseconds: UInt64) { world.run(until: world.now + .milliseconds(milliseconds)) }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `a cut is known after a second, and another region carries within two`(seed: UInt64) throws {
        for isOneWay in [false, true] {
            let fixture = Fixture(seed: seed)
            #expect(fixture.isUp(from: 0, to: 1) && fixture.isUp(from: 1, to: 0))
            fixture.pass(milliseconds: seed * 37)
            if isOneWay { fixture.world.network.block(from: 0, to: 1) } else { fixture.cut(0, 1) }
            let start = fixture.world.now
            let isRead = fixture.write(at: 0, readAt: 1)
            let known = try #require(fixture.time { !fixture.isUp(from: 0, to: 1) })
            #expect((900...1_300).contains(known), "known after \(known) ms")
            _ = try #require(fixture.time(until: isRead))
            let relayed = (fixture.world.now - start).nanoseconds / 1_000_000
            #expect(relayed <= 2_000, "relayed after \(relayed) ms")
        }
    }

    @Test(arguments: [500, 5_000, 180_000, 181_111] as [UInt64], 1...5 as ClosedRange<UInt64>)
    func `a heal is used within a second, however long the cut was`(cut: UInt64, seed: UInt64) throws {
        let fixture = Fixture(seed: seed)
        for other in [1, 2] { fixture.cut(0, other) }
        let reads = [(0, 1), (0, 2), (1, 0), (2, 0)].map { fixture.write(at: $0.0, readAt: $0.1) }
        fixture.pass(milliseconds: cut + seed * 41)
        #expect(!reads.contains { $0() })
        for other in [1, 2] { fixture.heal(0, other) }
        let time = try #require(fixture.time { reads.allSatisfy { $0() } })
        #expect(time <= 1_000, "in step after \(time) ms")
    }

    @Test func `nothing is cut that is only slow or loses segments`() {
        let fixture = Fixture(seed: 1, loss: 0.1)
        let connections = { [world = fixture.world] in
            (0..<3).flatMap { from in (0..<3).map { world.network[from, $0].connectionCount } }
        }
        fixture.pass(milliseconds: 60_000)
        let before = connections()
        fixture.world.network.limitBandwidth(4_000, from: 0, to: 1)
        fixture.pass(milliseconds: 240_000)
        #expect(connections() == before)
    }
}
