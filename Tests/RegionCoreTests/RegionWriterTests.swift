import DequeModule
import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication
import TestSupport
import Testing

@testable import RegionCore

/// A writer over a store in memory, driven a step at a time.
private final class Writer {
    let disk = InMemoryStore(keyspaces: Layout.keyspaces)
    let core: RegionWriter<InMemoryStore>
    var now: UInt64 = 1_000
    var room: DiskRoom?

    init() throws {
        var generator = SplitMix64(seed: 1)
        let regions = [("us-east-1", 1), ("eu-west-1", 2)].map {
            RegionIdentity(id: RegionID(rawValue: UInt16($0.1)), name: Text($0.0))
        }
        let store = try RegionStore(
            opening: disk, configuration: RegionConfiguration(region: regions[0].id, regions: regions),
            using: &generator)
        core = RegionWriter(
            store, at: LinkInstant(monotonicMilliseconds: 0, physicalMilliseconds: 1_000), judgesClock: false,
            asksPeers: false)
    }

    var instant: LinkInstant { LinkInstant(monotonicMilliseconds: now, physicalMilliseconds: 1_700_000_000_000 + now) }

    func accept(_ commands: RegionCommand...) {
        var queue = CommandQueue()
        for command in commands { #expect(queue.append(command, isBounded: false) == nil) }
        core.accept(&queue)
    }

    /// One round, committed.
    @discardableResult
    func round() throws -> FinishedRound? {
        guard let round = core.nextRound(at: instant, room: room) else { return nil }
        if let batch = round.batch { try disk.commit(batch, durability: round.durability) }
        return core.finish(round, .success(()))
    }

    /// Does all maintenance that is due, so that the rounds that follow have commands alone.
    func maintain() throws { while core.hasWork(at: instant) { try round() } }

    static let table = RegionCommand.changeCatalog(
        .createTable(
            TableSpecification(
                name: "orders", keySchema: KeySchema(partition: [KeyAttribute(name: "id", kind: .string)]))))
}

@Suite struct RegionWriterTests {
    private let peer = Origin(region: RegionID(rawValue: 2), incarnation: Incarnation(high: 1 << 32, low: 1))

    private func batch(_ records: [[UInt8]], upTo position: UInt64) -> LinkDelivery {
        .changes(
            ReceivedBatch(origin: peer, records: records, position: LogPosition(rawValue: position), isComplete: true))
    }

    @Test func `all that waits is one batch, and readers see nothing of it before it is committed`() throws {
        let writer = try Writer()
        try writer.maintain()
        writer.accept(Writer.table, .administer(.report))
        let round = try #require(writer.core.nextRound(at: writer.instant))
        #expect(round.commandCount == 2 && round.duty == nil)
        #expect(writer.core.store.reader.table(named: "orders") == nil)
        try writer.disk.commit(try #require(round.batch), durability: round.durability)
        let finished = writer.core.finish(round, .success(()))
        #expect(writer.core.store.reader.table(named: "orders") != nil)
        guard finished.answers.count == 2, case .done(.changeCatalog(.success)) = finished.answers[0],
            case .done(.report) = finished.answers[1]
        else {
            Issue.record("answers in another order than the commands: \(finished.answers)")
            return
        }
        #expect(finished.committed?.log.end == LogPosition(rawValue: 1))
    }

    @Test func `a round that changes nothing has no batch, and its commands are answered all the same`() throws {
        let writer = try Writer()
        try writer.maintain()
        writer.accept(.administer(.report))
        let round = try #require(writer.core.nextRound(at: writer.instant))
        #expect(round.batch == nil)
        let finished = writer.core.finish(round, .success(()))
        #expect(finished.answers.count == 1 && finished.committed == nil)
    }

    @Test func `a failed commit fails every command of its round and all that follow, and is told once`() throws {
        let writer = try Writer()
        try writer.maintain()
        writer.accept(Writer.table, .administer(.report))
        let round = try #require(writer.core.nextRound(at: writer.instant))
        let finished = writer.core.finish(round, .failure(.engine("the disk is gone")))
        #expect(finished.failure == .engine("the disk is gone"))
        #expect(finished.answers.allSatisfy { if case .failed = $0 { true } else { false } })
        #expect(writer.core.readiness == .failed(.engine("the disk is gone")))
        writer.accept(.administer(.report))
        let next = try #require(try writer.round())
        #expect(next.failure == nil && next.answers.count == 1)
        guard case .failed = next.answers[0] else {
            Issue.record("a command of a failed store was answered")
            return
        }
        writer.now += 1 << 20
        #expect(!writer.core.hasWork(at: writer.instant), "no maintenance of a store that has failed")
    }

    @Test func `what waits beyond a round's bytes is for the next round`() throws {
        let writer = try Writer()
        writer.accept(Writer.table)
        try writer.maintain()
        let table = try #require(writer.core.store.reader.table(named: "orders"))
        let filler = AttributeValue.binary([UInt8](repeating: 7, count: 300_000))
        let writes = (0..<40).map { number in
            RegionCommand.write(
                ItemWrite(table: table, action: .put(["id": .string(Text("\(number)")), "filler": filler])))
        }
        var queue = CommandQueue()
        for write in writes { _ = queue.append(write, isBounded: true) }
        writer.core.accept(&queue)
        var counts: [Int] = []
        while writer.core.hasCommands { counts.append(try writer.round()?.answers.count ?? 0) }
        #expect(counts.count > 1 && counts.reduce(0, +) == 40)
    }

    @Test func `maintenance shares the commit of the commands that wait`() throws {
        let writer = try Writer()
        try writer.maintain()
        writer.now += 500
        writer.accept(Writer.table)
        let round = try #require(writer.core.nextRound(at: writer.instant))
        #expect(round.duty != nil && round.commandCount == 1)
        _ = writer.core.finish(round, .failure(.engine("not of interest")))
    }

    @Test func `with too little room a region refuses writes, and with less others' items`() throws {
        let writer = try Writer()
        writer.accept(Writer.table)
        try writer.maintain()
        let table = try #require(writer.core.store.reader.table(named: "orders"))
        func room(_ available: UInt64) -> DiskRoom { DiskRoom(availableByteCount: available, reserveByteCount: 800) }
        func record(_ kind: ChangeRecord.Kind, at position: UInt64) -> [UInt8] {
            let item: Item = ["id": .string("a")]
            let version = Version(
                stamp: HybridTimestamp(milliseconds: 1_700_000_000_000 + position, counter: 0), origin: peer)
            return ChangeRecord(
                kind: kind, cause: .user, position: LogPosition(rawValue: position), version: version, replaced: .zero,
                table: table.uuid, payload: item.encoded()
            ).encoded()
        }
        var position: UInt64 = 0
        /// Whether a write, an item of the other region and a deletion of it are taken.
        func taken(with available: UInt64) throws -> [Bool] {
            writer.room = room(available)
            var outcomes: [Bool] = []
            for command in [
                RegionCommand.write(ItemWrite(table: table, action: .put(["id": .string("b")]))),
                .deliver(batch([record(.put, at: position + 1)], upTo: position + 1), link: position + 1),
                .deliver(batch([record(.delete, at: position + 2)], upTo: position + 2), link: position + 2),
            ] {
                writer.accept(command)
                switch try writer.round()?.answers.last {
                case .done(.write(.success))?, .done(.deliver(.success))?: outcomes.append(true)
                case .done(.refused)?, .done(.deliver(.failure(.noRoom)))?: outcomes.append(false)
                case let other: Issue.record("\(String(describing: other))")
                }
            }
            position += 2
            return outcomes
        }
        #expect(try taken(with: 800) == [true, true, true])
        #expect(try taken(with: 799) == [false, true, true])
        #expect(writer.core.readiness == .lacksRoom(room(799)))
        #expect(try taken(with: 399) == [false, false, true])
        // A little more than the reserve has to be free for writes to be taken again.
        #expect(try taken(with: 899) == [false, true, true])
        #expect(try taken(with: 900) == [true, true, true])
        #expect(writer.core.readiness == .ready)
    }

    @Test func `the disk's room is told of when it changes`() throws {
        let writer = try Writer()
        var told: [RegionEvent] = []
        for available: UInt64 in [900, 100, 100, 850, 900, 900] {
            writer.room = DiskRoom(availableByteCount: available, reserveByteCount: 800)
            writer.accept(.administer(.report))
            told += try writer.round()?.events ?? []
        }
        #expect(told == [.roomUsedUp(DiskRoom(availableByteCount: 100, reserveByteCount: 800)), .roomFound])
    }

    @Test func `what follows a refused delivery of a link is skipped, until the link has ended`() throws {
        let writer = try Writer()
        try writer.maintain()
        writer.accept(
            .deliver(batch([], upTo: 5), link: 1), .deliver(batch([[1, 2, 3]], upTo: 6), link: 1),
            .deliver(batch([], upTo: 7), link: 1), .deliver(batch([], upTo: 8), link: 2))
        let outcomes = try writer.round()?.answers ?? []
        guard outcomes.count == 4, case .done(.deliver(.success(let first))) = outcomes[0],
            case .done(.deliver(.failure(.malformed))) = outcomes[1], case .done(.skipped) = outcomes[2],
            case .done(.deliver(.success)) = outcomes[3]
        else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(first[peer] == LogPosition(rawValue: 5))
        writer.accept(.endLink(1), .deliver(batch([], upTo: 9), link: 1))
        let last = try writer.round()?.answers.last
        guard case .done(.deliver(.success)) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
    }

    @Test func `what clients send is refused when the queue is full, what links bring is not`() {
        var queue = CommandQueue(limit: 2)
        #expect(queue.append(.administer(.report), isBounded: true) == nil)
        #expect(queue.append(.endLink(1), isBounded: true) == nil)
        #expect(queue.append(.administer(.report), isBounded: true) == .full)
        #expect(queue.append(.endLink(3), isBounded: false) == nil)
        queue.close()
        #expect(queue.append(.administer(.report), isBounded: false) == .closed)
        #expect(!queue.isFinished)
        var waiting = Deque<RegionCommand>()
        queue.move(to: &waiting)
        #expect(waiting.map(\.name.description) == ["administer", "end-link", "end-link"])
        #expect(queue.isFinished)
    }
}
