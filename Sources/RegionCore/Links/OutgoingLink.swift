import HybridClock
import RegionStore
import Replication

/// The sending end of the link to one region, over all its connections: its machine, and what the hub has to remember beside it.
final class OutgoingLink {
    let peer: RegionIdentity
    private var machine: SenderLink
    /// Counts connections, so that what an earlier one had asked for is not taken for this one's.
    private(set) var connection: UInt64 = 0
    private var isConnected = false
    /// What the peer's physical clock last showed.
    var clock: ClockSample?
    /// When the machine wants to be woken, in monotonic milliseconds.
    var wakeAt: UInt64?

    init(
        to peer: RegionIdentity, from identity: LinkIdentity, _ configuration: LinkConfiguration,
        log: SenderLink.LogBounds
    ) {
        self.peer = peer
        machine = SenderLink(from: identity, to: peer, configuration: configuration, log: log)
    }

    var isStreaming: Bool { machine.isStreaming }
    var awaitsCommits: Bool { machine.awaitsCommits }
    var shippedPosition: LogPosition { machine.shippedPosition }
    var acknowledgedPosition: LogPosition { machine.acknowledgedPosition }
    var inFlightByteCount: Int { machine.inFlightByteCount }
    /// Up to where anybody can have the region's log, as far as this link knows.
    var given: LogPosition { machine.given }

    func noteGiven(upTo position: LogPosition) { machine.noteGiven(upTo: position) }

    /// Whether the machine is to be woken now; it is then woken no second time.
    func takeDue(at now: UInt64) -> Bool {
        guard let time = wakeAt, time <= now else { return false }
        wakeAt = nil
        return true
    }

    func start(at now: LinkInstant) -> [SenderLink.Action] { machine.start(at: now) }

    func logAdvanced(to log: SenderLink.LogBounds, at now: LinkInstant) -> [SenderLink.Action] {
        machine.logAdvanced(to: log, at: now)
    }

    func timerFired(
        at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [SenderLink.Action] {
        machine.timerFired(at: now, using: &generator)
    }

    func peerCameUp(at now: LinkInstant) -> [SenderLink.Action] { machine.peerCameUp(at: now) }

    func connected(at now: LinkInstant) -> [SenderLink.Action] {
        connection += 1
        isConnected = true
        return machine.connected(at: now)
    }

    func attemptAnswered(at now: LinkInstant) -> [SenderLink.Action] { machine.attemptAnswered(at: now) }

    func attemptFailed(
        isRefusal: Bool, at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [SenderLink.Action] {
        machine.attemptFailed(isRefusal: isRefusal, at: now, using: &generator)
    }

    func disconnected(
        isRefusal: Bool, at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [SenderLink.Action] {
        isConnected = false
        return machine.disconnected(isRefusal: isRefusal, at: now, using: &generator)
    }

    func receivedPart(at now: LinkInstant) { machine.receivedPart(at: now) }

    func received(_ message: LinkMessage, at now: LinkInstant) -> [SenderLink.Action] {
        machine.received(message, at: now)
    }

    func readFinished(
        _ outcome: SenderLink.ReadOutcome, connection: UInt64, at now: LinkInstant
    ) -> [SenderLink.Action] {
        guard isConnected, connection == self.connection else { return [] }
        return machine.readFinished(outcome, at: now)
    }
}
