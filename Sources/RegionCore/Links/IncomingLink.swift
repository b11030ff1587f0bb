import RegionStore
import Replication

/// The receiving end of one connection that another region has opened: its machine, and what the hub has to remember beside it.
final class IncomingLink {
    let number: LinkHub.LinkNumber
    private let certificateNames: [String]
    private var machine: ReceiverLink
    /// The sender's log, once the link was up; stays when it is no more.
    private(set) var sender: Origin?
    private var isReadingPaused = false
    private var shouldPause = false
    /// When the machine wants to be woken, in monotonic milliseconds.
    var wakeAt: UInt64?

    /// Messages that may wait for the writer before nothing more is read, and at how many reading goes on.
    private static let backlogBounds = (high: 64, low: 16)

    init(
        _ number: LinkHub.LinkNumber, _ certificateNames: [String], at identity: LinkIdentity,
        regions: [RegionIdentity], configuration: LinkConfiguration
    ) {
        self.number = number
        self.certificateNames = certificateNames
        machine = ReceiverLink(at: identity, regions: regions, configuration: configuration)
    }

    /// Whether the machine is to be woken now; it is then woken no second time.
    func takeDue(at now: UInt64) -> Bool {
        guard let time = wakeAt, time <= now else { return false }
        wakeAt = nil
        return true
    }

    /// Whether reading is to be paused (true) or to go on (false); nil to leave it as it is.
    func takeReadingChange(at now: LinkInstant) -> Bool? {
        guard shouldPause != isReadingPaused else { return nil }
        isReadingPaused = shouldPause
        machine.setReadingPaused(isReadingPaused, at: now)
        return isReadingPaused
    }

    func connected(at now: LinkInstant) -> [ReceiverLink.Action] { machine.connected(at: now) }

    func timerFired(_ committed: CommittedState, at now: LinkInstant) -> [ReceiverLink.Action] {
        machine.timerFired(vector: committed.applied, doubtsClock: committed.doubtsClock, at: now)
    }

    func receivedPart(at now: LinkInstant) { machine.receivedPart(at: now) }

    func needs(_ requests: [LinkMessage.Request]) -> [ReceiverLink.Action] { machine.needs(requests) }

    func received(
        _ message: LinkMessage, _ committed: CommittedState, at now: LinkInstant
    ) -> [ReceiverLink.Action] {
        let actions = machine.received(
            message, certificateNames: certificateNames, vector: committed.received,
            doubtsClock: committed.doubtsClock, at: now)
        sender = machine.sender ?? sender
        if machine.backlogCount >= Self.backlogBounds.high { shouldPause = true }
        return actions
    }

    /// The writer has answered a delivery; nil where the store failed or the region is stopping.
    func delivered(
        _ sequence: UInt64, _ outcome: RegionOutcome?, doubtsClock: Bool, at now: LinkInstant
    ) -> [ReceiverLink.Action] {
        defer { if machine.backlogCount <= Self.backlogBounds.low { shouldPause = false } }
        switch outcome {
        case .deliver(.success(let vector)):
            return machine.applied(upTo: sequence, vector: vector, doubtsClock: doubtsClock, at: now)
        case .deliver(.failure(let error)): return machine.refused(error)
        case nil: return machine.refused(.storage("the region is stopping or its store has failed"))
        case .skipped, .refused, .write, .batch, .transact, .changeCatalog, .changeLocalSettings, .needs, .report,
            .done:
            return []
        }
    }
}
