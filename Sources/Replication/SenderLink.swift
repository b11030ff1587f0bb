public import HybridClock
import ItemModel
public import RegionStore

/// The sending end of a link: dials, decides which changes to ship, and what each acknowledgement means.
///
/// It makes no system call and reads no clock. Its owner calls one method for each thing that happened and carries out
/// the returned actions in order. At most one read is outstanding at a time.
public struct SenderLink: ~Copyable {
    private let identity: LinkIdentity
    private let peer: RegionIdentity
    private let configuration: LinkConfiguration
    private var phase = Phase.idle
    private var stream = SenderStream()
    private var backoff: Backoff
    private var refusalBackoff: Backoff
    /// Whether this connection ends as one end has refused the other.
    private var isRefused = false
    private var detector: FailureDetector
    private var log: LogBounds
    /// Up to where anybody can have this region's log: what the store held when it was opened, and what was shipped since, over any link.
    ///
    /// Not the log's end: what was added since tells nothing of what stood there before, on a disk that has forgotten it.
    public private(set) var given: LogPosition

    private enum Phase: Equatable {
        case idle
        /// The next attempt to open a connection begins at `next`, as the last one may not be answered at all; or, when that one has failed,
        /// at `earliest`.
        case dialling(earliest: UInt64, next: UInt64)
        case greeting(since: UInt64)
        case streaming
        case closing
    }

    /// Where the region's log begins and ends, and its closed timestamp at that end.
    public struct LogBounds: Sendable, Hashable {
        /// Up to where the log holds only what is of logs that have ended.
        public let begin: LogPosition
        public let start: LogPosition
        public let end: LogPosition
        public let closed: HybridTimestamp
        /// Which logs the region has: `RegionStore.directory`.
        public let directory: RegionDirectory

        public init(
            begin: LogPosition = .zero, start: LogPosition, end: LogPosition, closed: HybridTimestamp,
            directory: RegionDirectory
        ) {
            self.begin = begin
            self.start = start
            self.end = end
            self.closed = closed
            self.directory = directory
        }
    }

    public enum Action: Sendable, Hashable {
        /// Open a connection; then call `connected(at:)` or `attemptFailed(isRefusal:at:using:)`, and before that
        /// `attemptAnswered(at:)` where the peer's host has answered.
        ///
        /// An attempt that was not answered goes on beside the next ones; the first that succeeds counts, and the others are to be closed.
        case connect
        /// The peer has accepted the link.
        case opened
        case send(LinkMessage)
        /// Read from the store, and call `readFinished(_:at:)`.
        case read(Read)
        /// Let the store know what the peer's store has: `RegionStore.noteAcknowledged(by:vector:)`.
        case noteAcknowledged(by: Origin, AppliedVector)
        /// Up to where the peer has this region's log, when the link begins, or where that is beyond ``given``.
        case noteKnown(upTo: LogPosition, isBeyond: Bool)
        /// What the peer's physical clock showed.
        case noteClock(ClockSample)
        /// So many changes were durable at the peer so long after they were stamped here.
        case recordLag(milliseconds: UInt64, count: Int)
        /// Call `timerFired(at:using:)` at this monotonic time; it replaces an earlier wish.
        case wakeAt(UInt64)
        /// Close the connection, release what was kept for reads, and call `disconnected(at:using:)`.
        case close(LinkEnding)
    }

    public init(
        from identity: LinkIdentity, to peer: RegionIdentity, configuration: LinkConfiguration,
        log: LogBounds
    ) {
        self.identity = identity
        self.peer = peer
        self.configuration = configuration
        self.log = log
        given = log.end
        backoff = Backoff(bounds: configuration.backoffMilliseconds)
        refusalBackoff = Backoff(bounds: configuration.refusalBackoffMilliseconds)
        detector = FailureDetector(
            interval: configuration.heartbeatMilliseconds, bounds: configuration.silenceMilliseconds)
    }

    /// Dials for the first time.
    public mutating func start(at now: LinkInstant) -> [Action] {
        guard phase == .idle else { return [] }
        return dialNow(waiting: configuration.backoffMilliseconds.lowerBound, at: now)
    }

    /// The connection stands, and the peer's certificate names the peer.
    public mutating func connected(at now: LinkInstant) -> [Action] {
        guard case .dialling = phase else { return [] }
        phase = .greeting(since: now.monotonicMilliseconds)
        stream = SenderStream()
        isRefused = false
        detector.begin(at: now.monotonicMilliseconds)
        let hello = LinkMessage.Hello(
            versions: supportedProtocolVersions, region: identity.region, name: identity.name,
            incarnation: identity.incarnation, clockMilliseconds: now.physicalMilliseconds)
        return [.send(.hello(hello)), .wakeAt(configuration.nextHeartbeat(after: now.monotonicMilliseconds))]
    }

    /// The peer's host has answered an attempt to open a connection: the next one gives it time for the handshakes.
    public mutating func attemptAnswered(at now: LinkInstant) -> [Action] {
        guard case .dialling(let earliest, let next) = phase else { return [] }
        let later = max(next, now.monotonicMilliseconds + configuration.connectMilliseconds)
        phase = .dialling(earliest: earliest, next: later)
        return [.wakeAt(later)]
    }

    /// An attempt to open a connection has failed.
    ///
    /// - Parameter isRefusal: whether one end has refused the other.
    public mutating func attemptFailed(
        isRefusal: Bool, at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        guard case .dialling(let earliest, let next) = phase else { return [] }
        guard !isRefusal else { return dialLater(refusalBackoff.next(using: &generator), at: now) }
        guard earliest < next else { return [] }
        let soon = max(earliest, now.monotonicMilliseconds)
        phase = .dialling(earliest: soon, next: soon)
        return [.wakeAt(soon)]
    }

    /// The connection is gone, for whatever reason.
    ///
    /// - Parameter isRefusal: whether the connection itself says that one end has refused the other, as TLS may after its handshake.
    public mutating func disconnected(
        isRefusal: Bool = false, at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        switch phase {
        case .idle, .dialling: return []
        case .greeting, .streaming, .closing: break
        }
        stream = SenderStream()
        let wait =
            isRefused || isRefusal ? refusalBackoff.next(using: &generator) : backoff.next(using: &generator)
        return dialLater(wait, at: now)
    }

    /// So much of the log was shipped over another link.
    public mutating func noteGiven(upTo position: LogPosition) { given = max(given, position) }

    /// The region has committed.
    public mutating func logAdvanced(to bounds: LogBounds, at now: LinkInstant) -> [Action] {
        log = bounds
        guard phase == .streaming else { return [] }
        var actions: [Action] = []
        pump(&actions)
        return actions
    }

    /// The peer has opened a link of its own: it is there, so a wait for the next attempt is over.
    public mutating func peerCameUp(at now: LinkInstant) -> [Action] {
        guard case .dialling = phase else { return [] }
        backoff.reset()
        return dialNow(waiting: configuration.backoffMilliseconds.lowerBound, at: now)
    }

    /// The moment of the last `wakeAt` has come.
    public mutating func timerFired(
        at now: LinkInstant, using generator: inout some RandomNumberGenerator
    ) -> [Action] {
        switch phase {
        case .idle, .closing: return []
        case .dialling(_, let next):
            guard now.monotonicMilliseconds >= next else { return [.wakeAt(next)] }
            return dialNow(waiting: backoff.next(using: &generator), at: now)
        case .greeting, .streaming:
            guard !detector.check(at: now.monotonicMilliseconds) else {
                return close(.silence(milliseconds: detector.limit))
            }
            var actions: [Action] = []
            if phase == .streaming {
                pump(&actions)
                heartbeat(&actions, at: now)
            }
            actions.append(.wakeAt(configuration.nextHeartbeat(after: now.monotonicMilliseconds)))
            return actions
        }
    }

    /// Part of a message has come: the peer is there.
    public mutating func receivedPart(at now: LinkInstant) { detector.heard(at: now.monotonicMilliseconds) }

    /// The peer has said something.
    public mutating func received(_ message: LinkMessage, at now: LinkInstant) -> [Action] {
        detector.heard(at: now.monotonicMilliseconds)
        switch (phase, message) {
        case (.greeting(let since), .welcome(let welcome)): return greeted(by: welcome, since: since, at: now)
        case (.greeting, .refuse(let refusal)), (.streaming, .refuse(let refusal)):
            return close(.refusedByPeer(refusal))
        case (.streaming, .alive): return []
        case (.streaming, .acknowledge(let sequence, let vector, let clock)):
            return acknowledged(upTo: sequence, vector: vector, clock: clock, at: now)
        case (.streaming, .request(let request)):
            var actions: [Action] = []
            switch stream.accept(request, log: log, own: identity.origin) {
            case .accepted: break
            case .answer(let answer): actions.append(.send(answer))
            case .refused: return refuse(.malformed, "more requests than any region needs")
            }
            pump(&actions)
            return actions
        case (.idle, _), (.dialling, _), (.closing, _): return []
        case (.greeting, _), (.streaming, _):
            return refuse(.malformed, "a message that is not due: \(message.kindName)")
        }
    }

    /// The read that was asked for last is done.
    public mutating func readFinished(_ outcome: ReadOutcome, at now: LinkInstant) -> [Action] {
        guard phase == .streaming else { return [] }
        var actions: [Action] = []
        if let job = stream.takeReading() {
            guard let shipped = stream.ship(outcome, of: job, own: identity.origin, log: log) else {
                return close(.failed("a read gave something else than was asked for"))
            }
            actions = shipped
            given = max(given, stream.ownPosition)
        }
        pump(&actions)
        return actions
    }

    // MARK: - Queries

    /// Whether the link is up.
    public var isStreaming: Bool { phase == .streaming }

    /// Whether a commit can have something shipped at once: with a read outstanding the log's end is looked at when that is done.
    public var awaitsCommits: Bool { phase == .streaming && stream.reading == nil }

    /// The bytes that were sent and wait for their acknowledgement.
    public var inFlightByteCount: Int { stream.inFlightByteCount }

    /// Up to where the region's own log was shipped and acknowledged on this connection.
    public var shippedPosition: LogPosition { stream.ownPosition }
    public var acknowledgedPosition: LogPosition { stream.acknowledgedVector[identity.origin] }

    // MARK: - Private

    private mutating func greeted(
        by welcome: LinkMessage.Welcome, since start: UInt64, at now: LinkInstant
    ) -> [Action] {
        guard welcome.region == peer.id, welcome.name == peer.name else {
            return refuse(.identity, "\(peer.name) was expected, and \(welcome.name) answered")
        }
        guard supportedProtocolVersions.contains(welcome.version) else {
            return refuse(.version, "version \(welcome.version) of the protocol is not spoken here")
        }
        let own = welcome.vector[identity.origin]
        guard own <= given else { return refuseForgotten(own) }
        phase = .streaming
        stream.peer = Origin(region: welcome.region, incarnation: welcome.incarnation)
        stream.acknowledgedVector = welcome.vector
        // The welcome counts what a replica there may still lack, and an earlier incarnation had what this one has not.
        var actions = [Action.opened] + clock(welcome.clockMilliseconds, since: start, at: now)
        actions.append(.noteKnown(upTo: own, isBeyond: false))
        actions.append(.noteAcknowledged(by: stream.peer, AppliedVector()))
        let isKnown = welcome.vector.contains(identity.origin)
        if isKnown, own.successor >= log.start {
            stream.begin(.own(readPosition: own))
        } else {
            stream.begin(.catalog(isReset: isKnown))
        }
        pump(&actions)
        return actions
    }

    private mutating func acknowledged(
        upTo sequence: UInt64, vector: AppliedVector, clock: UInt64, at now: LinkInstant
    ) -> [Action] {
        guard let acknowledged = stream.acknowledge(upTo: sequence) else {
            return refuse(
                .malformed, "sequence \(sequence) was acknowledged, but \(stream.lastSequence) is the last one sent")
        }
        guard vector[identity.origin] <= given else { return refuseForgotten(vector[identity.origin]) }
        if sequence > 0 {
            // Not before: a peer that refuses what it is sent is not to be dialled again and again.
            backoff.reset()
            refusalBackoff.reset()
        }
        stream.acknowledgedVector = vector
        var actions = [Action.noteAcknowledged(by: stream.peer, vector)]
        if let asked = stream.takeClockQuestion(answeredBy: sequence) {
            actions += self.clock(clock, since: asked, at: now)
        }
        for batch in acknowledged {
            let lag = now.physicalMilliseconds - min(now.physicalMilliseconds, batch.stampMilliseconds)
            actions.append(.recordLag(milliseconds: lag, count: batch.changeCount))
        }
        pump(&actions)
        return actions
    }

    /// What the peer's clock shows, unless the peer itself doubts it.
    private func clock(_ clock: UInt64, since asked: UInt64, at now: LinkInstant) -> [Action] {
        guard clock > 0 else { return [] }
        return [.noteClock(ClockSample(clock: clock, askedAt: asked, answeredAt: now.monotonicMilliseconds))]
    }

    /// Asks for the next read, if one is due and the bytes in flight allow it.
    private mutating func pump(_ actions: inout [Action]) {
        guard phase == .streaming,
            let read = stream.nextRead(log: log, own: identity.origin, configuration: configuration)
        else { return }
        actions.append(.read(read))
    }

    /// Also where more is to be sent than may be in flight: the peer must not take that for silence.
    ///
    /// Each heartbeat passes through the peer's writer and is acknowledged: one that would say nothing new is sent only as often as clocks
    /// are to be compared, and a sign of life in its place.
    private mutating func heartbeat(_ actions: inout [Action], at now: LinkInstant) {
        guard let position = stream.ownReadPosition else {
            actions.append(.send(.alive))
            return
        }
        if position == log.end { stream.closed = log.closed }
        let progress = SenderStream.Progress(position: position, closed: stream.closed, directory: log.directory)
        guard stream.isHeartbeatDue(progress, at: now.monotonicMilliseconds) else {
            actions.append(.send(.alive))
            return
        }
        let heartbeat = LinkMessage.Heartbeat(
            position: position, closed: stream.closed, clockMilliseconds: now.physicalMilliseconds,
            directory: log.directory)
        actions.append(.send(.heartbeat(sequence: stream.take(byteCount: 0), heartbeat)))
        stream.askForClock(at: now.monotonicMilliseconds)
    }

    /// The peer has more of this region's log than the region: its disk has forgotten it.
    private mutating func refuseForgotten(_ position: LogPosition) -> [Action] {
        [.noteKnown(upTo: position, isBeyond: true)]
            + refuse(
                .identity,
                "the peer has changes of this region's log up to \(position), and no more than \(given) were given out"
            )
    }

    /// Begins an attempt; the next one begins after `wait` if this one fails, and after the longest wait if it is not answered.
    private mutating func dialNow(waiting wait: UInt64, at now: LinkInstant) -> [Action] {
        let next = now.monotonicMilliseconds + configuration.backoffMilliseconds.upperBound
        phase = .dialling(earliest: min(now.monotonicMilliseconds + wait, next), next: next)
        return [.connect, .wakeAt(next)]
    }

    private mutating func dialLater(_ wait: UInt64, at now: LinkInstant) -> [Action] {
        let next = now.monotonicMilliseconds + wait
        phase = .dialling(earliest: next, next: next)
        return [.wakeAt(next)]
    }

    private mutating func close(_ ending: LinkEnding) -> [Action] {
        phase = .closing
        isRefused = ending.isRefusal
        return [.close(ending)]
    }

    private mutating func refuse(_ code: LinkMessage.Refusal.Code, _ text: String) -> [Action] {
        let refusal = LinkMessage.Refusal(code: code, text: Text(text))
        return [.send(.refuse(refusal))] + close(.refused(refusal))
    }
}
