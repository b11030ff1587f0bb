import DequeModule
public import KeyValueStore
public import RegionStore
public import Replication

/// The owner of a region's store: runs commands and maintenance, and groups what they change into commits.
///
/// Its shell repeats four steps: hand over what waits with ``accept(_:)``; ask for a round with ``nextRound(at:)``; commit the round's
/// batch; call ``finish(_:_:)`` and carry out what it says. Between ``nextRound(at:)`` and ``finish(_:_:)`` the shell calls nothing else but
/// ``accept(_:)``. One thread at a time.
public final class RegionWriter<Store: KeyValueStore> {
    public let store: RegionStore<Store>
    private var waiting = Deque<RegionCommand>()
    private var maintenance: MaintenanceSchedule
    /// Nil where the physical clock is taken as it is.
    private var clockGuard: ClockGuard?
    /// Why the clock was not trusted in the last round.
    private var clockDoubt: ClockDoubt?
    private var isDoubtTold = false
    /// Whether links have to know another thing than before, although nothing was written.
    private var isNews = false
    private var logGuard: LogGuard
    /// Why nothing is added to the log, as of the last round.
    private var logDoubt: LogDoubt?
    /// The disk's room where its reserve is touched.
    private var shortage: DiskRoom?
    /// What was found since the last round.
    private var events: [RegionEvent] = []
    private var answers: [RegionAnswer] = []
    private var openRound: UInt64?
    private var roundCount: UInt64 = 0
    private var isFailureReported = false
    /// Connections of which a delivery was refused.
    ///
    /// What came behind it must not be applied, as the vector would say that nothing is missing. Each stays until its connection's end.
    private var brokenLinks: Set<UInt64> = []
    /// Told the name of each command that is run: shells are held against each other by it.
    package var journal: ((StaticString) -> Void)?

    /// - Parameters:
    ///   - now: when the process started.
    ///   - heartbeatMilliseconds: how often the other regions are told of the region's time.
    ///   - maintenanceQuota: how many items or entries one turn of maintenance looks at, at the least; nil for the usual number.
    ///   - maintenancePace: how many times as often as usual maintenance is due.
    ///   - judgesClock: whether the physical clock has to agree with its witnesses for anything to be stamped.
    ///   - asksPeers: whether the other regions are asked, before the first write, what they have of the region's log.
    public init(
        _ store: RegionStore<Store>, at now: LinkInstant, heartbeatMilliseconds: UInt64 = 0,
        maintenanceQuota: UInt64? = nil, maintenancePace: UInt64 = 1, judgesClock: Bool = true, asksPeers: Bool = true
    ) {
        self.store = store
        clockGuard = judgesClock ? ClockGuard(store.configuration, at: now) : nil
        logGuard = LogGuard(store.configuration, asksPeers: asksPeers, at: now)
        maintenance = MaintenanceSchedule(
            startingAt: now.monotonicMilliseconds, logEnd: store.reader.lastPosition.rawValue,
            heartbeatMilliseconds: heartbeatMilliseconds, minimumQuota: maintenanceQuota, pace: maintenancePace)
        // Nobody is to see a region that takes writes before the clock was judged.
        clockDoubt = clockGuard?.judge(at: now, mark: store.clockMark).doubt
        logDoubt = logGuard.judge(store, at: now, &events)
    }

    /// What is known of the store as of its last commit.
    public var committed: CommittedState {
        CommittedState(store, doubtsClock: isClockContradicted, isAsking: logGuard.isAsking)
    }

    /// A clock that only waits to be confirmed can still confirm another one's.
    private var isClockContradicted: Bool { clockDoubt != nil && clockDoubt != .unconfirmed }

    /// Whether the region takes writes.
    public var readiness: Readiness {
        store.failure.map(Readiness.failed) ?? logDoubt.map(Readiness.doubtsLog)
            ?? clockDoubt.map(Readiness.doubtsClock) ?? shortage.map(Readiness.lacksRoom) ?? .ready
    }

    /// Takes everything out of the queue, to be run in the next rounds.
    public func accept(_ queue: inout CommandQueue) { queue.move(to: &waiting) }

    /// Whether commands wait that were accepted.
    public var hasCommands: Bool { !waiting.isEmpty }

    /// Whether a round is due now.
    public func hasWork(at now: LinkInstant) -> Bool {
        !waiting.isEmpty || nextMaintenanceMilliseconds <= now.monotonicMilliseconds
    }

    /// When maintenance is due, in monotonic milliseconds; never once the store has failed.
    public var nextMaintenanceMilliseconds: UInt64 {
        store.failure == nil ? maintenance.nextDueMilliseconds : .max
    }

    /// Does one part of the maintenance, where one is due, and runs commands until none waits or the round is large enough.
    ///
    /// - Parameter room: what the store's disk has left; nil where nothing bounds it.
    /// - Returns: what to commit before ``finish(_:_:)``; nil when there is nothing to do.
    public func nextRound(at now: LinkInstant, room: DiskRoom? = nil) -> CommitRound? {
        precondition(openRound == nil, "a round begins when the one before it is finished")
        guard hasWork(at: now) else { return nil }
        let time = judgeClock(at: now)
        note(room)
        let duty = maintain(at: now, time)
        let wasAsking = logGuard.isAsking
        logDoubt = logGuard.judge(store, at: now, &events)
        isNews = isNews || logGuard.isAsking != wasAsking
        while store.pendingByteCount < RegionCore.roundByteLimit, let command = waiting.popFirst() {
            answers.append(.done(run(command, at: time)))
        }
        roundCount += 1
        openRound = roundCount
        return CommitRound(
            batch: store.stagedBatch(), durability: store.configuration.durability, commandCount: answers.count,
            duty: duty, number: roundCount)
    }

    /// Ends a round, whose batch is durable or could not be committed.
    public func finish(
        _ round: CommitRound, _ result: Result<Void, KeyValueStoreError>
    ) -> FinishedRound {
        precondition(openRound == round.number, "round \(round.number) is finished, and \(openRound ?? 0) is open")
        openRound = nil
        let finished = answers
        answers = []
        if round.batch != nil {
            switch result {
            case .success:
                store.committed()
                maintenance.note(logEnd: store.lastPosition.rawValue)
            case .failure(let error): store.failed(error)
            }
        }
        let isChanged = round.batch != nil || isNews
        isNews = false
        let told = events + store.takeEvents().map(RegionEvent.store)
        events = []
        guard store.failure == nil else {
            defer { isFailureReported = true }
            return FinishedRound(
                answers: finished.map { _ in .failed }, committed: nil, readiness: readiness, events: told,
                mustReopen: false, failure: isFailureReported ? nil : store.failure)
        }
        return FinishedRound(
            answers: finished, committed: isChanged ? committed : nil,
            readiness: readiness, events: told, mustReopen: store.mustReopen, failure: nil)
    }

    // MARK: - The disk

    private func note(_ room: DiskRoom?) {
        let wasLow = shortage != nil
        shortage = room.flatMap { $0.isLow(after: wasLow) ? $0 : nil }
        switch (wasLow, shortage) {
        case (false, let room?): events.append(.roomUsedUp(room))
        case (true, nil): events.append(.roomFound)
        case (true, .some), (false, nil): break
        }
    }

    // MARK: - The clock

    /// Judges the physical clock.
    ///
    /// - Returns: the time for the round's commands, in milliseconds since the Unix epoch.
    private func judgeClock(at now: LinkInstant) -> UInt64 {
        guard let verdict = clockGuard?.judge(at: now, mark: store.clockMark) else { return now.physicalMilliseconds }
        let wasContradicted = isClockContradicted
        clockDoubt = verdict.doubt
        isNews = isNews || isClockContradicted != wasContradicted
        if verdict.isUnconfirmed { events.append(.clockUnconfirmed) }
        if let doubt = verdict.doubt, isClockContradicted, !isDoubtTold {
            isDoubtTold = true
            events.append(.clockDoubted(doubt))
        } else if verdict.doubt == nil, isDoubtTold {
            isDoubtTold = false
            events.append(.clockTrusted)
        }
        return verdict.milliseconds
    }

    // MARK: - Maintenance

    /// What it reads is what is committed, so it comes before the round's commands.
    private func maintain(at now: LinkInstant, _ time: UInt64) -> MaintenanceSchedule.Duty? {
        let logEnd = store.lastPosition.rawValue
        // Opening the store may have left something for the first commit.
        guard store.failure == nil, !store.hasPendingChanges,
            let turn = maintenance.next(at: now.monotonicMilliseconds, logEnd: logEnd)
        else { return nil }
        var hasMore = false
        do {
            switch turn.duty {
            case _ where turn.duty.goesByTime && clockDoubt != nil: break
            case .tick: store.tick(at: time)
            case .backfill where shortage != nil: break
            case .backfill: hasMore = try store.backfillIndexes(limit: turn.quota)
            // What has expired here may have got more time in what is lacking.
            case .sweepExpired where logDoubt != nil: break
            case .sweepExpired: hasMore = try store.sweepExpired(at: time, limit: turn.quota)
            case .collectTombstones: hasMore = try store.collectTombstones(limit: turn.quota)
            case .trimLog: hasMore = try store.trimLog(at: time, limit: turn.quota)
            }
        } catch {
            store.failed(error)
        }
        maintenance.did(turn.duty, hasMore: hasMore, at: now.monotonicMilliseconds, logEnd: logEnd)
        return turn.duty
    }

    // MARK: - Commands

    private func run(_ command: RegionCommand, at now: UInt64) -> RegionOutcome {
        journal?(command.name)
        if command.givesStamps, let reason = refusal { return .refused(reason: reason) }
        switch command {
        case .write(let write): return .write(self.write(write, at: now))
        case .batch(let writes): return .batch(writes.map { write($0, at: now) })
        case .transact(let transaction):
            return .transact(catching { () throws(TransactionError) in try store.transact(transaction, at: now) })
        case .changeCatalog(let command):
            return .changeCatalog(catching { () throws(CatalogError) in try change(command, at: now) })
        case .changeLocalSettings(let name, let change):
            return .changeLocalSettings(
                catching { () throws(LocalSettingsRefusal) in
                    try store.changeLocalSettings(of: name, change, at: now)
                })
        case .deliver(let delivery, let link):
            guard !brokenLinks.contains(link) else { return .skipped }
            let result = catching { () throws(ApplyError) in
                if shortage?.isCritical ?? false, delivery.addsItems { throw .noRoom }
                return try store.deliver(delivery, at: now)
            }
            if case .failure = result { brokenLinks.insert(link) }
            return .deliver(result)
        case .endLink(let link):
            brokenLinks.remove(link)
            return .done
        case .administer(let request): return administer(request)
        }
    }

    /// Why nothing may be written for clients.
    private var refusal: String? {
        logDoubt.map { "this region takes no writes yet: \($0)" }
            ?? clockDoubt.map { "this region doubts its own clock: \($0)" }
            ?? shortage.map { "this region's disk is full: \($0)" }
    }

    private func write(_ write: ItemWrite, at now: UInt64) -> Result<ItemWriteResult, ItemWriteError> {
        catching { () throws(ItemWriteError) in try store.write(write, at: now) }
    }

    private func change(_ command: CatalogCommand, at now: UInt64) throws(CatalogError) -> Table {
        switch command {
        case .createTable(let specification): try store.createTable(specification, at: now)
        case .updateTable(let name, let changes): try store.updateTable(name, changes, at: now)
        case .deleteTable(let name): try store.deleteTable(name, at: now)
        }
    }

    private func administer(_ request: RegionCommand.Administration) -> RegionOutcome {
        switch request {
        case .noteAcknowledged(let peer, let vector): store.noteAcknowledged(by: peer, vector: vector)
        case .noteClock(let region, let sample): clockGuard?.note(sample, of: region)
        case .noteKnown(let region, let position, let isBeyond):
            logGuard.note(position, isBeyond: isBeyond, knownBy: region, store, &events)
        case .transferAgain(let replica, let log, let sender):
            store.transferAgain(replica, lacking: log, from: sender)
        case .releaseTransfer(let replica, let sender): store.releaseTransfer(replica, from: sender)
        case .abandonTransfers(let sender): store.abandonTransfers(from: sender)
        case .report: return .report(store.report)
        case .findNeeds(let senders): return .needs(store.needs(of: senders))
        }
        return .done
    }
}

/// The result of a body with a typed error, as data.
private func catching<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Result<Value, Failure> {
    do throws(Failure) {
        return .success(try body())
    } catch {
        return .failure(error)
    }
}
