public import RegionStore
public import Replication

/// Decides for all links of a region: the ones that it dials, and the ones that others have opened.
///
/// It makes no system call and reads no clock. Its shell calls one method for each thing that happened and carries out the returned actions
/// in their order. It has one wake-up for everything that it waits for.
public final class LinkHub {
    /// Tells the connections that others have opened apart; never used again while the process runs.
    public typealias LinkNumber = UInt64

    /// One end of one connection.
    public enum LinkEnd: Sendable, Hashable {
        /// The connection that this region has opened to another one.
        case outgoing(RegionID)
        /// A connection that another region has opened.
        case incoming(LinkNumber)

        fileprivate var name: String {
            switch self {
            case .outgoing: "outgoing"
            case .incoming: "incoming"
            }
        }
    }

    public enum Action: Sendable {
        /// Open a connection to the region; then call `connected(to:at:)` or `attemptFailed(to:isRefusal:at:using:)`.
        ///
        /// Earlier attempts go on beside it. The first that succeeds counts, and the others are to be closed.
        case connect(RegionID)
        /// The region has accepted the link to it.
        case opened(RegionID)
        case send(LinkMessage, LinkEnd)
        /// Read from the store, and call `readFinished(_:of:connection:at:)`.
        case read(SenderLink.Read, RegionID, connection: UInt64)
        /// Close the connection, unless the ending is abrupt after what was sent has gone out, and call `disconnected(_:at:using:)`.
        case close(LinkEnd, LinkEnding)
        /// Put the command in the writer's queue, unbounded; when it is answered, call `answered(_:_:at:)` with the ticket.
        case submit(RegionCommand, Ticket?)
        /// Read nothing more from the connection: too much of it waits for the writer.
        case pauseReading(LinkNumber)
        case resumeReading(LinkNumber)
        /// So many changes were durable in the region so long after they were stamped here.
        case recordLag(RegionID, milliseconds: UInt64, count: Int)
        /// A link from another region's log is up.
        case established(LinkNumber, Origin)
        /// Call `timerFired(at:using:)` at this monotonic time; it replaces an earlier wish.
        case wakeAt(UInt64)
    }

    /// By what the hub knows the answer to a command again.
    public enum Ticket: Sendable, Hashable {
        case delivery(LinkNumber, sequence: UInt64)
        case needs

        fileprivate var name: String {
            switch self {
            case .delivery: "delivery"
            case .needs: "needs"
            }
        }
    }

    let identity: LinkIdentity
    let regions: [RegionIdentity]
    let configuration: LinkConfiguration
    private let policy: RelayPolicy
    /// In the order of the regions' numbers.
    var outgoing: [OutgoingLink]
    /// In the order in which they were opened.
    var incoming: [IncomingLink] = []
    private(set) var peers: PeerLinks
    private(set) var committed: CommittedState
    /// Who was last asked for what.
    private var plan = RelayPolicy.Plan()
    private var reviews: NeedsReviews
    private var nextLinkNumber: LinkNumber = 1
    /// The wake-up that was last wished for.
    private var wakeAt = UInt64.max
    /// Told of each call, without what depends on time: shells are held against each other by it.
    package var journal: ((String) -> Void)?

    /// - Parameters:
    ///   - regions: every region of the topology.
    ///   - policy: how long a link may be down before its changes are asked of another region.
    public init(
        at identity: LinkIdentity, regions: [RegionIdentity], configuration: LinkConfiguration,
        committed: CommittedState, policy: RelayPolicy = RelayPolicy(), now: LinkInstant
    ) {
        self.identity = identity
        self.regions = regions
        self.configuration = configuration
        self.committed = committed
        self.policy = policy
        let others = regions.filter { $0.id != identity.region }.sorted { $0.id < $1.id }
        outgoing = others.map { OutgoingLink(to: $0, from: identity, configuration, log: committed.log) }
        peers = PeerLinks(others.map(\.id), at: now.monotonicMilliseconds)
        reviews = NeedsReviews(
            configuration, patience: policy.patienceMilliseconds, at: now.monotonicMilliseconds)
    }

    /// Whether the hub wants to be told of the next commit at once.
    ///
    /// Otherwise the shell may wait until something else happens, and tell of all commits together before that.
    public var awaitsCommits: Bool { outgoing.contains { $0.awaitsCommits } }

    // MARK: - What happened

    /// The region has started: every other one is dialled.
    public func start(at now: LinkInstant) -> [Action] {
        journal?("start")
        var actions: [Action] = []
        for index in outgoing.indices { carryOut(outgoing[index].start(at: now), of: index, at: now, &actions) }
        return finish(&actions)
    }

    /// The writer has committed.
    public func advanced(to committed: CommittedState, at now: LinkInstant) -> [Action] {
        let isSameLog = committed.log == self.committed.log
        self.committed = committed
        guard !isSameLog else { return [] }
        var actions: [Action] = []
        for index in outgoing.indices {
            carryOut(outgoing[index].logAdvanced(to: committed.log, at: now), of: index, at: now, &actions)
        }
        return finish(&actions)
    }

    /// The writer has answered what was submitted with that ticket; nil where the store failed or the region is stopping.
    public func answered(_ ticket: Ticket, _ outcome: RegionOutcome?, at now: LinkInstant) -> [Action] {
        journal?("answered \(ticket.name)")
        var actions: [Action] = []
        switch ticket {
        case .delivery(let number, let sequence):
            guard let index = incoming.firstIndex(where: { $0.number == number }) else { return [] }
            let delivered = incoming[index].delivered(
                sequence, outcome, doubtsClock: committed.doubtsClock, at: now)
            carryOut(delivered, of: index, at: now, &actions)
        case .needs:
            guard case .needs(let needs) = outcome else {
                reviews.end(foundNothing: false)
                break
            }
            ask(for: needs, at: now, &actions)
            reviews.end(foundNothing: needs.isEmpty && plan.isEmpty)
        }
        return finish(&actions)
    }

    /// The moment of the last `wakeAt` has come.
    public func timerFired(
        at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        wakeAt = .max
        var actions: [Action] = []
        let time = now.monotonicMilliseconds
        for index in outgoing.indices where outgoing[index].takeDue(at: time) {
            let steps = outgoing[index].timerFired(at: now, using: &generator)
            carryOut(steps, of: index, at: now, &actions)
        }
        for number in incoming.map(\.number) {
            guard let index = incoming.firstIndex(where: { $0.number == number }), incoming[index].takeDue(at: time)
            else { continue }
            carryOut(incoming[index].timerFired(committed, at: now), of: index, at: now, &actions)
        }
        if reviews.takeDue(committed, peers: peers.all, at: time) { review(at: time, &actions) }
        return finish(&actions)
    }

    // MARK: - Connections that this region opens

    /// The region's host has answered an attempt to open a connection; what is on top of that may still fail.
    public func attemptAnswered(by region: RegionID, at now: LinkInstant) -> [Action] {
        withOutgoing(region, at: now) { $0.attemptAnswered(at: now) }
    }

    /// An attempt to open a connection to the region has failed.
    ///
    /// - Parameter isRefusal: whether one end has refused the other, and will do so again.
    public func attemptFailed(
        to region: RegionID, isRefusal: Bool, at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        withOutgoing(region, at: now) { $0.attemptFailed(isRefusal: isRefusal, at: now, using: &generator) }
    }

    /// The connection to the region stands, and its certificate names it; not to be called while another one does.
    public func connected(to region: RegionID, at now: LinkInstant) -> [Action] {
        journal?("outgoing connected")
        return withOutgoing(region, at: now) { $0.connected(at: now) }
    }

    /// A read is done.
    ///
    /// - Parameter connection: as the read's action said; what an earlier connection had asked for is ignored.
    public func readFinished(
        _ outcome: SenderLink.ReadOutcome, of region: RegionID, connection: UInt64, at now: LinkInstant
    ) -> [Action] {
        journal?("outgoing read")
        return withOutgoing(region, at: now) { $0.readFinished(outcome, connection: connection, at: now) }
    }

    private func withOutgoing(
        _ region: RegionID, at now: LinkInstant, _ body: (OutgoingLink) -> [SenderLink.Action]
    ) -> [Action] {
        guard let index = outgoing.firstIndex(where: { $0.peer.id == region }) else { return [] }
        var actions: [Action] = []
        carryOut(body(outgoing[index]), of: index, at: now, &actions)
        return finish(&actions)
    }

    // MARK: - Connections that others open

    /// Another region has opened a connection.
    ///
    /// - Parameter certificateNames: the names in its certificate.
    /// - Returns: the connection's number for all that follows, and what to do.
    public func accepted(certificateNames: [String], at now: LinkInstant) -> (LinkNumber, [Action]) {
        journal?("incoming accepted")
        let number = nextLinkNumber
        nextLinkNumber += 1
        incoming.append(
            IncomingLink(number, certificateNames, at: identity, regions: regions, configuration: configuration))
        var actions: [Action] = []
        let index = incoming.endIndex - 1
        carryOut(incoming[index].connected(at: now), of: index, at: now, &actions)
        return (number, finish(&actions))
    }

    // MARK: - Either

    /// The other end has said something.
    public func received(_ message: LinkMessage, on end: LinkEnd, at now: LinkInstant) -> [Action] {
        journal?("\(end.name) received \(message.kindName)")
        switch end {
        case .outgoing(let region):
            // What one region was sent another may have got from it.
            let given = outgoing.reduce(LogPosition.zero) { max($0, $1.given) }
            return withOutgoing(region, at: now) { link in
                link.noteGiven(upTo: given)
                return link.received(message, at: now)
            }
        case .incoming(let number):
            guard let index = incoming.firstIndex(where: { $0.number == number }) else { return [] }
            var actions: [Action] = []
            let received = incoming[index].received(message, committed, at: now)
            carryOut(received, of: index, at: now, &actions)
            return finish(&actions)
        }
    }

    /// Part of a message has come, which shows that the other end is there.
    public func receivedPart(on end: LinkEnd, at now: LinkInstant) {
        switch end {
        case .outgoing(let region): outgoing.first { $0.peer.id == region }?.receivedPart(at: now)
        case .incoming(let number): incoming.first { $0.number == number }?.receivedPart(at: now)
        }
    }

    /// The connection is gone.
    ///
    /// - Parameter isRefusal: whether the connection itself says that one end has refused the other.
    public func disconnected(
        _ end: LinkEnd, isRefusal: Bool = false, at now: LinkInstant,
        using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        switch end {
        case .outgoing(let region):
            journal?("outgoing disconnected")
            return withOutgoing(region, at: now) {
                $0.disconnected(isRefusal: isRefusal, at: now, using: &generator)
            }
        case .incoming(let number):
            guard let index = incoming.firstIndex(where: { $0.number == number }) else { return [] }
            let link = incoming.remove(at: index)
            journal?(link.sender == nil ? "incoming disconnected before its hello" : "incoming disconnected")
            var actions = [Action.submit(.endLink(number), nil)]
            if let sender = link.sender, !incoming.contains(where: { $0.sender == sender }) {
                peers.wentDown(sender, at: now.monotonicMilliseconds)
                actions.append(.submit(.administer(.abandonTransfers(from: sender)), nil))
            }
            return finish(&actions)
        }
    }

    // MARK: - Actions of links

    private func carryOut(
        _ steps: [SenderLink.Action], of index: Int, at now: LinkInstant, _ actions: inout [Action]
    ) {
        let region = outgoing[index].peer.id
        for step in steps {
            switch step {
            case .connect: actions.append(.connect(region))
            case .opened: actions.append(.opened(region))
            case .send(let message): actions.append(.send(message, .outgoing(region)))
            case .read(let read): actions.append(.read(read, region, connection: outgoing[index].connection))
            case .noteAcknowledged(let log, let vector):
                peers.reported(vector, by: log, at: now.monotonicMilliseconds)
                actions.append(.submit(.administer(.noteAcknowledged(by: log, vector)), nil))
            case .noteKnown(let position, let isBeyond):
                let known = RegionCommand.Administration.noteKnown(by: region, upTo: position, isBeyond: isBeyond)
                actions.append(.submit(.administer(known), nil))
            case .noteClock(let sample):
                outgoing[index].clock = sample
                actions.append(.submit(.administer(.noteClock(of: region, sample)), nil))
            case .recordLag(let milliseconds, let count):
                actions.append(.recordLag(region, milliseconds: milliseconds, count: count))
            case .wakeAt(let time): outgoing[index].wakeAt = time
            case .close(let ending): actions.append(.close(.outgoing(region), ending))
            }
        }
    }

    private func carryOut(
        _ steps: [ReceiverLink.Action], of index: Int, at now: LinkInstant, _ actions: inout [Action]
    ) {
        let number = incoming[index].number
        for step in steps {
            switch step {
            case .send(let message): actions.append(.send(message, .incoming(number)))
            case .deliver(let sequence, let delivery):
                if case .heartbeat(let origin, _, _, let directory) = delivery {
                    retireLogs(of: origin.region, directory, &actions)
                }
                actions.append(.submit(.deliver(delivery, link: number), .delivery(number, sequence: sequence)))
            case .established(let log): established(log, on: number, at: now, &actions)
            case .transferAgain(let replica, let log, let sender):
                actions.append(.submit(.administer(.transferAgain(replica, lacking: log, from: sender)), nil))
            case .releaseTransfer(let replica, let log):
                actions.append(.submit(.administer(.releaseTransfer(replica, from: log)), nil))
            case .wakeAt(let time): incoming[index].wakeAt = time
            case .close(let ending): actions.append(.close(.incoming(number), ending))
            }
        }
        switch incoming[index].takeReadingChange(at: now) {
        case true?: actions.append(.pauseReading(number))
        case false?: actions.append(.resumeReading(number))
        case nil: break
        }
    }

    private func established(
        _ log: Origin, on number: LinkNumber, at now: LinkInstant, _ actions: inout [Action]
    ) {
        for other in incoming where other.number != number && other.sender == log {
            actions.append(.close(.incoming(other.number), .replaced))
        }
        peers.cameUp(log)
        actions.append(.established(number, log))
        for index in outgoing.indices where outgoing[index].peer.id == log.region {
            carryOut(outgoing[index].peerCameUp(at: now), of: index, at: now, &actions)
        }
        review(at: now.monotonicMilliseconds, &actions)
    }

    /// Forgets the logs that their region says have ended.
    private func retireLogs(of region: RegionID, _ directory: RegionDirectory, _ actions: inout [Action]) {
        for log in directory.ended where log.region == region {
            peers.remove(log)
            for link in incoming where link.sender == log {
                actions.append(.close(.incoming(link.number), .logEnded))
            }
        }
    }

    // MARK: - What this region needs

    /// Finds out what to ask the others for: snapshot transfers, changes once more, and changes of regions that only others reach.
    private func review(at time: UInt64, _ actions: inout [Action]) {
        let senders = incoming.compactMap(\.sender)
        guard !senders.isEmpty, reviews.begin(committed, peers: peers.all, at: time) else { return }
        actions.append(.submit(.administer(.findNeeds(of: senders)), .needs))
    }

    private func ask(for needs: RegionNeeds, at now: LinkInstant, _ actions: inout [Action]) {
        plan = policy.plan(for: needs, peers: peers.all, current: plan, at: now.monotonicMilliseconds)
        for sender in needs.senders {
            let requests = plan.requests(to: sender, of: needs)
            for index in incoming.indices where incoming[index].sender == sender.origin {
                carryOut(incoming[index].needs(requests), of: index, at: now, &actions)
            }
        }
    }

    // MARK: - Time

    /// Adds the wake-up, where it is another one than before.
    private func finish(_ actions: inout [Action]) -> [Action] {
        var next = reviews.due
        for index in outgoing.indices { next = min(next, outgoing[index].wakeAt ?? .max) }
        for index in incoming.indices { next = min(next, incoming[index].wakeAt ?? .max) }
        if next != wakeAt {
            wakeAt = next
            actions.append(.wakeAt(next))
        }
        return actions
    }
}
