import HybridClock
import ItemModel
import RegionStore

/// What a sender has under way on one connection: jobs that take turns at reading, and messages that wait for their
/// acknowledgement.
struct SenderStream {
    /// The receiver's region and incarnation.
    var peer = Origin(rawValue: 0)
    var acknowledgedVector = AppliedVector()
    /// The region's closed timestamp when everything had last been sent: changes up to a later one may still wait.
    var closed = HybridTimestamp.zero
    private(set) var lastSequence: UInt64 = 0
    private(set) var ownPosition = LogPosition.zero
    private(set) var inFlightByteCount = 0
    private var acknowledgedSequence: UInt64 = 0
    /// The message whose acknowledgement tells the peer's clock, and when it was sent, in monotonic milliseconds.
    private var clockQuestion: (sequence: UInt64, sentAt: UInt64)?
    /// What the last heartbeat said, and when it was sent, in monotonic milliseconds.
    private var lastHeartbeat: (progress: Progress, sentAt: UInt64)?
    private var inFlight: [InFlight] = []
    /// Waiting for a read, in the order of their turns.
    private(set) var jobs: [Job] = []
    /// The job whose read is outstanding; it is in no other list.
    private(set) var reading: Job?
    /// Whether what is being read is no longer wanted.
    private var isReadCancelled = false

    /// How often a heartbeat is sent that says nothing new, for the sake of the clocks, in milliseconds.
    private static let clockIntervalMilliseconds: UInt64 = 1_000

    /// What a heartbeat says of the own log.
    struct Progress: Hashable {
        let position: LogPosition
        let closed: HybridTimestamp
        let directory: RegionDirectory
    }

    /// The bound on jobs: more requests than that are no receiver's need.
    static let maximumJobCount = 1 << 16

    /// One thing to ship, a part at a time.
    enum Job: Hashable {
        /// The catalog, then the own log from there.
        case catalog(isReset: Bool)
        case own(readPosition: LogPosition)
        /// Finds where a job on another origin's changes begins.
        case locate(Origin, after: LogPosition)
        /// `claimed` is up to where the receiver has everything of the origin.
        case relayed(Origin, readPosition: LogPosition, claimed: LogPosition)
        case locateCatchUp(CatchUp)
        case catchUp(CatchUp, readPosition: LogPosition)
        case transfer(LocalReplica, next: [UInt8]?)
        case locateOrphanedOrigin(OrphanedOrigin)
        case orphanedOrigin(OrphanedOrigin, readPosition: LogPosition, isTrimmed: Bool)
        /// The catalog, which may hold what is trimmed from the log, and the end.
        case orphanedOriginCatalog(OrphanedOrigin, seen: LogPosition)
    }

    /// All that is left of an origin whose disk is lost.
    struct OrphanedOrigin: Hashable {
        let origin: Origin
        let after: LogPosition
        let successor: Origin

        var request: LinkMessage.Request { .orphanedOrigin(of: origin, after: after, successor: successor) }
    }

    /// A table's changes once more.
    struct CatchUp: Hashable {
        let replica: LocalReplica
        let added: LogPosition
        let origin: Origin
        let after: LogPosition
        /// Of the own log: where it ends, as the receiver gets what is logged later anyway; nil before the first read.
        var end: LogPosition?

        var request: LinkMessage.Request { .catchUp(replica, added: added, of: origin, after: after) }
    }

    /// A message that was sent and not acknowledged yet.
    private struct InFlight {
        let sequence: UInt64
        let byteCount: Int
        let lag: Batch?
    }

    /// What the lag of a batch is measured by.
    struct Batch {
        let stampMilliseconds: UInt64
        let changeCount: Int
    }

    /// Up to where the own log was read; nil before the first position is known.
    var ownReadPosition: LogPosition? {
        if case .own(let position) = reading { return position }
        for case .own(let position) in jobs { return position }
        return nil
    }

    mutating func begin(_ job: Job) {
        jobs.append(job)
        if case .own(let position) = job { ownPosition = position }
    }

    /// Numbers a message that is about to be sent.
    mutating func take(byteCount: Int, lag: Batch? = nil) -> UInt64 {
        lastSequence += 1
        inFlight.append(InFlight(sequence: lastSequence, byteCount: byteCount, lag: lag))
        inFlightByteCount += byteCount
        return lastSequence
    }

    /// Takes an acknowledgement.
    ///
    /// - Returns: what it acknowledges; nil when it names a sequence that was never sent, or goes back.
    mutating func acknowledge(upTo sequence: UInt64) -> [Batch]? {
        guard sequence <= lastSequence, sequence >= acknowledgedSequence else { return nil }
        acknowledgedSequence = sequence
        // Without a slice of the messages, which would have the array copied when they are removed.
        var batches: [Batch] = []
        var count = 0
        for message in inFlight {
            guard message.sequence <= sequence else { break }
            count += 1
            inFlightByteCount -= message.byteCount
            if let lag = message.lag { batches.append(lag) }
        }
        inFlight.removeFirst(count)
        return batches
    }

    /// Takes the acknowledgement of the message that was just sent for an answer to when it was asked, unless an earlier one is not
    /// answered yet.
    mutating func askForClock(at monotonicMilliseconds: UInt64) {
        if clockQuestion == nil { clockQuestion = (lastSequence, monotonicMilliseconds) }
    }

    /// When the question was sent that an acknowledgement answers; nil where it answers none.
    mutating func takeClockQuestion(answeredBy sequence: UInt64) -> UInt64? {
        guard let question = clockQuestion, sequence >= question.sequence else { return nil }
        clockQuestion = nil
        return question.sentAt
    }

    /// Whether a heartbeat has to be sent now, which is then the last one.
    mutating func isHeartbeatDue(_ progress: Progress, at monotonicMilliseconds: UInt64) -> Bool {
        if let last = lastHeartbeat, last.progress == progress,
            monotonicMilliseconds < last.sentAt + Self.clockIntervalMilliseconds
        {
            return false
        }
        lastHeartbeat = (progress, monotonicMilliseconds)
        return true
    }

    // MARK: - Requests

    /// What comes of a request at once.
    enum Acceptance {
        case accepted
        case answer(LinkMessage)
        /// There are too many.
        case refused
    }

    mutating func accept(_ request: LinkMessage.Request, log: SenderLink.LogBounds, own: Origin) -> Acceptance {
        guard jobs.count < Self.maximumJobCount else { return .refused }
        switch request {
        case .transfer(let replica):
            cancel { if case .transfer(let other, _) = $0 { other.table == replica.table } else { false } }
            jobs.append(.transfer(replica, next: nil))
        case .catchUp(let replica, let added, let origin, let after):
            // What was trimmed of logs that have ended is nothing of this one.
            let start = max(after, log.begin)
            guard origin != own || start.successor >= log.start else {
                return .answer(.unavailable(request, .trimmed))
            }
            let catchUp = CatchUp(replica: replica, added: added, origin: origin, after: after)
            cancel { $0.catchUp?.replica.table == replica.table && $0.catchUp?.origin == origin }
            jobs.append(origin == own ? .catchUp(catchUp, readPosition: start) : .locateCatchUp(catchUp))
        case .relay(let origin, let after):
            guard origin != own else { return .answer(.unavailable(request, .incomplete)) }
            stopRelaying(origin)
            jobs.append(.locate(origin, after: after))
        case .stopRelaying(let origin): stopRelaying(origin)
        case .orphanedOrigin(let origin, let after, let successor):
            guard origin != own else { return .answer(.unavailable(request, .incomplete)) }
            cancel { $0.orphanedOrigin?.origin == origin }
            jobs.append(.locateOrphanedOrigin(OrphanedOrigin(origin: origin, after: after, successor: successor)))
        }
        return .accepted
    }

    private mutating func stopRelaying(_ origin: Origin) {
        cancel { job in
            switch job {
            case .relayed(origin, _, _), .locate(origin, _): true
            default: false
            }
        }
    }

    private mutating func cancel(where isUnwanted: (Job) -> Bool) {
        jobs.removeAll(where: isUnwanted)
        if let reading, isUnwanted(reading) { isReadCancelled = true }
    }

    // MARK: - Reads

    /// The next read that is due, of the job whose turn it is; nil when none is, when one is outstanding, or when what
    /// it brings might not fit among the bytes in flight.
    mutating func nextRead(
        log: SenderLink.LogBounds, own: Origin, configuration: LinkConfiguration
    ) -> SenderLink.Read? {
        let fits = inFlightByteCount + configuration.batchByteCount <= configuration.inFlightByteLimit
        guard reading == nil, fits || inFlightByteCount == 0 else { return nil }
        for index in jobs.indices {
            guard let (read, job) = read(for: jobs[index], log: log, own: own, configuration: configuration) else {
                continue
            }
            jobs.remove(at: index)
            reading = job
            return read
        }
        return nil
    }

    /// Ends the outstanding read.
    ///
    /// - Returns: its job; nil where it is no longer wanted.
    mutating func takeReading() -> Job? {
        defer {
            reading = nil
            isReadCancelled = false
        }
        return isReadCancelled ? nil : reading
    }

    private func read(
        for job: Job, log: SenderLink.LogBounds, own: Origin, configuration: LinkConfiguration
    ) -> (SenderLink.Read, Job)? {
        func changes(
            _ origin: Origin, _ position: LogPosition, upTo end: LogPosition?, for catchUp: CatchUp? = nil,
            orphanedBefore successor: Origin? = nil, since: LogPosition
        ) -> SenderLink.Read {
            var prerequisite = AppliedVector()
            if let catchUp { prerequisite.raise(peer, to: catchUp.added) }
            if let successor, successor != own { prerequisite.raise(successor, to: .zero) }
            return .changes(
                SenderLink.ChangesRead(
                    origin: origin, after: position, upTo: end, since: since, table: catchUp?.replica.table,
                    prerequisite: prerequisite, isOrphaned: successor != nil, byteLimit: configuration.batchByteCount
                ))
        }
        switch job {
        case .catalog: return (.catalog, job)
        case .own(let position):
            return position < log.end ? (changes(own, position, upTo: log.end, since: position), job) : nil
        case .locate(let origin, let after): return (.locate(origin, after: after), job)
        case .locateCatchUp(let catchUp): return (.locate(catchUp.origin, after: catchUp.after), job)
        case .relayed(let origin, let position, let claimed):
            return position < log.end ? (changes(origin, position, upTo: nil, since: claimed), job) : nil
        case .catchUp(var catchUp, let position):
            if catchUp.origin == own, catchUp.end == nil {
                // What the own job has read so far may lack the table; what it reads from now on does not. Yet the
                // receiver may have had more of it over an earlier connection, without the table, than it said in its
                // welcome: that is up to the log's end.
                guard let ownReadPosition else { return nil }
                catchUp.end = max(ownReadPosition, log.end)
            }
            return (
                changes(catchUp.origin, position, upTo: catchUp.end, for: catchUp, since: catchUp.after),
                .catchUp(catchUp, readPosition: position)
            )
        case .transfer(let replica, let next):
            return (.table(replica.table, from: next, byteLimit: configuration.batchByteCount), job)
        case .locateOrphanedOrigin(let orphanedOrigin):
            return (.locate(orphanedOrigin.origin, after: orphanedOrigin.after), job)
        case .orphanedOrigin(let orphanedOrigin, let position, _):
            return (
                changes(
                    orphanedOrigin.origin, position, upTo: nil, orphanedBefore: orphanedOrigin.successor,
                    since: orphanedOrigin.after), job
            )
        case .orphanedOriginCatalog: return (.catalog, job)
        }
    }
}

extension SenderStream.Job {
    /// The catch-up that it is part of.
    fileprivate var catchUp: SenderStream.CatchUp? {
        switch self {
        case .locateCatchUp(let catchUp), .catchUp(let catchUp, _): catchUp
        default: nil
        }
    }

    /// The orphaned origin that it is about.
    fileprivate var orphanedOrigin: SenderStream.OrphanedOrigin? {
        switch self {
        case .locateOrphanedOrigin(let orphanedOrigin), .orphanedOrigin(let orphanedOrigin, _, _),
            .orphanedOriginCatalog(let orphanedOrigin, _):
            orphanedOrigin
        default: nil
        }
    }
}
