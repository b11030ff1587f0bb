import HybridClock
import ItemModel
import Testing

@testable import RegionStore
@testable import Replication

/// The sending end, a step at a time: each event, and exactly what comes of it.
@Suite("The sending end of a link")
struct SenderLinkTests {
    typealias Fixture = LinkFixtures
    let own = Fixture.sender.origin

    @Test("It dials, says hello, and ships from where the welcome says")
    func greeting() {
        let sender = Sender(log: Fixture.bounds(to: 9))
        #expect(sender.machine.start(at: Fixture.at(0)) == [.connect, .wakeAt(80)])
        #expect(sender.machine.start(at: Fixture.at(0)).isEmpty)
        #expect(
            sender.machine.connected(at: Fixture.at(5)) == [.send(Fixture.hello(clock: 1_000_005)), .wakeAt(100)])
        #expect(
            sender.received(Fixture.welcome(Fixture.vector((own, 4))), at: 6)
                == [
                    .opened, .noteClock(ClockSample(clock: 1_000_000, askedAt: 5, answeredAt: 6)),
                    .noteKnown(upTo: Fixture.position(4), isBeyond: false),
                    .noteAcknowledged(by: Fixture.receiver.origin, AppliedVector()), Fixture.changes(after: 4, upTo: 9),
                ])
        #expect(sender.isStreaming)
    }

    @Test("The acknowledgement of a heartbeat tells the peer's clock, within the time of the round trip")
    func clock() throws {
        let sender = Fixture.streaming(from: 9, log: Fixture.bounds(to: 9))
        func samples(_ sequence: UInt64, clock: UInt64, at now: UInt64) -> [ClockSample] {
            sender.received(
                .acknowledge(sequence: sequence, vector: AppliedVector(), clockMilliseconds: clock), at: now
            ).compactMap { if case .noteClock(let sample) = $0 { sample } else { nil } }
        }
        _ = sender.timerFired(at: 100)
        _ = sender.timerFired(at: 1_100)
        #expect(samples(0, clock: 7, at: 1_110).isEmpty, "it was not sent yet")
        // The second heartbeat answers the first one's question too.
        let sample = try #require(samples(2, clock: 5_000, at: 1_160).first)
        #expect(sample == ClockSample(clock: 5_000, askedAt: 100, answeredAt: 1_160))
        #expect(sample.bounds == 5_000...6_060)
        #expect(samples(2, clock: 5_001, at: 1_170).isEmpty, "nothing was asked since")
        _ = sender.timerFired(at: 2_100)
        #expect(samples(3, clock: .max, at: 2_110).first?.bounds == .max ... .max)
        _ = sender.timerFired(at: 3_100)
        #expect(samples(4, clock: 0, at: 3_110).isEmpty, "the peer doubts its own clock")
    }

    @Test("A peer that has more of the log than there is ends the link, when it begins and later, and that is told")
    func forgotten() {
        for isStreaming in [false, true] {
            let sender = Sender(log: Fixture.bounds(to: 9))
            _ = sender.machine.start(at: Fixture.at(0))
            _ = sender.machine.connected(at: Fixture.at(0))
            if isStreaming {
                _ = sender.received(Fixture.welcome(Fixture.vector((own, 9))))
                _ = sender.timerFired(at: 100)
            }
            let actions =
                isStreaming
                ? sender.acknowledged(1, Fixture.vector((own, 12)))
                : sender.received(Fixture.welcome(Fixture.vector((own, 12))))
            #expect(actions.first == .noteKnown(upTo: Fixture.position(12), isBeyond: true))
            guard case .close? = actions.last else {
                Issue.record("\(actions)")
                return
            }
        }
    }

    @Test(
        "What was logged since the store was opened and shipped to nobody does not make up for what a peer has beyond it"
    )
    func forgottenAndGrown() {
        for isShippedElsewhere in [false, true] {
            let sender = Sender(log: Fixture.bounds(to: 9))
            _ = sender.machine.start(at: Fixture.at(0))
            _ = sender.machine.connected(at: Fixture.at(0))
            _ = sender.machine.logAdvanced(to: Fixture.bounds(to: 30), at: Fixture.at(1))
            if isShippedElsewhere { sender.machine.noteGiven(upTo: Fixture.position(12)) }
            let actions = sender.received(Fixture.welcome(Fixture.vector((own, 12))))
            #expect(actions.contains(.noteKnown(upTo: Fixture.position(12), isBeyond: !isShippedElsewhere)))
            #expect(sender.isStreaming == isShippedElsewhere)
        }
    }

    @Test("A receiver that knows nothing of it gets the catalog, and then the log from there")
    func catalog() {
        let sender = Sender(log: Fixture.bounds(to: 9))
        _ = sender.machine.start(at: Fixture.at(0))
        _ = sender.machine.connected(at: Fixture.at(0))
        #expect(
            sender.received(Fixture.welcome(AppliedVector()))
                == [
                    .opened, .noteClock(ClockSample(clock: 1_000_000, askedAt: 0, answeredAt: 0)),
                    .noteKnown(upTo: .zero, isBeyond: false),
                    .noteAcknowledged(by: Fixture.receiver.origin, AppliedVector()), .read(.catalog),
                ])
        let image = LinkMessage.CatalogImage(
            position: Fixture.position(8), isReset: false, entries: [[1]], collected: .init())
        #expect(
            sender.read(.catalog([[1]], collected: .init(), position: Fixture.position(8)))
                == [.send(.catalog(sequence: 1, image)), Fixture.changes(after: 8, upTo: 9)])
    }

    @Test("A receiver that is behind the log's start is reset, at the welcome and in the middle of the stream")
    func reset() {
        let sender = Sender(log: Fixture.bounds(6, to: 9))
        _ = sender.machine.start(at: Fixture.at(0))
        _ = sender.machine.connected(at: Fixture.at(0))
        #expect(sender.received(Fixture.welcome(Fixture.vector((own, 4)))).last == .read(.catalog))
        let image = LinkMessage.CatalogImage(
            position: Fixture.position(9), isReset: true, entries: [], collected: .init())
        #expect(
            sender.read(.catalog([], collected: .init(), position: Fixture.position(9))) == [
                .send(.catalog(sequence: 1, image))
            ])

        let late = Fixture.streaming(from: 5, log: Fixture.bounds(6, to: 9))
        var page = Fixture.page([Fixture.record(9)], upTo: 9)
        page.isTrimmed = true
        #expect(late.read(.changes(page)) == [.read(.catalog)])
        #expect(
            late.read(.catalog([], collected: .init(), position: Fixture.position(9))) == [
                .send(.catalog(sequence: 1, image))
            ])
    }

    @Test("Another region, another name, another version and a log that was put back end the link with their codes")
    func refusals() {
        func refusal(_ message: LinkMessage) -> LinkMessage.Refusal.Code? {
            let sender = Sender(log: Fixture.bounds(to: 9))
            _ = sender.machine.start(at: Fixture.at(0))
            _ = sender.machine.connected(at: Fixture.at(0))
            // Up to where the peer has the log is told beside the refusal.
            let actions = sender.received(message).filter { if case .noteKnown = $0 { false } else { true } }
            guard actions.count == 2, case .send(.refuse(let refusal)) = actions[0], case .close = actions[1] else {
                return nil
            }
            return refusal.code
        }
        let other = LinkIdentity(
            region: RegionID(rawValue: 3), name: "eu-west-1", incarnation: Fixture.receiver.incarnation)
        let renamed = LinkIdentity(
            region: RegionID(rawValue: 2), name: "eu-west-2", incarnation: Fixture.receiver.incarnation)
        #expect(refusal(Fixture.welcome(AppliedVector(), from: other)) == .identity)
        #expect(refusal(Fixture.welcome(AppliedVector(), from: renamed)) == .identity)
        #expect(refusal(Fixture.welcome(AppliedVector(), version: 2)) == .version)
        #expect(refusal(Fixture.welcome(Fixture.vector((own, 10)))) == .identity)
        #expect(refusal(Fixture.welcome(Fixture.vector((own, 9)))) == nil)
        #expect(refusal(.acknowledge(sequence: 0, vector: AppliedVector(), clockMilliseconds: 0)) == .malformed)
        #expect(refusal(Fixture.hello()) == .malformed)
    }

    @Test("What the log gains is read as soon as it is there, one read at a time")
    func advance() {
        let sender = Fixture.streaming(from: 9, log: Fixture.bounds(to: 9))
        #expect(
            sender.machine.logAdvanced(to: Fixture.bounds(to: 10), at: Fixture.at(1)) == [
                Fixture.changes(after: 9, upTo: 10)
            ])
        #expect(sender.machine.logAdvanced(to: Fixture.bounds(to: 12), at: Fixture.at(1)).isEmpty)
        let record = Fixture.record(10)
        #expect(
            sender.read(.changes(Fixture.page([record], upTo: 10)))
                == [Fixture.batch([record], upTo: 10, sequence: 1), Fixture.changes(after: 10, upTo: 12)])
        // Nothing in it concerned the peer: no message, but the place is known.
        #expect(sender.read(.changes(Fixture.page([], upTo: 12))).isEmpty)
        #expect(sender.shippedPosition == Fixture.position(12))
    }

    @Test("No more is read than may be in flight, and an acknowledgement lets it go on")
    func flowControl() {
        let sender = Fixture.streaming(from: 0, log: Fixture.bounds(to: 100))
        var position: UInt64 = 0
        var actions = [Fixture.changes(after: 0, upTo: 100)]
        var sequence: UInt64 = 0
        while actions.last == Fixture.changes(after: position, upTo: 100) {
            position += 1
            sequence += 1
            actions = sender.read(.changes(Fixture.page([Fixture.record(position, byteCount: 10)], upTo: position)))
            #expect(sender.inFlightByteCount <= 250)
        }
        #expect(sequence >= 2)
        #expect(sender.machine.logAdvanced(to: Fixture.bounds(to: 101), at: Fixture.at(1)).isEmpty)
        let resumed = sender.acknowledged(sequence, Fixture.vector((own, position)))
        #expect(resumed.last == Fixture.changes(after: position, upTo: 101))
        #expect(sender.inFlightByteCount == 0)
        #expect(sender.acknowledgedPosition == Fixture.position(position))
    }

    @Test("A record larger than all that may be in flight is shipped by itself")
    func largeRecord() {
        let sender = Fixture.streaming(from: 0, log: Fixture.bounds(to: 2))
        let actions = sender.read(.changes(Fixture.page([Fixture.record(1, byteCount: 5_000)], upTo: 1)))
        #expect(actions.count == 1)
        #expect(sender.acknowledged(1).last == Fixture.changes(after: 1, upTo: 2))
    }

    @Test("An acknowledgement of what was never sent, or that goes back, ends the link; the same one twice does not")
    func acknowledgements() {
        let sender = Fixture.streaming(from: 0, log: Fixture.bounds(to: 2))
        _ = sender.read(.changes(Fixture.page([Fixture.record(1)], upTo: 1)))
        _ = sender.read(.changes(Fixture.page([Fixture.record(2)], upTo: 2)))
        let first = sender.acknowledged(1)
        #expect(first.contains(.recordLag(milliseconds: 0, count: 1)))
        #expect(sender.acknowledged(1) == [.noteAcknowledged(by: Fixture.receiver.origin, AppliedVector())])
        #expect(sender.acknowledged(2).count == 2)
        let back = sender.acknowledged(1)
        guard case .send(.refuse(let refusal)) = back.first else {
            Issue.record("\(back)")
            return
        }
        #expect(refusal.code == .malformed)
        #expect(sender.acknowledged(2).isEmpty)
        let other = Fixture.streaming(from: 0, log: Fixture.bounds(to: 2))
        #expect(other.acknowledged(1).count == 2)
    }

    @Test("A heartbeat's closed timestamp waits until everything before it was sent")
    func heartbeats() {
        let sender = Fixture.streaming(from: 1, log: Fixture.bounds(to: 1, closed: 50))
        func heartbeat(_ position: UInt64, closed: UInt64, sequence: UInt64, at now: UInt64) -> [SenderLink.Action] {
            let heartbeat = LinkMessage.Heartbeat(
                position: Fixture.position(position), closed: HybridTimestamp(rawValue: closed),
                clockMilliseconds: 1_000_000 + now, directory: Fixture.directory)
            return [.send(.heartbeat(sequence: sequence, heartbeat)), .wakeAt(now + 100)]
        }
        #expect(sender.timerFired(at: 100) == heartbeat(1, closed: 50, sequence: 1, at: 100))
        // A change is being read: the link speaks, but claims no more than before.
        _ = sender.machine.logAdvanced(to: Fixture.bounds(to: 2, closed: 60), at: Fixture.at(110))
        #expect(sender.timerFired(at: 200) == [.send(.alive), .wakeAt(300)])
        _ = sender.read(.changes(Fixture.page([Fixture.record(2)], upTo: 2)), at: 210)
        #expect(sender.timerFired(at: 300) == heartbeat(2, closed: 60, sequence: 3, at: 300))
        #expect(sender.timerFired(at: 400) == [.send(.alive), .wakeAt(500)], "nothing is new")
        #expect(sender.timerFired(at: 1_200) == [.send(.alive), .wakeAt(1_300)])
        #expect(sender.timerFired(at: 1_300) == heartbeat(2, closed: 60, sequence: 4, at: 1_300), "for the clocks")
    }

    @Test("A silent peer is given up after ten heartbeats, at the greeting and later")
    func silence() {
        let greeting = Sender(log: Fixture.bounds(to: 1))
        _ = greeting.machine.start(at: Fixture.at(0))
        _ = greeting.machine.connected(at: Fixture.at(0))
        #expect(greeting.silence(from: 100, to: 5_000) == 1_000)
        let sender = Fixture.streaming(from: 1, log: Fixture.bounds(to: 1))
        #expect(sender.silence(from: 100, to: 900) == nil)
        _ = sender.received(.alive, at: 900)
        #expect(sender.silence(from: 1_000, to: 1_800) == nil)
        // Part of a message is as good.
        sender.machine.receivedPart(at: Fixture.at(1_800))
        #expect(sender.silence(from: 1_900, to: 9_000) == 6_300, "five times the longest gap")
        #expect(!sender.isStreaming)
    }

    @Test("An attempt that is not answered is followed by others, and one that fails by the next after the backoff")
    func attempts() {
        let sender = Sender(log: Fixture.bounds(to: 1))
        _ = sender.machine.start(at: Fixture.at(0))
        #expect(sender.timerFired(at: 80) == [.connect, .wakeAt(160)])
        #expect(sender.timerFired(at: 160) == [.connect, .wakeAt(240)])
        #expect(sender.machine.attemptAnswered(at: Fixture.at(160)) == [.wakeAt(1_160)], "time for the handshakes")
        var now: UInt64 = 160
        for _ in 0..<50 {
            guard case .wakeAt(let next)? = sender.attemptFailed(at: now).first else {
                Issue.record("it gives up")
                return
            }
            #expect((10...80).contains(next - now))
            #expect(sender.attemptFailed(at: now).isEmpty, "of an attempt before")
            #expect(sender.timerFired(at: next) == [.connect, .wakeAt(next + 80)])
            now = next
        }
    }

    @Test("A refusal is followed by longer waits; a peer that comes up is dialled at once, and so is one that restarts")
    func backoffOfRefusals() {
        let sender = Sender(log: Fixture.bounds(to: 1))
        _ = sender.machine.start(at: Fixture.at(0))
        var now: UInt64 = 0
        var longest: UInt64 = 0
        func wait(_ actions: [SenderLink.Action]) {
            guard case .wakeAt(let next)? = actions.last else {
                Issue.record("\(actions)")
                return
            }
            #expect((200...1_600).contains(next - now))
            longest = max(longest, next - now)
            now = next
            #expect(sender.timerFired(at: now) == [.connect, .wakeAt(now + 80)])
        }
        for _ in 0..<20 {
            wait(sender.attemptFailed(isRefusal: true, at: now))
            // After the handshake of TLS, by the peer, and by this end.
            _ = sender.machine.connected(at: Fixture.at(now))
            wait(sender.disconnected(isRefusal: true, at: now))
            _ = sender.machine.connected(at: Fixture.at(now))
            let refusal = LinkMessage.Refusal(code: .identity, text: "unknown")
            #expect(sender.received(.refuse(refusal), at: now) == [.close(.refusedByPeer(refusal))])
            wait(sender.disconnected(at: now))
            _ = sender.machine.connected(at: Fixture.at(now))
            _ = sender.received(Fixture.welcome(AppliedVector(), version: 9), at: now)
            wait(sender.disconnected(at: now))
        }
        #expect(longest > 800)
        _ = sender.attemptFailed(isRefusal: true, at: now)
        #expect(sender.machine.peerCameUp(at: Fixture.at(now)) == [.connect, .wakeAt(now + 80)])
        _ = sender.machine.connected(at: Fixture.at(now))
        _ = sender.received(.refuse(.init(code: .stopping, text: "a restart")), at: now)
        guard case .wakeAt(let next)? = sender.disconnected(at: now).first else {
            Issue.record("it gives up")
            return
        }
        #expect((10...80).contains(next - now), "it will be back")
    }

    @Test("It dials again after a wait that grows while nothing is acknowledged, and begins anew once something is")
    func backoff() {
        let sender = Sender(log: Fixture.bounds(to: 1))
        _ = sender.machine.start(at: Fixture.at(0))
        var now: UInt64 = 0
        var longest: UInt64 = 0
        for _ in 0..<50 {
            _ = sender.machine.connected(at: Fixture.at(now))
            // A welcome alone is no success: what follows may be refused every time.
            _ = sender.received(Fixture.welcome(Fixture.vector((own, 1))), at: now)
            let actions = sender.disconnected(at: now)
            guard case .wakeAt(let until) = actions.first, actions.count == 1 else {
                Issue.record("\(actions)")
                return
            }
            #expect((10...80).contains(until - now))
            longest = max(longest, until - now)
            #expect(sender.disconnected(at: now).isEmpty, "told twice")
            #expect(sender.timerFired(at: until - 1) == [.wakeAt(until)])
            #expect(sender.timerFired(at: until) == [.connect, .wakeAt(until + 80)])
            now = until
        }
        #expect(longest > 40)
        _ = sender.machine.connected(at: Fixture.at(now))
        _ = sender.received(Fixture.welcome(Fixture.vector((own, 1))), at: now)
        _ = sender.timerFired(at: now)
        _ = sender.acknowledged(1)
        #expect(sender.disconnected(at: now) == [.wakeAt(now + 10)])
        #expect(sender.machine.peerCameUp(at: Fixture.at(now)) == [.connect, .wakeAt(now + 80)])
    }

    @Test("Whatever step the connection is lost at, the next one begins from the welcome")
    func disconnects() {
        let steps: [(Sender) -> Void] = [
            { _ = $0.machine.connected(at: Fixture.at(0)) },
            { _ = $0.received(Fixture.welcome(Fixture.vector((Fixture.sender.origin, 1)))) },
            { _ = $0.received(.request(.transfer(Fixture.replica))) },
            { _ = $0.read(.changes(Fixture.page([Fixture.record(2)], upTo: 2))) },
            { _ = $0.timerFired(at: 100) },
        ]
        for count in 0...steps.count {
            let sender = Sender(log: Fixture.bounds(to: 3))
            _ = sender.machine.start(at: Fixture.at(0))
            for step in steps.prefix(count) { step(sender) }
            #expect(sender.disconnected(at: 200).count == (count == 0 ? 0 : 1))
            #expect(sender.read(.changes(Fixture.page([Fixture.record(3)], upTo: 3))).isEmpty, "of the old connection")
            #expect(sender.received(.acknowledge(sequence: 1, vector: AppliedVector(), clockMilliseconds: 0)).isEmpty)
            #expect(sender.timerFired(at: 300) == [.connect, .wakeAt(380)])
            _ = sender.machine.connected(at: Fixture.at(300))
            #expect(
                sender.received(Fixture.welcome(Fixture.vector((own, 2))), at: 300).last
                    == Fixture.changes(after: 2, upTo: 3))
            #expect(
                sender.read(.changes(Fixture.page([Fixture.record(3)], upTo: 3)))
                    == [Fixture.batch([Fixture.record(3)], upTo: 3, sequence: 1)])
        }
    }
}
