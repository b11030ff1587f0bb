import HybridClock
import ItemModel
import RegionStore
import Replication
import Testing

/// The receiving end, a step at a time.
@Suite("The receiving end of a link")
struct ReceiverLinkTests {
    typealias Fixture = LinkFixtures
    let sender = Fixture.sender.origin

    final class Receiver {
        var machine = ReceiverLink(
            at: Fixture.receiver, regions: Fixture.regions, configuration: Fixture.configuration)

        var doubtsClock = false
        var sender: Origin? { machine.sender }
        var backlogCount: Int { machine.backlogCount }

        func received(
            _ message: LinkMessage, certificates: [String] = ["us-east-1"], vector: AppliedVector = AppliedVector(),
            at now: UInt64 = 0
        ) -> [ReceiverLink.Action] {
            machine.received(
                message, certificateNames: certificates, vector: vector, doubtsClock: doubtsClock, at: Fixture.at(now))
        }

        func timerFired(_ vector: AppliedVector = AppliedVector(), at now: UInt64) -> [ReceiverLink.Action] {
            machine.timerFired(vector: vector, doubtsClock: doubtsClock, at: Fixture.at(now))
        }

        /// Lets heartbeats come due until the receiver gives the sender up; nil where it does not by `end`.
        func silence(from start: UInt64, to end: UInt64) -> UInt64? {
            for now in stride(from: start, through: end, by: 100) {
                if case .close(.silence) = timerFired(at: now).first { return now }
            }
            return nil
        }
    }

    private func streaming() -> Receiver {
        let receiver = Receiver()
        _ = receiver.machine.connected(at: Fixture.at(0))
        _ = receiver.received(Fixture.hello())
        return receiver
    }

    private func changes(_ sequence: UInt64, of origin: Origin? = nil, isComplete: Bool = true) -> LinkMessage {
        .changes(sequence: sequence, .init(batch: batch(of: origin ?? sender, isComplete: isComplete)))
    }

    private func batch(of origin: Origin, isComplete: Bool, records: [[UInt8]] = []) -> ReceivedBatch {
        ReceivedBatch(origin: origin, records: records, position: Fixture.position(5), isComplete: isComplete)
    }

    private func refusal(_ actions: [ReceiverLink.Action]) -> LinkMessage.Refusal.Code? {
        guard actions.count == 2, case .send(.refuse(let refusal)) = actions[0], case .close = actions[1] else {
            return nil
        }
        return refusal.code
    }

    @Test("A hello is answered with what this region has applied")
    func greeting() {
        let receiver = Receiver()
        #expect(receiver.received(Fixture.hello()).isEmpty, "not connected")
        #expect(receiver.machine.connected(at: Fixture.at(5)) == [.wakeAt(100)])
        #expect(receiver.machine.connected(at: Fixture.at(5)).isEmpty)
        let vector = Fixture.vector((sender, 4))
        let welcome = LinkMessage.Welcome(
            version: 1, region: RegionID(rawValue: 2), name: "eu-west-1", incarnation: Fixture.receiver.incarnation,
            clockMilliseconds: 1_000_006, vector: vector)
        #expect(
            receiver.received(Fixture.hello(), vector: vector, at: 6)
                == [.send(.welcome(welcome)), .established(sender)])
        #expect(receiver.sender == sender)
    }

    @Test("The highest version that both speak is chosen, and none in common ends the link")
    func versions() {
        func answer(_ versions: ClosedRange<UInt16>) -> [ReceiverLink.Action] {
            let receiver = Receiver()
            _ = receiver.machine.connected(at: Fixture.at(0))
            return receiver.received(Fixture.hello(versions: versions))
        }
        for versions in [1...1, 0...9, 0...1] as [ClosedRange<UInt16>] {
            guard case .send(.welcome(let welcome)) = answer(versions).first else {
                Issue.record("refused \(versions)")
                continue
            }
            #expect(welcome.version == 1)
        }
        #expect(refusal(answer(2...9)) == .version)
        #expect(refusal(answer(0...0)) == .version)
    }

    @Test("Nobody else is taken for a region: not by id, not by name, not by certificate, and not this region itself")
    func identity() {
        func code(_ identity: LinkIdentity, _ certificates: [String]) -> LinkMessage.Refusal.Code? {
            let receiver = Receiver()
            _ = receiver.machine.connected(at: Fixture.at(0))
            let actions = receiver.received(Fixture.hello(identity), certificates: certificates)
            let code = refusal(actions)
            #expect(code == nil || receiver.received(Fixture.hello()).isEmpty, "closed")
            return code
        }
        func identity(_ id: UInt16, _ name: Text) -> LinkIdentity {
            LinkIdentity(region: RegionID(rawValue: id), name: name, incarnation: Fixture.sender.incarnation)
        }
        #expect(code(identity(1, "ap-south-1"), ["ap-south-1"]) == .identity)
        #expect(code(identity(3, "us-east-1"), ["us-east-1"]) == .identity)
        #expect(code(identity(9, "mars-1"), ["mars-1"]) == .identity)
        #expect(code(identity(1, "us-east-1"), ["ap-south-1", "eu-west-1"]) == .identity)
        #expect(code(identity(1, "us-east-1"), []) == .identity)
        #expect(code(identity(2, "eu-west-1"), ["eu-west-1"]) == .identity)
        #expect(code(identity(1, "us-east-1"), ["other", "us-east-1"]) == nil)
    }

    @Test("Whatever a sender's clock shows, its link comes up: stamps are judged one by one")
    func clock() {
        for clock: UInt64 in [0, 1_060_001, .max] {
            let receiver = Receiver()
            _ = receiver.machine.connected(at: Fixture.at(0))
            #expect(refusal(receiver.received(Fixture.hello(clock: clock))) == nil)
        }
    }

    @Test("A region that doubts its own clock is no witness for others")
    func doubt() {
        let receiver = Receiver()
        receiver.doubtsClock = true
        _ = receiver.machine.connected(at: Fixture.at(0))
        guard case .send(.welcome(let welcome))? = receiver.received(Fixture.hello()).first else {
            Issue.record("no welcome")
            return
        }
        #expect(welcome.clockMilliseconds == 0)
        _ = receiver.received(changes(1))
        #expect(
            receiver.machine.applied(upTo: 1, vector: AppliedVector(), doubtsClock: true, at: Fixture.at(1))
                == [.send(.acknowledge(sequence: 1, vector: AppliedVector(), clockMilliseconds: 0))])
    }

    @Test("What arrives is handed to the store in order, and acknowledged only once it is durable")
    func acknowledgement() {
        let receiver = streaming()
        #expect(
            receiver.received(changes(1))
                == [.deliver(sequence: 1, .changes(batch(of: sender, isComplete: true)))])
        let heartbeat = LinkMessage.Heartbeat(
            position: Fixture.position(6), closed: HybridTimestamp(rawValue: 7), clockMilliseconds: 0,
            directory: Fixture.directory)
        #expect(
            receiver.received(.heartbeat(sequence: 2, heartbeat))
                == [
                    .deliver(
                        sequence: 2,
                        .heartbeat(
                            sender, position: Fixture.position(6), closed: HybridTimestamp(rawValue: 7),
                            directory: Fixture.directory))
                ])
        #expect(receiver.backlogCount == 2)
        let vector = Fixture.vector((sender, 6))
        #expect(
            receiver.machine.applied(upTo: 2, vector: vector, doubtsClock: false, at: Fixture.at(1))
                == [.send(.acknowledge(sequence: 2, vector: vector, clockMilliseconds: 1_000_001))])
        #expect(
            receiver.machine.applied(upTo: 1, vector: vector, doubtsClock: false, at: Fixture.at(1)).isEmpty,
            "settled before")
        #expect(receiver.backlogCount == 0)
    }

    @Test("A sequence that is repeated or left out ends the link", arguments: [0, 1, 3] as [UInt64])
    func sequences(sequence: UInt64) {
        let receiver = streaming()
        _ = receiver.received(changes(1))
        #expect(refusal(receiver.received(changes(sequence))) == .malformed)
        #expect(
            receiver.machine.applied(upTo: 1, vector: AppliedVector(), doubtsClock: false, at: Fixture.at(0)).isEmpty)
    }

    @Test("What the store refuses is told to the sender by its kind")
    func refusals() {
        let clock = ClockError.tooFarAhead(
            stamp: HybridTimestamp(milliseconds: 9), physicalMilliseconds: 1, maximumOffsetMilliseconds: 2)
        #expect(refusal(streaming().machine.refused(.clock(clock))) == .clock)
        #expect(refusal(streaming().machine.refused(.malformed("x"))) == .malformed)
        #expect(refusal(streaming().machine.refused(.storage("x"))) == .storage)
    }

    @Test("A message that only a receiver sends ends the link")
    func undue() {
        for message in [
            Fixture.hello(), Fixture.welcome(AppliedVector()),
            .acknowledge(sequence: 0, vector: AppliedVector(), clockMilliseconds: 0),
            .request(.transfer(Fixture.replica)),
        ] {
            #expect(refusal(streaming().received(message)) == .malformed)
        }
        let receiver = Receiver()
        _ = receiver.machine.connected(at: Fixture.at(0))
        #expect(refusal(receiver.received(changes(1))) == .malformed)
    }

    @Test("A sender's refusal closes the link without an answer")
    func refused() {
        let actions = streaming().received(.refuse(.init(code: .stopping, text: "good night")))
        guard case .close = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
    }

    @Test("A silent sender is given up after ten heartbeats, and everything that comes puts that off")
    func silence() {
        let receiver = streaming()
        #expect(receiver.silence(from: 100, to: 700) == nil)
        _ = receiver.received(changes(1), at: 700)
        #expect(receiver.silence(from: 800, to: 1_500) == nil)
        receiver.machine.receivedPart(at: Fixture.at(1_500))
        #expect(receiver.silence(from: 1_600, to: 9_000) == 5_500, "five times the longest gap")
        #expect(receiver.timerFired(at: 9_100).isEmpty)
    }

    @Test("What is not read from the connection is no silence of the sender's")
    func pausedReading() {
        let receiver = streaming()
        receiver.machine.setReadingPaused(true, at: Fixture.at(0))
        #expect(receiver.silence(from: 100, to: 60_000) == nil)
        receiver.machine.setReadingPaused(false, at: Fixture.at(60_000))
        #expect(receiver.silence(from: 60_100, to: 70_000) == 61_000)
    }

    @Test("It says that it is there while it has nothing to acknowledge, and what the region has got meanwhile")
    func signsOfLife() {
        let receiver = streaming()
        let vector = Fixture.vector((sender, 1))
        func acknowledgement(_ sequence: UInt64, _ vector: AppliedVector, at now: UInt64) -> ReceiverLink.Action {
            .send(.acknowledge(sequence: sequence, vector: vector, clockMilliseconds: 1_000_000 + now))
        }
        #expect(receiver.timerFired(at: 100) == [acknowledgement(0, AppliedVector(), at: 100), .wakeAt(200)])
        _ = receiver.received(changes(1), at: 150)
        // The store is busy for a while.
        #expect(receiver.timerFired(at: 200) == [.send(.alive), .wakeAt(300)])
        #expect(receiver.timerFired(at: 300) == [.send(.alive), .wakeAt(400)])
        #expect(
            receiver.machine.applied(upTo: 1, vector: vector, doubtsClock: false, at: Fixture.at(310))
                == [acknowledgement(1, vector, at: 310)])
        #expect(receiver.timerFired(vector, at: 400) == [.wakeAt(500)], "it has just spoken")
        #expect(receiver.timerFired(vector, at: 500) == [.send(.alive), .wakeAt(600)])
        let more = Fixture.vector((sender, 1), (Fixture.third, 5))
        #expect(receiver.timerFired(more, at: 600) == [acknowledgement(1, more, at: 600), .wakeAt(700)])
        #expect(receiver.received(.alive, at: 650).isEmpty)
    }

    @Test("After a disconnect nothing is done any more")
    func disconnected() {
        let receiver = streaming()
        _ = receiver.received(changes(1))
        receiver.machine.disconnected()
        #expect(
            receiver.machine.applied(upTo: 1, vector: AppliedVector(), doubtsClock: false, at: Fixture.at(0)).isEmpty)
        #expect(receiver.machine.needs([.transfer(Fixture.replica)]).isEmpty)
        #expect(receiver.timerFired(at: 9_000).isEmpty)
        #expect(receiver.machine.refused(.malformed("x")).isEmpty)
        #expect(receiver.received(changes(2)).isEmpty)
    }

    @Test("What is needed is asked for once, and again only after it ended or could not be had")
    func needs() {
        let receiver = streaming()
        let fill = LinkMessage.Request.transfer(Fixture.replica)
        let catchUp = LinkMessage.Request.catchUp(
            Fixture.replica, added: .zero, of: sender, after: Fixture.position(4))
        #expect(receiver.machine.needs([fill, catchUp]) == [.send(.request(fill)), .send(.request(catchUp))])
        #expect(receiver.machine.needs([fill, catchUp]).isEmpty)
        #expect(receiver.received(.unavailable(fill, .incomplete)) == [.releaseTransfer(Fixture.replica, from: sender)])
        #expect(receiver.received(.unavailable(catchUp, .unknownTable)).isEmpty)
        #expect(receiver.machine.needs([fill, catchUp]).count == 2)
        #expect(
            receiver.received(.unavailable(catchUp, .trimmed)) == [
                .transferAgain(Fixture.replica, lacking: sender, from: sender)
            ])
        #expect(receiver.received(.unavailable(catchUp, .trimmed)).isEmpty, "not asked for")
        let vector = Fixture.vector((sender, 1))
        #expect(
            receiver.received(.snapshotEnd(sequence: 1, Fixture.replica, vector))
                == [.deliver(sequence: 1, .snapshotEnd(Fixture.replica, vector))])
        #expect(receiver.machine.needs([catchUp]) == [.send(.request(catchUp))])
        let end = LinkMessage.catchUpEnd(sequence: 2, Fixture.replica, of: sender, after: Fixture.position(4))
        #expect(
            receiver.received(end)
                == [
                    .deliver(
                        sequence: 2,
                        .catchUpEnd(Fixture.replica, of: sender, after: Fixture.position(4), isDirect: true))
                ])
        #expect(receiver.machine.needs([catchUp]) == [.send(.request(catchUp))])
    }

    @Test("What a third region sends of an origin's changes is not asked for again while the gap stays open")
    func indirectCatchUp() {
        let receiver = streaming()
        let catchUp = LinkMessage.Request.catchUp(
            Fixture.replica, added: .zero, of: Fixture.third, after: Fixture.position(4))
        #expect(receiver.machine.needs([catchUp]) == [.send(.request(catchUp))])
        let end = LinkMessage.catchUpEnd(
            sequence: 1, Fixture.replica, of: Fixture.third, after: Fixture.position(4))
        let application = LinkDelivery.catchUpEnd(
            Fixture.replica, of: Fixture.third, after: Fixture.position(4), isDirect: false)
        #expect(receiver.received(end) == [.deliver(sequence: 1, application)])
        #expect(receiver.machine.needs([catchUp]).isEmpty)
        #expect(receiver.machine.needs([]).isEmpty)
        #expect(receiver.machine.needs([catchUp]).count == 1)
    }

    @Test("What is left of a lost disk is asked for once, also when part of it came meanwhile")
    func orphanedOrigin() {
        let receiver = streaming()
        let successor = Origin(rawValue: Fixture.third.rawValue + 1)
        func request(after position: UInt64) -> LinkMessage.Request {
            .orphanedOrigin(of: Fixture.third, after: Fixture.position(position), successor: successor)
        }
        #expect(receiver.machine.needs([request(after: 4)]) == [.send(.request(request(after: 4)))])
        #expect(receiver.machine.needs([request(after: 6)]).isEmpty)
        // More is wanted than what was asked for.
        #expect(receiver.machine.needs([request(after: 3)]) == [.send(.request(request(after: 3)))])
        let application = LinkDelivery.orphanedOriginEnd(
            of: Fixture.third, from: sender, after: Fixture.position(3), seen: Fixture.position(9),
            isTrimmed: false)
        let end = LinkMessage.orphanedOriginEnd(
            sequence: 1, of: Fixture.third, after: Fixture.position(3), seen: Fixture.position(9), isTrimmed: false)
        #expect(receiver.received(end) == [.deliver(sequence: 1, application)])
        #expect(receiver.machine.needs([request(after: 9)]).count == 1)
        #expect(receiver.received(.unavailable(request(after: 9), .incomplete)).isEmpty)
        #expect(receiver.machine.needs([request(after: 9)]).count == 1)
    }

    @Test("A directory that the sender's region cannot give ends the link")
    func directory() {
        let other = Origin(rawValue: sender.rawValue + 1)
        for directory in [
            RegionDirectory(alive: []), RegionDirectory(alive: [other]),
            RegionDirectory(alive: [sender, Fixture.third]),
            RegionDirectory(alive: [sender], ended: [Fixture.third]), RegionDirectory(alive: [sender], ended: [sender]),
        ] {
            let receiver = streaming()
            let heartbeat = LinkMessage.Heartbeat(
                position: .zero, closed: .zero, clockMilliseconds: 0, directory: directory)
            guard case .send(.refuse(let refusal)) = receiver.received(.heartbeat(sequence: 1, heartbeat)).first else {
                Issue.record("\(directory) was taken")
                continue
            }
            #expect(refusal.code == .malformed)
        }
    }

    @Test("What is no longer needed of another region's changes is called off")
    func stopRelaying() {
        let receiver = streaming()
        let forward = LinkMessage.Request.relay(Fixture.third, after: Fixture.position(4))
        #expect(receiver.machine.needs([forward]) == [.send(.request(forward))])
        // The place moves on with what arrives: that is the same need.
        #expect(receiver.machine.needs([.relay(Fixture.third, after: Fixture.position(6))]).isEmpty)
        #expect(receiver.machine.needs([]) == [.send(.request(.stopRelaying(Fixture.third)))])
        #expect(receiver.machine.needs([]).isEmpty)
    }

    @Test("Another region's changes count as complete only where they were asked for, and apart from the records")
    func claims() {
        let receiver = streaming()
        func applied(_ batch: ReceivedBatch, _ sequence: UInt64) -> ReceivedBatch? {
            let actions = receiver.received(.changes(sequence: sequence, .init(batch: batch)))
            guard case .deliver(sequence, .changes(let applied)) = actions.first else { return nil }
            return applied
        }
        let claim = batch(of: Fixture.third, isComplete: true)
        #expect(applied(claim, 1)?.isComplete == false)
        _ = receiver.machine.needs([.relay(Fixture.third, after: .zero)])
        #expect(applied(claim, 2) == claim)
        let mixed = batch(of: Fixture.third, isComplete: true, records: [[1]])
        #expect(applied(mixed, 3)?.isComplete == false)
    }
}
