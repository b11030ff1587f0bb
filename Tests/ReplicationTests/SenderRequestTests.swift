import Testing

@testable import RegionStore
@testable import Replication

/// What a receiver asks of the sending end, a step at a time.
@Suite("The sending end's requests")
struct SenderRequestTests {
    typealias Fixture = LinkFixtures
    let own = Fixture.sender.origin

    @Test("A fill is shipped page by page, taking turns with the log")
    func fill() {
        let sender = Fixture.streaming(from: 1, log: Fixture.bounds(to: 1))
        let table = Fixture.replica.table
        #expect(
            sender.received(.request(.transfer(Fixture.replica))) == [.read(.table(table, from: nil, byteLimit: 100))])
        _ = sender.machine.logAdvanced(to: Fixture.bounds(to: 2), at: Fixture.at(1))
        let item = SnapshotItem(version: .zero, isTombstone: false, payload: [1, 2])
        var page = SnapshotPage()
        page.items = [item]
        page.next = [9]
        let vector = Fixture.vector((own, 1))
        #expect(
            sender.read(.table(page, vector))
                == [
                    .send(.snapshotPart(sequence: 1, Fixture.replica, page.part(vector))),
                    Fixture.changes(after: 1, upTo: 2),
                ])
        #expect(
            sender.read(.changes(Fixture.page([], upTo: 2))) == [.read(.table(table, from: [9], byteLimit: 100))])
        // The last page says so even where it holds nothing.
        let last = SnapshotPage(from: [0, 0, 0, 1, 9])
        #expect(
            sender.read(.table(last, vector))
                == [
                    .send(
                        .snapshotPart(
                            sequence: 2, Fixture.replica, SnapshotPart(items: [], from: [9], to: nil, vector: vector))),
                    .send(.snapshotEnd(sequence: 3, Fixture.replica, vector)),
                ])
        _ = sender.received(.request(.transfer(Fixture.replica)))
        #expect(
            sender.read(.unavailable(.incomplete)) == [.send(.unavailable(.transfer(Fixture.replica), .incomplete))])
    }

    @Test("A request that comes during a read neither takes its place nor is lost", arguments: 0..<4)
    func requestDuringRead(number: Int) {
        let sender = Fixture.streaming(from: 1, log: Fixture.bounds(to: 2))
        // The own log is being read.
        let request: LinkMessage.Request = [
            .transfer(Fixture.replica), .relay(Fixture.third, after: Fixture.position(1)),
            .catchUp(Fixture.replica, added: .zero, of: own, after: Fixture.position(1)),
            .catchUp(Fixture.replica, added: .zero, of: Fixture.third, after: Fixture.position(1)),
        ][number]
        #expect(sender.received(.request(request)).isEmpty)
        let actions = sender.read(.changes(Fixture.page([Fixture.record(2)], upTo: 2)))
        #expect(actions.first == Fixture.batch([Fixture.record(2)], upTo: 2, sequence: 1))
        #expect(actions.count == 2)
    }

    @Test("Changes of a third region are passed on without a claim, and claimed at the log's end")
    func relaying() {
        let sender = Fixture.streaming(from: 5, log: Fixture.bounds(to: 5))
        let third = Fixture.third
        #expect(
            sender.received(.request(.relay(third, after: Fixture.position(2))))
                == [.read(.locate(third, after: Fixture.position(2)))])
        func read(after position: UInt64, since: UInt64) -> SenderLink.Action {
            .read(
                .changes(
                    .init(
                        origin: third, after: Fixture.position(position), upTo: nil, since: Fixture.position(since),
                        table: nil, prerequisite: AppliedVector(), byteLimit: 100)))
        }
        #expect(sender.read(.located(Fixture.position(3))) == [read(after: 3, since: 2)])
        // In whatever order they came here.
        let records = [Fixture.record(7, of: third), Fixture.record(4, of: third)]
        #expect(
            sender.read(.changes(Fixture.page(records, upTo: 4)))
                == [
                    Fixture.batch(records, upTo: 7, of: third, isComplete: false, sequence: 1),
                    read(after: 4, since: 2),
                ])
        var last = Fixture.page([], upTo: 5)
        last.completePosition = Fixture.position(6)
        #expect(sender.read(.changes(last)) == [Fixture.batch([], upTo: 6, of: third, sequence: 2)])
        // Called off in the middle of a read, whose result is dropped.
        #expect(
            sender.machine.logAdvanced(to: Fixture.bounds(to: 6), at: Fixture.at(1)).count == 1)
        _ = sender.read(.changes(Fixture.page([], upTo: 6)))
        #expect(sender.received(.request(.stopRelaying(third))).isEmpty)
        #expect(sender.read(.changes(Fixture.page([Fixture.record(8, of: third)], upTo: 6))).isEmpty)
        #expect(sender.machine.logAdvanced(to: Fixture.bounds(to: 6), at: Fixture.at(1)).isEmpty)
    }

    @Test("All that is left of a lost disk is sent with an end, and with the catalog where some of it left the log")
    func orphanedOrigin() {
        let sender = Fixture.streaming(from: 5, log: Fixture.bounds(to: 5))
        let (third, successor) = (Fixture.third, Origin(rawValue: Fixture.third.rawValue + 1))
        let request = LinkMessage.Request.orphanedOrigin(of: third, after: Fixture.position(2), successor: successor)
        func read(after position: UInt64) -> SenderLink.Action {
            .read(
                .changes(
                    .init(
                        origin: third, after: Fixture.position(position), upTo: nil, since: Fixture.position(2),
                        table: nil, prerequisite: Fixture.vector((successor, 0)), isOrphaned: true, byteLimit: 100)))
        }
        func end(_ sequence: UInt64, isTrimmed: Bool) -> SenderLink.Action {
            .send(
                .orphanedOriginEnd(
                    sequence: sequence, of: third, after: Fixture.position(2), seen: Fixture.position(9),
                    isTrimmed: isTrimmed))
        }
        var last = Fixture.page([], upTo: 5)
        last.completePosition = Fixture.position(9)
        #expect(sender.received(.request(request)) == [.read(.locate(third, after: Fixture.position(2)))])
        #expect(sender.read(.located(Fixture.position(1))) == [read(after: 1)])
        // This region has not heard of the one that took the lost one's place.
        #expect(sender.read(.unavailable(.incomplete)) == [.send(.unavailable(request, .incomplete))])

        _ = sender.received(.request(request))
        _ = sender.read(.located(Fixture.position(1)))
        let record = Fixture.record(7, of: third)
        #expect(
            sender.read(.changes(Fixture.page([record], upTo: 4)))
                == [
                    Fixture.batch([record], upTo: 7, of: third, isComplete: false, sequence: 1), read(after: 4),
                ])
        #expect(sender.read(.changes(last)) == [end(2, isTrimmed: false)])

        _ = sender.received(.request(request))
        _ = sender.read(.located(Fixture.position(1)))
        var trimmed = Fixture.page([], upTo: 4)
        trimmed.isTrimmed = true
        #expect(sender.read(.changes(trimmed)) == [read(after: 4)])
        #expect(sender.read(.changes(last)) == [.read(.catalog)])
        let image = LinkMessage.CatalogImage(position: .zero, isReset: false, entries: [[1]], collected: .init())
        #expect(
            sender.read(.catalog([[1]], collected: .init(), position: Fixture.position(5)))
                == [.send(.catalog(sequence: 3, image)), end(4, isTrimmed: true)])
    }

    @Test(
        "A catch-up goes up to the log's end, as an earlier connection may have brought what this one has not sent yet")
    func catchUpAfterReconnect() {
        let sender = Fixture.streaming(from: 5, log: Fixture.bounds(to: 9))
        let request = LinkMessage.Request.catchUp(Fixture.replica, added: .zero, of: own, after: Fixture.position(5))
        _ = sender.received(.request(request))
        let actions = sender.read(.changes(Fixture.page([], upTo: 6)))
        guard case .read(.changes(let read)) = actions.last else {
            Issue.record("\(actions)")
            return
        }
        #expect(read.table == Fixture.replica.table)
        #expect(read.upTo == Fixture.position(9))
    }

    @Test("A catch-up ends where the log ends, and says so when the log no longer goes back so far")
    func catchUp() {
        let sender = Fixture.streaming(from: 9, log: Fixture.bounds(4, to: 9))
        let request = LinkMessage.Request.catchUp(
            Fixture.replica, added: Fixture.position(6), of: own, after: Fixture.position(3))
        let read = SenderLink.Action.read(
            .changes(
                .init(
                    origin: own, after: Fixture.position(3), upTo: Fixture.position(9), since: Fixture.position(3),
                    table: Fixture.replica.table, prerequisite: Fixture.vector((Fixture.receiver.origin, 6)),
                    byteLimit: 100)))
        #expect(sender.received(.request(request)) == [read])
        let record = Fixture.record(5)
        let end = LinkMessage.catchUpEnd(sequence: 2, Fixture.replica, of: own, after: Fixture.position(3))
        #expect(
            sender.read(.changes(Fixture.page([record], upTo: 9)))
                == [Fixture.batch([record], upTo: 5, isComplete: false, sequence: 1), .send(end)])
        let older = LinkMessage.Request.catchUp(
            Fixture.replica, added: .zero, of: own, after: Fixture.position(2))
        #expect(sender.received(.request(older)) == [.send(.unavailable(older, .trimmed))])
        #expect(sender.received(.request(request)) == [read])
        var trimmed = Fixture.page([], upTo: 9)
        trimmed.isTrimmed = true
        #expect(sender.read(.changes(trimmed)) == [.send(.unavailable(request, .trimmed))])
        #expect(sender.received(.request(request)) == [read])
        #expect(sender.read(.unavailable(.unknownTable)) == [.send(.unavailable(request, .unknownTable))])
    }

    @Test func `of a log that began anew behind trimmed entries of another one nothing is lacking`() {
        let own = Fixture.sender.origin
        // A transfer from a store that has forgotten what others have deleted meanwhile would bring that back.
        let sender = Fixture.streaming(from: 9, log: Fixture.bounds(4, to: 9, begin: 6))
        let request = LinkMessage.Request.catchUp(Fixture.replica, added: Fixture.position(6), of: own, after: .zero)
        let read = SenderLink.Action.read(
            .changes(
                .init(
                    origin: own, after: Fixture.position(6), upTo: Fixture.position(9), since: .zero,
                    table: Fixture.replica.table, prerequisite: Fixture.vector((Fixture.receiver.origin, 6)),
                    byteLimit: 100)))
        #expect(sender.received(.request(request)) == [read])
    }
}
