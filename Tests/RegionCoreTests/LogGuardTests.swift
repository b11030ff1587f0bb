import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication
import TestSupport
import Testing

@testable import RegionCore

/// Whether a region believes that its store is the newest copy.
@Suite struct LogGuardTests {
    /// One region of three, whose clock is right.
    private final class Host {
        let disk: InMemoryStore
        let writer: RegionWriter<InMemoryStore>
        let regions = (1...3).map { RegionIdentity(id: RegionID(rawValue: $0), name: Text("region-\($0)")) }
        var now: UInt64 = 1_000

        init(mark: LogMarkReading = .notKept, on copy: InMemoryStore? = nil) throws {
            disk = copy ?? InMemoryStore(keyspaces: Layout.keyspaces)
            // Of a disk that was used before, another incarnation than its own would be drawn.
            var generator = SplitMix64(seed: copy == nil ? 1 : 2)
            let store = try RegionStore(
                opening: disk, configuration: RegionConfiguration(region: regions[0].id, regions: regions), mark: mark,
                using: &generator)
            writer = RegionWriter(
                store, at: LinkInstant(monotonicMilliseconds: 1_000, physicalMilliseconds: 1_700_000_000_000),
                judgesClock: false)
        }

        func run(_ commands: RegionCommand..., after milliseconds: UInt64 = 10) throws -> FinishedRound {
            now += milliseconds
            let instant = LinkInstant(
                monotonicMilliseconds: now, physicalMilliseconds: 1_700_000_000_000 + now)
            var queue = CommandQueue()
            for command in commands { _ = queue.append(command, isBounded: false) }
            writer.accept(&queue)
            let round = try #require(writer.nextRound(at: instant))
            if let batch = round.batch { try disk.commit(batch, durability: round.durability) }
            return writer.finish(round, .success(()))
        }

        func known(_ region: Int, _ position: UInt64, isBeyond: Bool = false) -> RegionCommand {
            .administer(
                .noteKnown(by: regions[region].id, upTo: LogPosition(rawValue: position), isBeyond: isBeyond))
        }
    }

    private static let create = RegionCommand.changeCatalog(
        .createTable(
            TableSpecification(
                name: "orders", keySchema: KeySchema(partition: [KeyAttribute(name: "id", kind: .string)]))))

    private func isRefused(_ answer: RegionAnswer) -> Bool {
        if case .done(.refused) = answer { true } else { false }
    }

    @Test func `writes are taken once every other region has nothing more of the log`() throws {
        let host = try Host()
        #expect(host.writer.readiness == .doubtsLog(.unconfirmed) && host.writer.readiness.isStarting)
        let first = try host.run(host.known(1, 0), Self.create)
        #expect(isRefused(first.answers[1]), "one has not been asked yet")
        let second = try host.run(host.known(2, 0))
        #expect(!second.mustReopen && second.events.isEmpty)
        let third = try host.run(Self.create)
        #expect(!isRefused(third.answers[0]) && third.readiness == .ready)
    }

    @Test func `regions that are not there are waited for no longer than two seconds`() throws {
        let host = try Host()
        #expect(isRefused(try host.run(Self.create).answers[0]))
        let later = try host.run(Self.create, after: LogGuard.patienceMilliseconds)
        #expect(!isRefused(later.answers[0]) && later.readiness == .ready)
    }

    @Test func `a peer that has more of the log stops writes at once, before and after the first of them`() throws {
        for waits in [false, true] {
            let host = try Host()
            if waits { _ = try host.run(Self.create, after: 5_000) }
            let end = host.writer.store.reader.lastPosition.rawValue
            let found = try host.run(host.known(1, end + 7, isBeyond: true))
            #expect(found.mustReopen)
            guard case .logForgotten(let tail, knownBy: "region-2")? = found.events.first else {
                Issue.record("\(found.events)")
                return
            }
            #expect(tail.known.rawValue == end + 7)
            let refused = try host.run(Self.create, host.known(2, end + 9, isBeyond: true))
            #expect(isRefused(refused.answers[0]) && refused.mustReopen)
            #expect(refused.events.isEmpty, "told once")
            // The next process goes on with another log, and takes writes when nobody is left to ask.
            let next = try Host(on: host.disk.copy())
            #expect(next.writer.store.origin != host.writer.store.origin)
            let opened = try next.run(Self.create)
            #expect(isRefused(opened.answers[0]) && !opened.mustReopen)
            #expect(opened.events.contains { if case .tailWanted = $0 { true } else { false } })
            let alone = try next.run(after: LogGuard.patienceMilliseconds)
            guard case .tailFetched(let recovery)? = alone.events.first else {
                Issue.record("\(alone.events)")
                return
            }
            #expect(recovery.lost?.upperBound == end + 9 && alone.events[0].isAlarm)
            #expect(alone.readiness == .ready)
        }
    }

    @Test func `without a mark and with a region that cannot be asked the log ends`() throws {
        let old = try Host()
        _ = try old.run(Self.create, after: 5_000)
        let asked = try Host(mark: .missing, on: old.disk.copy())
        let end = old.writer.store.reader.lastPosition.rawValue
        _ = try asked.run(asked.known(1, end))
        #expect(!(try asked.run(asked.known(2, end))).mustReopen, "both say that nothing is missing")
        let alone = try Host(mark: .missing, on: old.disk.copy())
        _ = try alone.run(alone.known(1, end))
        let late = try alone.run(Self.create, after: LogGuard.patienceMilliseconds)
        #expect(late.mustReopen && isRefused(late.answers[0]))
        #expect(late.events.contains { if case .logUnproven = $0 { true } else { false } })
    }
}
