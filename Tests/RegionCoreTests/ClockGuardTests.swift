import DequeModule
import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication
import TestSupport
import Testing

@testable import RegionCore

/// A guard whose clocks a test sets: all of them show the same while nothing is said.
private struct Host {
    static let epoch: UInt64 = 1_700_000_000_000
    var clock: ClockGuard
    var monotonic: UInt64 = 50_000
    /// How far the own clock is ahead.
    var offset: Int64 = 0
    var mark = HybridTimestamp.zero
    let peers: [RegionID]

    /// - Parameter regionCount: of the topology.
    init(regionCount: UInt16 = 3, bound: UInt64 = 500) {
        let regions = (1...regionCount).map {
            RegionIdentity(id: RegionID(rawValue: $0), name: Text("region-\($0)"))
        }
        var configuration = RegionConfiguration(region: regions[0].id, regions: regions)
        configuration.maximumClockOffsetMilliseconds = bound
        peers = regions.dropFirst().map(\.id)
        clock = ClockGuard(
            configuration, at: LinkInstant(monotonicMilliseconds: 50_000, physicalMilliseconds: Self.epoch + 50_000))
    }

    var now: LinkInstant {
        LinkInstant(
            monotonicMilliseconds: monotonic,
            physicalMilliseconds: UInt64(Int64(Self.epoch + monotonic) + offset))
    }

    /// Has another region answer, whose clock is so far ahead, over a round trip of 100 ms.
    mutating func hear(_ peer: Int, ahead: Int64 = 0) {
        let shown = UInt64(Int64(Self.epoch + monotonic) + ahead) - 50
        clock.note(ClockSample(clock: shown, askedAt: monotonic - 100, answeredAt: monotonic), of: peers[peer])
    }

    mutating func hearAll(ahead: Int64 = 0) {
        for peer in peers.indices { hear(peer, ahead: ahead) }
    }

    /// Judges the clock after some time, and stamps where it is trusted.
    @discardableResult
    mutating func judge(after milliseconds: UInt64 = 250) -> ClockDoubt? {
        monotonic += milliseconds
        let verdict = clock.judge(at: now, mark: mark)
        if verdict.doubt == nil { mark = max(mark, HybridTimestamp(milliseconds: now.physicalMilliseconds)) }
        return verdict.doubt
    }

    /// The time as the witnesses have it, less the true one.
    mutating func error() -> Int64 {
        Int64(clock.judge(at: now, mark: mark).milliseconds) - Int64(Self.epoch + monotonic)
    }
}

@Suite struct ClockGuardTests {
    @Test func `a region that starts waits for another one to confirm its clock, and no longer than it must`() {
        var heard = Host()
        #expect(heard.judge() == .unconfirmed)
        heard.hear(1)
        #expect(heard.judge(after: 0) == nil)
        var divided = Host()
        divided.hear(0)
        divided.hear(1, ahead: -600_000)
        #expect(divided.judge() == nil, "two of three clocks agree")
        var alone = Host()
        #expect(alone.judge(after: ClockGuard.patienceMilliseconds - 1) == .unconfirmed)
        alone.monotonic += 1
        let verdict = alone.clock.judge(at: alone.now, mark: .zero)
        #expect(verdict.doubt == nil && verdict.isUnconfirmed)
        #expect(alone.clock.judge(at: alone.now, mark: .zero).isUnconfirmed == false, "told once")
        var only = Host(regionCount: 1)
        #expect(only.judge(after: 0) == nil, "nobody is there to ask")
    }

    @Test(arguments: [-600_000, 600_000] as [Int64])
    func `a clock that is set is doubted at once, with and without peers, and trusted as soon as it is right`(
        _ jump: Int64
    ) {
        for hearsPeers in [true, false] {
            var host = Host()
            host.hearAll()
            #expect(host.judge() == nil)
            host.offset = jump
            for _ in 0..<100 {
                if hearsPeers { host.hearAll() }
                #expect(host.judge() != nil)
                // Within the round trip, and what clocks may be slewed by.
                #expect(abs(host.error()) <= 150, "others' changes are taken by the time that the witnesses have")
            }
            host.offset = 0
            #expect(host.judge(after: 10) == nil)
        }
    }

    @Test func `the first of several others that is heard after a start is not followed while the rest may be heard`() {
        var host = Host()
        host.hear(0, ahead: 600_000)
        guard case .contradicted(_, by: 1, of: 1) = host.judge() else {
            Issue.record("it is ten minutes behind the only one that was heard")
            return
        }
        #expect(host.error() == 0, "nothing is taken by that one's time")
        var divided = host
        divided.hear(1)
        #expect(divided.judge() == nil && divided.error() == 0)
        // The rest is away.
        host.judge(after: ClockGuard.patienceMilliseconds)
        #expect(abs(host.error() - 600_000) <= 150)
        var pair = Host(regionCount: 2)
        pair.hear(0, ahead: 600_000)
        pair.judge()
        #expect(abs(pair.error() - 600_000) <= 150, "no other one can be heard")
    }

    @Test func `a clock that was wrong from the start and is set right is trusted once the others confirm it`() {
        var host = Host()
        host.offset = -600_000
        host.clock = ClockGuard(
            RegionConfiguration(
                region: RegionID(rawValue: 1),
                regions: (1...3).map { .init(id: RegionID(rawValue: $0), name: Text("\($0)")) }), at: host.now)
        host.hearAll()
        guard case .contradicted(let milliseconds, by: 2, of: 2) = host.judge() else {
            Issue.record("it is ten minutes behind two others")
            return
        }
        #expect(abs(milliseconds + 600_000) <= 100)
        host.offset = 0
        #expect(host.judge() == nil)
    }

    @Test func `one region with another time is no majority, two of three are`() {
        var host = Host()
        host.hearAll()
        #expect(host.judge() == nil)
        host.hear(0, ahead: 600_000)
        #expect(host.judge() == nil, "the other one agrees")
        host.hear(1, ahead: 600_000)
        guard case .contradicted(let milliseconds, by: 2, of: 2) = host.judge() else {
            Issue.record("both others have another time")
            return
        }
        #expect(abs(milliseconds + 600_000) <= 100)
        host.hearAll()
        #expect(host.judge() == nil)
    }

    @Test func `of two regions the one whose clock was set gives way`() {
        var host = Host(regionCount: 2)
        host.hear(0)
        #expect(host.judge() == nil)
        host.hear(0, ahead: 600_000)
        #expect(host.judge() == nil, "the other clock was set")
        host.hear(0)
        #expect(host.judge() == nil)
        host.offset = 600_000
        host.hear(0)
        #expect(host.judge() != nil, "this clock was set")
    }

    @Test func `a clock behind what the region has stamped stamps nothing until it has come so far`() {
        var host = Host()
        host.mark = HybridTimestamp(milliseconds: Host.epoch + 60_000)
        host.hearAll()
        #expect(host.judge(after: 0) == .behindMark(milliseconds: 10_000))
        #expect(host.judge(after: 9_500) == nil)
    }

    @Test func `where the clock is behind the mark, the mark is the time until another clock was heard`() {
        var host = Host()
        host.mark = HybridTimestamp(milliseconds: Host.epoch + 60_000)
        #expect(host.judge() == .behindMark(milliseconds: 9_750))
        #expect(host.error() == 9_750)
        host.hearAll()
        #expect(host.judge(after: 0) == .behindMark(milliseconds: 9_750))
        #expect(host.error() == 0, "the others say that the clock is right")
    }

    @Test func `slewing and drift within the kernel's bounds are no setting of the clock`() {
        var host = Host()
        host.hearAll()
        host.judge()
        var doubts = 0
        for second in 1...20_000 {
            host.offset = Int64(second) / 2
            if host.judge(after: 1_000) != nil { doubts += 1 }
        }
        #expect(doubts == 0, "500 ppm for five and a half hours, with nobody to ask")
    }

    @Test func `a busy region forgets a setting of its clock no sooner than an idle one`() {
        var host = Host()
        host.hearAll()
        host.judge()
        host.offset = 5_000
        // 2,000 rounds a second for a minute, with nobody to ask.
        var trusts = 0
        for round in 1...120_000 where host.judge(after: UInt64(round % 2)) == nil { trusts += 1 }
        #expect(trusts == 0)
    }

    @Test func `an answer that took long says little, and an exact one is kept until it is old`() {
        var host = Host()
        host.hearAll()
        #expect(host.judge() == nil)
        // Both clocks are the same; the answer waited for half a minute behind other messages.
        let shown = host.now.physicalMilliseconds - 30_000
        for peer in host.peers {
            host.clock.note(
                ClockSample(clock: shown, askedAt: host.monotonic - 30_000, answeredAt: host.monotonic), of: peer)
        }
        #expect(host.judge() == nil)
        host.offset = 3_000
        #expect(host.judge() != nil, "the exact answer from before still shows it")
    }

    @Test func `hostile clocks trap nothing`() {
        for clock: UInt64 in [0, 1, .max, .max - 5, UInt64(Int64.max), UInt64(Int64.max) + 1] {
            for (asked, answered): (UInt64, UInt64) in [(0, 0), (0, .max), (.max, 0), (.max, .max), (49_000, 50_000)] {
                var host = Host()
                for peer in host.peers {
                    host.clock.note(ClockSample(clock: clock, askedAt: asked, answeredAt: answered), of: peer)
                }
                _ = host.clock.judge(at: host.now, mark: HybridTimestamp(rawValue: .max))
                _ = host.clock.judge(
                    at: LinkInstant(monotonicMilliseconds: .max, physicalMilliseconds: .max), mark: .zero)
            }
        }
    }

    @Test
    func `a writer that doubts its clock refuses what stamps, takes what others stamped, and says when it is over`()
        throws
    {
        let regions = (1...3).map { RegionIdentity(id: RegionID(rawValue: $0), name: Text("region-\($0)")) }
        var generator = SplitMix64(seed: 1)
        let disk = InMemoryStore(keyspaces: Layout.keyspaces)
        var configuration = RegionConfiguration(region: regions[0].id, regions: regions)
        configuration.maximumClockOffsetMilliseconds = 500
        let store = try RegionStore(opening: disk, configuration: configuration, using: &generator)
        var (monotonic, offset): (UInt64, UInt64) = (1_000, 0)
        var now: LinkInstant {
            LinkInstant(
                monotonicMilliseconds: monotonic, physicalMilliseconds: Host.epoch + monotonic + offset)
        }
        let writer = RegionWriter(store, at: now, asksPeers: false)
        func run(_ commands: RegionCommand...) throws -> FinishedRound {
            monotonic += 10
            var queue = CommandQueue()
            for command in commands { _ = queue.append(command, isBounded: false) }
            writer.accept(&queue)
            let round = try #require(writer.nextRound(at: now))
            if let batch = round.batch { try disk.commit(batch, durability: round.durability) }
            return writer.finish(round, .success(()))
        }
        func sample() -> RegionCommand {
            let sample = ClockSample(
                clock: Host.epoch + monotonic, askedAt: monotonic - 20, answeredAt: monotonic)
            return .administer(.noteClock(of: regions[1].id, sample))
        }
        let create = RegionCommand.changeCatalog(
            .createTable(
                TableSpecification(
                    name: "orders", keySchema: KeySchema(partition: [KeyAttribute(name: "id", kind: .string)]))))
        #expect(try run(create, sample()).isRefused[0], "nobody has confirmed the clock yet")
        #expect(try run(create).isRefused == [false])
        let mark = store.clockMark
        offset = 600_000
        let peer = Origin(region: regions[1].id, incarnation: Incarnation(high: 1 << 32, low: 1))
        let heartbeat = LinkDelivery.heartbeat(
            peer, position: LogPosition(rawValue: 3), closed: HybridTimestamp(milliseconds: Host.epoch + monotonic),
            directory: RegionDirectory(alive: [peer], ended: []))
        let refused = try run(create, .deliver(heartbeat, link: 1), sample())
        #expect(refused.isRefused == [true, false, false])
        guard case .done(.deliver(.success(let vector))) = refused.answers[1] else {
            Issue.record("what another region sends is taken")
            return
        }
        #expect(vector[peer] == LogPosition(rawValue: 3))
        guard case .doubtsClock = refused.readiness, case .clockDoubted? = refused.events.first else {
            Issue.record("\(refused.readiness), \(refused.events)")
            return
        }
        for _ in 0..<100 { #expect(try run(.administer(.report)).events.isEmpty, "told once") }
        #expect(store.clockMark == mark, "neither ticks nor sweeps move the mark")
        offset = 0
        let trusted = try run(create)
        #expect(trusted.isRefused == [false] && trusted.readiness == .ready && trusted.events == [.clockTrusted])
        #expect(store.clockMark.milliseconds < Host.epoch + monotonic + 500)
    }
}

extension FinishedRound {
    /// For each command whether the region refused it.
    fileprivate var isRefused: [Bool] {
        answers.map { if case .done(.refused) = $0 { true } else { false } }
    }
}
