import ItemModel
public import RegionStore

/// The receiving end of a link: checks who sends, hands what arrives to the store, and acknowledges what is durable.
///
/// It makes no system call and reads no clock. Its owner calls one method for each thing that happened and carries out
/// the returned actions in order.
public struct ReceiverLink: ~Copyable {
    private let identity: LinkIdentity
    private let regions: [RegionIdentity]
    private let configuration: LinkConfiguration
    private var phase = Phase.idle
    private var detector: FailureDetector
    private var isReadingPaused = false
    /// Whether anything was sent since the last heartbeat was due.
    private var hasSpoken = false
    /// What was last acknowledged with.
    private var acknowledgedVector: AppliedVector?
    private var receivedSequence: UInt64 = 0
    private var appliedSequence: UInt64 = 0
    /// What was asked for and not answered yet, in the order of asking.
    private var asked: [LinkMessage.Request] = []

    private enum Phase: Equatable {
        case idle
        case greeting
        case streaming(Origin)
        case closed
    }

    public enum Action: Sendable, Hashable {
        case send(LinkMessage)
        /// Hand it to the store's writer; when it is durable, call `applied(upTo:vector:at:)`, or `refused(_:)` when the store
        /// refuses it. Deliveries are carried out in the order in which they were asked for.
        case deliver(sequence: UInt64, LinkDelivery)
        /// The link is up: its sender is this origin.
        case established(Origin)
        /// The replica needs a snapshot once more, as the sender has no longer the changes of a log that it lacks:
        /// `RegionStore.transferAgain(_:lacking:from:)`.
        case transferAgain(LocalReplica, lacking: Origin, from: Origin)
        /// The sender cannot send the replica just now, another may: `RegionStore.releaseTransfer(_:from:)`.
        case releaseTransfer(LocalReplica, from: Origin)
        /// Call `timerFired(at:)` at this monotonic time; it replaces an earlier wish.
        case wakeAt(UInt64)
        /// Close the connection and forget the link; transfers that it had taken are for others:
        /// `RegionStore.abandonTransfers(from:)`.
        case close(LinkEnding)
    }

    /// - Parameter regions: every region of the topology.
    public init(
        at identity: LinkIdentity, regions: [RegionIdentity], configuration: LinkConfiguration
    ) {
        self.identity = identity
        self.regions = regions
        self.configuration = configuration
        detector = FailureDetector(
            interval: configuration.heartbeatMilliseconds, bounds: configuration.silenceMilliseconds)
    }

    /// A connection was accepted.
    public mutating func connected(at now: LinkInstant) -> [Action] {
        guard phase == .idle else { return [] }
        phase = .greeting
        detector.begin(at: now.monotonicMilliseconds)
        return [.wakeAt(configuration.nextHeartbeat(after: now.monotonicMilliseconds))]
    }

    /// Part of a message has come: the sender is there.
    public mutating func receivedPart(at now: LinkInstant) { detector.heard(at: now.monotonicMilliseconds) }

    /// The owner reads nothing more from the connection, or does so again: what it does not read is no silence of the sender's.
    public mutating func setReadingPaused(_ isPaused: Bool, at now: LinkInstant) {
        isReadingPaused = isPaused
        detector.begin(at: now.monotonicMilliseconds)
    }

    /// The sender has said something.
    ///
    /// - Parameters:
    ///   - certificateNames: the names in the sender's certificate, of which one must be the region that the hello
    ///     claims.
    ///   - vector: what this region has applied; asked for only to answer a hello.
    ///   - doubtsClock: whether the region's physical clock is no witness for others.
    public mutating func received(
        _ message: LinkMessage, certificateNames: [String], vector: @autoclosure () -> AppliedVector,
        doubtsClock: Bool, at now: LinkInstant
    ) -> [Action] {
        detector.heard(at: now.monotonicMilliseconds)
        switch (phase, message) {
        case (.idle, _), (.closed, _): return []
        case (.greeting, .hello(let hello)):
            return greeted(
                by: hello, certificateNames: certificateNames, vector: vector(),
                clock: doubtsClock ? 0 : now.physicalMilliseconds)
        case (.greeting, .refuse(let refusal)), (.streaming, .refuse(let refusal)):
            return close(.refusedByPeer(refusal))
        case (.greeting, _): return refuse(.malformed, "a message that is not due: \(message.kindName)")
        case (.streaming(let sender), _): return receivedInStream(message, from: sender, at: now)
        }
    }

    /// Everything up to `sequence` is durable.
    ///
    /// - Parameter doubtsClock: whether the region's physical clock is no witness for others.
    public mutating func applied(
        upTo sequence: UInt64, vector: AppliedVector, doubtsClock: Bool, at now: LinkInstant
    ) -> [Action] {
        guard case .streaming = phase, sequence > appliedSequence else { return [] }
        appliedSequence = sequence
        return [acknowledge(vector, doubtsClock: doubtsClock, at: now)]
    }

    /// The store refuses what the sender sent.
    public mutating func refused(_ error: ApplyError) -> [Action] {
        guard case .streaming = phase else { return [] }
        switch error {
        case .clock: return refuse(.clock, "\(error)")
        case .malformed: return refuse(.malformed, "\(error)")
        case .storage: return refuse(.storage, "\(error)")
        case .noRoom: return refuse(.room, "\(error)")
        }
    }

    /// Everything that this region needs of the sender just now.
    ///
    /// What was asked for already is not asked for twice, and changes of another origin that are no longer needed are
    /// called off.
    public mutating func needs(_ requests: [LinkMessage.Request]) -> [Action] {
        guard case .streaming = phase else { return [] }
        var actions: [Action] = []
        var kept: [LinkMessage.Request] = []
        for request in asked {
            if case .relay(let origin, _) = request {
                guard !requests.contains(where: { $0.relays(origin) }) else {
                    kept.append(request)
                    continue
                }
                hasSpoken = true
                actions.append(.send(.request(.stopRelaying(origin))))
            } else if requests.contains(where: { $0 == request || $0.isPart(of: request) }) {
                kept.append(request)
            }
        }
        asked = kept
        for request in requests where !asked.contains(where: { request == $0 || request.isPart(of: $0) }) {
            if case .relay(let origin, _) = request, isRelaying(origin) { continue }
            asked.append(request)
            hasSpoken = true
            actions.append(.send(.request(request)))
        }
        return actions
    }

    /// The moment of the last `wakeAt` has come.
    ///
    /// The sender must not have to wait for the store to know that this end is there, so this end says so; and where the region has got
    /// something over other links, it says that.
    ///
    /// - Parameters:
    ///   - vector: what every replica of the region has.
    ///   - doubtsClock: whether the region's physical clock is no witness for others.
    public mutating func timerFired(
        vector: @autoclosure () -> AppliedVector, doubtsClock: Bool, at now: LinkInstant
    ) -> [Action] {
        guard phase != .idle, phase != .closed else { return [] }
        guard isReadingPaused || !detector.check(at: now.monotonicMilliseconds) else {
            return close(.silence(milliseconds: detector.limit))
        }
        var actions: [Action] = []
        if case .streaming = phase, !hasSpoken {
            let vector = vector()
            if vector == acknowledgedVector {
                actions.append(.send(.alive))
            } else {
                actions.append(acknowledge(vector, doubtsClock: doubtsClock, at: now))
            }
        }
        hasSpoken = false
        actions.append(.wakeAt(configuration.nextHeartbeat(after: now.monotonicMilliseconds)))
        return actions
    }

    /// The connection is gone.
    public mutating func disconnected() {
        phase = .closed
    }

    // MARK: - Queries

    /// The sender, once the link is up.
    public var sender: Origin? {
        guard case .streaming(let origin) = phase else { return nil }
        return origin
    }

    /// How many messages wait for the store: the owner reads no more from the connection while there are many.
    public var backlogCount: Int { Int(clamping: receivedSequence - appliedSequence) }

    // MARK: - Private

    private mutating func acknowledge(
        _ vector: AppliedVector, doubtsClock: Bool, at now: LinkInstant
    ) -> Action {
        hasSpoken = true
        acknowledgedVector = vector
        return .send(
            .acknowledge(
                sequence: appliedSequence, vector: vector,
                clockMilliseconds: doubtsClock ? 0 : now.physicalMilliseconds))
    }

    private func isRelaying(_ origin: Origin) -> Bool {
        asked.contains { $0.relays(origin) }
    }

    private mutating func greeted(
        by hello: LinkMessage.Hello, certificateNames: [String], vector: AppliedVector, clock: UInt64
    ) -> [Action] {
        guard hello.versions.overlaps(supportedProtocolVersions) else {
            return refuse(
                .version,
                "versions \(hello.versions) of the protocol were offered, \(supportedProtocolVersions) are spoken here")
        }
        guard hello.region != identity.region,
            regions.contains(where: { $0.id == hello.region && $0.name == hello.name })
        else {
            return refuse(
                .identity, "no other region of this topology is called \(hello.name) and has the id \(hello.region)")
        }
        guard certificateNames.contains(hello.name.string) else {
            return refuse(
                .identity,
                "the certificate is for \(certificateNames.joined(separator: ", ")), the hello says \(hello.name)")
        }
        let sender = Origin(region: hello.region, incarnation: hello.incarnation)
        phase = .streaming(sender)
        let welcome = LinkMessage.Welcome(
            version: min(hello.versions.upperBound, supportedProtocolVersions.upperBound), region: identity.region,
            name: identity.name, incarnation: identity.incarnation, clockMilliseconds: clock, vector: vector)
        return [.send(.welcome(welcome)), .established(sender)]
    }

    private mutating func receivedInStream(
        _ message: LinkMessage, from sender: Origin, at now: LinkInstant
    ) -> [Action] {
        switch message {
        case .catalog(let sequence, let image):
            return deliver(
                sequence,
                .catalog(
                    ReceivedCatalog(
                        entries: image.entries, collected: image.collected, position: image.position,
                        isReset: image.isReset), from: sender))
        case .changes(let sequence, let changes):
            return deliver(sequence, .changes(credible(changes.batch, from: sender)))
        case .heartbeat(let sequence, let heartbeat):
            guard heartbeat.directory.isCredible(from: sender) else {
                return refuse(.malformed, "a directory of logs that \(sender) cannot give")
            }
            return deliver(
                sequence,
                .heartbeat(
                    sender, position: heartbeat.position, closed: heartbeat.closed, directory: heartbeat.directory))
        case .snapshotPart(let sequence, let replica, let part):
            return deliver(sequence, .snapshotPart(replica, part))
        case .snapshotEnd(let sequence, let replica, let vector):
            asked.removeAll { $0 == .transfer(replica) }
            return deliver(sequence, .snapshotEnd(replica, vector))
        case .catchUpEnd(let sequence, let replica, let origin, let position):
            let isDirect = origin == sender
            // What another region has sent may leave the gap open: it is not asked for again as long as it is needed.
            if isDirect {
                asked.removeAll { if case .catchUp(replica, _, origin, position) = $0 { true } else { false } }
            }
            return deliver(sequence, .catchUpEnd(replica, of: origin, after: position, isDirect: isDirect))
        case .unavailable(let request, let reason):
            guard asked.contains(request) else { return [] }
            asked.removeAll { $0 == request }
            switch request {
            case .transfer(let replica): return [.releaseTransfer(replica, from: sender)]
            case .catchUp(let replica, _, let origin, _):
                return reason == .trimmed ? [.transferAgain(replica, lacking: origin, from: sender)] : []
            case .relay, .stopRelaying, .orphanedOrigin: return []
            }
        case .orphanedOriginEnd(let sequence, let origin, let after, let seen, let isTrimmed):
            asked.removeAll { $0.isOrphaned(of: origin) }
            return deliver(
                sequence,
                .orphanedOriginEnd(of: origin, from: sender, after: after, seen: seen, isTrimmed: isTrimmed))
        case .alive: return []
        case .hello, .welcome, .acknowledge, .request, .refuse:
            return refuse(.malformed, "a message that is not due: \(message.kindName)")
        }
    }

    /// What another region relays counts as complete only where it was asked for, and apart from the records.
    private func credible(_ batch: ReceivedBatch, from sender: Origin) -> ReceivedBatch {
        guard batch.origin != sender, batch.isComplete else { return batch }
        return ReceivedBatch(
            origin: batch.origin, records: batch.records, position: batch.position,
            isComplete: batch.records.isEmpty && isRelaying(batch.origin))
    }

    private mutating func deliver(_ sequence: UInt64, _ delivery: LinkDelivery) -> [Action] {
        guard sequence == receivedSequence + 1 else {
            return refuse(.malformed, "sequence \(sequence) came after \(receivedSequence)")
        }
        receivedSequence = sequence
        return [.deliver(sequence: sequence, delivery)]
    }

    private mutating func close(_ ending: LinkEnding) -> [Action] {
        phase = .closed
        return [.close(ending)]
    }

    private mutating func refuse(_ code: LinkMessage.Refusal.Code, _ text: String) -> [Action] {
        let refusal = LinkMessage.Refusal(code: code, text: Text(text))
        return [.send(.refuse(refusal))] + close(.refused(refusal))
    }
}

extension LinkMessage.Request {
    /// Whether it asks for that origin's changes.
    fileprivate func relays(_ origin: Origin) -> Bool {
        if case .relay(origin, _) = self { true } else { false }
    }

    /// Whether it asks for all that is left of that origin.
    fileprivate func isOrphaned(of origin: Origin) -> Bool {
        if case .orphanedOrigin(origin, _, _) = self { true } else { false }
    }

    /// Whether `other` brings what it asks for, and more: part of the orphaned origin may have come meanwhile.
    fileprivate func isPart(of other: Self) -> Bool {
        guard case .orphanedOrigin(let origin, let after, let successor) = self,
            case .orphanedOrigin(origin, let earlier, successor) = other
        else { return false }
        return earlier <= after
    }
}
