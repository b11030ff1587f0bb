import HybridClock
import ItemModel
import RegionStore
import Replication
import TestSupport
import Testing

@testable import RegionCore

/// A hub that is told by hand what happens, and what it has decided.
private final class HubFixture {
    static let regions = [("us-east-1", 1), ("eu-west-1", 2), ("ap-south-1", 3)].map {
        RegionIdentity(id: RegionID(rawValue: UInt16($0.1)), name: Text($0.0))
    }

    let hub: LinkHub
    var now: UInt64 = 1_000
    var random = SplitMix64(seed: 1)

    init(received: AppliedVector = AppliedVector(), applied: AppliedVector = AppliedVector()) {
        let log = SenderLink.LogBounds(
            start: LogPosition(rawValue: 1), end: .zero, closed: .zero,
            directory: RegionDirectory(alive: [Self.identity(1).origin]))
        var configuration = LinkConfiguration()
        configuration.heartbeatMilliseconds = 100
        hub = LinkHub(
            at: Self.identity(1), regions: Self.regions, configuration: configuration,
            committed: CommittedState(log: log, stable: .zero, received: received, applied: applied),
            now: LinkInstant(monotonicMilliseconds: 1_000, physicalMilliseconds: 1_000_000))
    }

    static func identity(_ region: UInt16, _ incarnation: UInt64 = 1) -> LinkIdentity {
        LinkIdentity(
            region: RegionID(rawValue: region), name: regions[Int(region) - 1].name,
            incarnation: Incarnation(high: incarnation << 16, low: 0))
    }

    var instant: LinkInstant { LinkInstant(monotonicMilliseconds: now, physicalMilliseconds: 1_000_000) }

    /// Lets a store of another region open a link to this one, up to the welcome.
    func accept(_ identity: LinkIdentity) -> (number: LinkHub.LinkNumber, actions: [LinkHub.Action]) {
        let (number, _) = hub.accepted(certificateNames: [identity.name.string], at: instant)
        let hello = LinkMessage.Hello(
            versions: supportedProtocolVersions, region: identity.region, name: identity.name,
            incarnation: identity.incarnation, clockMilliseconds: 1_000_000)
        return (number, hub.received(.hello(hello), on: .incoming(number), at: instant))
    }

    func changes(_ sequence: UInt64, of origin: Origin) -> LinkMessage {
        .changes(
            sequence: sequence,
            .init(
                batch: ReceivedBatch(
                    origin: origin, records: [], position: LogPosition(rawValue: sequence), isComplete: true)))
    }
}

extension [LinkHub.Action] {
    /// The connections that are to be closed.
    fileprivate var closed: [LinkHub.LinkEnd] {
        compactMap { if case .close(let end, _) = $0 { end } else { nil } }
    }

    fileprivate var messages: [LinkMessage] {
        compactMap { if case .send(let message, _) = $0 { message } else { nil } }
    }

    fileprivate var dialled: [RegionID] {
        compactMap { if case .connect(let region) = $0 { region } else { nil } }
    }

    fileprivate var wakeUps: [UInt64] {
        compactMap { if case .wakeAt(let time) = $0 { time } else { nil } }
    }
}

@Suite struct LinkHubTests {
    @Test func `a region dials every other one, and has one wake-up for all that it waits for`() {
        let fixture = HubFixture()
        let actions = fixture.hub.start(at: fixture.instant)
        #expect(actions.dialled == [RegionID(rawValue: 2), RegionID(rawValue: 3)])
        #expect(actions.wakeUps == [1_200])
        let connected = fixture.hub.connected(to: RegionID(rawValue: 2), at: fixture.instant)
        #expect(connected.wakeUps == [1_100], "the link's own time-out comes first")
    }

    @Test func `the welcome carries what was received, not what every replica has applied`() {
        let origin = HubFixture.identity(2).origin
        let (received, applied) = (
            AppliedVector().raising(origin, to: 9), AppliedVector().raising(origin, to: 4)
        )
        let fixture = HubFixture(received: received, applied: applied)
        guard case .welcome(let welcome) = fixture.accept(HubFixture.identity(2)).actions.messages.first else {
            Issue.record("no welcome")
            return
        }
        #expect(welcome.vector == received)
    }

    @Test func `two logs of one region are up at once, and neither ends the other`() {
        let fixture = HubFixture()
        #expect(fixture.accept(HubFixture.identity(2, 1)).actions.closed.isEmpty)
        #expect(fixture.accept(HubFixture.identity(2, 2)).actions.closed.isEmpty)
        let logs = fixture.hub.status.first?.logs ?? []
        #expect(logs.count == 2 && logs.allSatisfy(\.isUp))
    }

    @Test func `a log that dials anew ends its own earlier connection`() {
        let fixture = HubFixture()
        let first = fixture.accept(HubFixture.identity(2))
        let second = fixture.accept(HubFixture.identity(2))
        #expect(second.actions.closed == [.incoming(first.number)])
        _ = fixture.hub.disconnected(.incoming(first.number), at: fixture.instant, using: &fixture.random)
        #expect(fixture.hub.status.first?.logs.map(\.isUp) == [true])
    }

    @Test func `nothing more is read from a link while much of it waits for the writer`() {
        let fixture = HubFixture()
        let identity = HubFixture.identity(2)
        let number = fixture.accept(identity).number
        var paused = 0
        for sequence in 1...70 as ClosedRange<UInt64> {
            let actions = fixture.hub.received(
                fixture.changes(sequence, of: identity.origin), on: .incoming(number), at: fixture.instant)
            for case .pauseReading(number) in actions { paused += 1 }
        }
        #expect(paused == 1)
        var resumedAt: [UInt64] = []
        for sequence in 1...70 as ClosedRange<UInt64> {
            let actions = fixture.hub.answered(
                .delivery(number, sequence: sequence), .deliver(.success(AppliedVector())), at: fixture.instant)
            for case .resumeReading(number) in actions { resumedAt.append(sequence) }
        }
        #expect(resumedAt == [54], "when sixteen are left")
    }

    @Test func `a delivery that the store refuses ends the link, and so does a store that has failed`() {
        for outcome in [RegionOutcome.deliver(.failure(.malformed("a test"))), nil] {
            let fixture = HubFixture()
            let identity = HubFixture.identity(2)
            let number = fixture.accept(identity).number
            _ = fixture.hub.received(
                fixture.changes(1, of: identity.origin), on: .incoming(number), at: fixture.instant)
            let actions = fixture.hub.answered(.delivery(number, sequence: 1), outcome, at: fixture.instant)
            #expect(actions.closed == [.incoming(number)])
        }
    }

    @Test func `when the last link from a log is gone its snapshot transfers are for others`() {
        let fixture = HubFixture()
        let identity = HubFixture.identity(2)
        let number = fixture.accept(identity).number
        let actions = fixture.hub.disconnected(.incoming(number), at: fixture.instant, using: &fixture.random)
        let isAbandoned = actions.contains {
            if case .submit(.administer(.abandonTransfers(let log)), nil) = $0 { log == identity.origin } else { false }
        }
        #expect(isAbandoned)
        #expect(fixture.hub.status.first?.logs.map(\.isUp) == [false])
    }

    @Test func `what an earlier connection has read is ignored`() throws {
        let fixture = HubFixture()
        let peer = RegionID(rawValue: 2)
        _ = fixture.hub.start(at: fixture.instant)
        _ = fixture.hub.connected(to: peer, at: fixture.instant)
        let identity = HubFixture.identity(2)
        let welcome = LinkMessage.Welcome(
            version: 1, region: peer, name: identity.name, incarnation: identity.incarnation,
            clockMilliseconds: 1_000_000, vector: AppliedVector())
        let actions = fixture.hub.received(.welcome(welcome), on: .outgoing(peer), at: fixture.instant)
        let connection = try #require(
            actions.compactMap { if case .read(_, peer, let connection) = $0 { connection } else { nil } }.first)
        let outcome = SenderLink.ReadOutcome.catalog([], collected: .init(), position: .zero)
        let stale = fixture.hub.readFinished(outcome, of: peer, connection: connection - 1, at: fixture.instant)
        #expect(stale.messages.isEmpty)
        let fresh = fixture.hub.readFinished(outcome, of: peer, connection: connection, at: fixture.instant)
        #expect(fresh.messages.count == 1)
    }
}

extension AppliedVector {
    fileprivate func raising(_ origin: Origin, to position: UInt64) -> AppliedVector {
        var result = self
        result.raise(origin, to: LogPosition(rawValue: position))
        return result
    }
}
