import HybridClock
import ItemModel
import KeyValueStore
import RegionCore
import RegionStore
import Replication

/// One region: a disk that outlives processes, a clock, and the process that runs on them now.
final class SimulatedRegion {
    typealias Store = RegionStore<SimulatedStore>

    unowned let world: World
    /// Its place in the topology.
    let index: Int
    let identity: RegionIdentity
    var generator: Generator
    var clock = SimulatedClock()
    private(set) var disk: InMemoryStore
    /// What is noted beside the disk of how far the log had got; nil before the first commit.
    private(set) var mark: LogMark?
    /// The log that the last process began with.
    private var origin: Origin?
    /// Set while the process runs on an old copy whose log it has not ended yet.
    private(set) var oldCopy: OldCopy?
    /// Nil while no process runs.
    var store: Store? { writer?.store }
    /// Counts processes, so that nothing left over from one reaches the next.
    private(set) var process = 0
    private(set) var isPaused = false
    /// What came for the process while it was paused.
    private var deferred: [() -> Void] = []
    /// How many faults keep the process from running.
    private(set) var downCount = 0
    /// All that the process does takes this many times as long.
    var slowness = 1.0
    var syncLatency: VirtualDuration
    var slowSyncs: SlowSyncs
    /// What the disk has left; nil for enough.
    var room: DiskRoom?
    private var damage: DamagedDisk?
    /// What was durable at the last commit, of every origin; stays when the process has ended.
    private(set) var committedVector = AppliedVector()
    /// Up to where observers have seen the log.
    private var observedPosition = LogPosition.zero

    private var writer: RegionWriter<SimulatedStore>?
    var hub: LinkHub?
    /// The connections that this process has opened, by the regions' numbers.
    var outgoing: [RegionID: Connection] = [:]
    /// The connections that others have opened to it.
    var incoming: [LinkHub.LinkNumber: Connection] = [:]
    var reads: [RegionID: (connection: UInt64, reads: LinkReads<SimulatedStore>)] = [:]
    /// Counts the wake-ups that the hub has wished for: only the last one counts.
    var wakeNumber = 0

    private var queue = CommandQueue()
    /// Whom to answer, in the order of the commands that were queued and are not answered yet.
    private var tickets: [Ticket] = []
    /// What is being written and synced just now.
    private var openRound: CommitRound?
    /// When the writer is woken for maintenance; nil when it is not planned.
    private var maintenanceDue: UInt64?
    /// When the process has read and computed everything that it has begun.
    private var busyUntil = VirtualTime.zero

    init(_ identity: RegionIdentity, index: Int, in world: World) {
        self.world = world
        self.index = index
        self.identity = identity
        generator = world.randomness.generator(for: "region/\(index)")
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        syncLatency = VirtualDuration(world.scenario.disk.syncLatency)
        slowSyncs = SlowSyncs(of: identity.name.string, in: world, index)
    }

    var name: String { identity.name.string }

    var isUp: Bool { store != nil }

    /// Both clocks of the process.
    var instant: LinkInstant {
        LinkInstant(
            monotonicMilliseconds: world.now.milliseconds, physicalMilliseconds: clock.milliseconds(at: world.now))
    }

    // MARK: - The process

    /// Starts a process, unless a fault keeps it down or one runs already.
    func start() {
        guard store == nil, downCount == 0 else { return }
        do {
            // Opening draws nothing but the incarnation.
            var source = world.hooks.repeatsIncarnations ? Generator(seed: UInt64(index)) : generator
            let opened = try Store(
                opening: SimulatedStore(disk, hooks: world.hooks),
                configuration: world.storeConfiguration(of: self),
                mark: world.hooks.trustsDisks ? .notKept : mark.map(LogMarkReading.found) ?? .notKept, using: &source)
            if !world.hooks.repeatsIncarnations { generator = source }
            run(opened)
        } catch {
            // A disk that cannot be read now may be readable later.
            world.trace.note(.stopped, at: world.now, UInt64(index), 1, 0, "\(name) cannot open its store: \(error)")
            leaveDisk(power: false)
            scheduleRestart()
        }
    }

    private func run(_ opened: Store) {
        process += 1
        (queue, tickets, openRound, maintenanceDue, deferred) = (CommandQueue(), [], nil, nil, [])
        (outgoing, incoming, reads) = ([:], [:], [:])
        busyUntil = world.now
        let writer = RegionWriter<SimulatedStore>(
            opened, at: instant, heartbeatMilliseconds: world.linkConfiguration.heartbeatMilliseconds,
            maintenanceQuota: world.scenario.process.maintenanceQuota.map(UInt64.init),
            judgesClock: !world.hooks.trustsClocks, asksPeers: !world.hooks.trustsDisks)
        let committed = writer.committed
        self.writer = writer
        let hub = LinkHub(
            at: LinkIdentity(region: identity.id, name: identity.name, incarnation: opened.incarnation),
            regions: world.regionIdentities, configuration: world.linkConfiguration, committed: committed,
            now: instant)
        self.hub = hub
        committedVector = committed.applied
        world.trace.note(.started, at: world.now, UInt64(index), UInt64(process))
        // What reached the disk when nobody was left to see it.
        if opened.reader.lastPosition > observedPosition, process > 1 { observeLog(of: opened) }
        observedPosition = opened.reader.lastPosition
        origin = opened.origin
        for observer in world.observers { observer.started(self) }
        if let oldCopy, oldCopy.origin != opened.origin { self.oldCopy = nil }
        perform(hub.start(at: instant))
        beginRound()
    }

    /// Ends the process as a signal or a loss of power does.
    ///
    /// - Parameter power: whether what was written and not synced is lost.
    func crash(power: Bool) {
        guard let writer else { return }
        // A batch that was on its way to the disk may have reached it; nobody was told.
        if let round = openRound, let batch = round.batch, generator.happens(0.5) {
            let isWritten = (try? writer.store.reader.store.commit(batch, durability: round.durability)) != nil
            if isWritten {
                let finished = writer.finish(round, .success(()))
                observe(finished, takeTickets(of: finished), in: writer.store)
            }
        }
        world.trace.note(.crashed, at: world.now, UInt64(index), power ? 1 : 0)
        end(power: power)
    }

    private func end(power: Bool) {
        (writer, hub) = (nil, nil)
        isPaused = false
        process += 1
        (queue, tickets, openRound, maintenanceDue, deferred) = (CommandQueue(), [], nil, nil, [])
        for connection in world.connections(of: self) { connection.break(after: .zero) }
        (outgoing, incoming, reads) = ([:], [:], [:])
        leaveDisk(power: power)
        for observer in world.observers { observer.ended(self) }
    }

    /// Leaves the disk to the next process, which finds what was written, or what was synced where the power is gone.
    private func leaveDisk(power: Bool) {
        if power { disk.crash() } else { disk.close() }
        do {
            disk = try disk.reopen()
        } catch {
            world.violate("simulator", "the disk of \(name) cannot be opened again: \(error)")
        }
    }

    /// Lets go of everything that leads back here, when the run is over.
    func dismantle() {
        (writer, hub) = (nil, nil)
        (queue, tickets, openRound, deferred) = (CommandQueue(), [], nil, [])
        (outgoing, incoming, reads) = ([:], [:], [:])
    }

    /// Keeps the process down until ``release()``.
    func hold() { downCount += 1 }

    /// Ends one reason to be down; with the last one gone the process starts again.
    func release() {
        downCount = max(0, downCount - 1)
        start()
    }

    /// Ends the process, and takes its disk away.
    func loseDisk() {
        for observer in world.observers { observer.losesDisk(self) }
        if isUp { end(power: false) }
        world.trace.note(.diskLost, at: world.now, UInt64(index))
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        (mark, origin, oldCopy) = (nil, nil, nil)
        observedPosition = .zero
        damage?.makeWhole()
    }

    func copyOfDisk() -> DiskCopy { DiskCopy(disk: disk.copy(), mark: mark, origin: origin, end: observedPosition) }

    /// Ends the process, and starts one on an old copy of the disk.
    func putBack(_ copy: DiskCopy) {
        // A copy that nothing was written since is no old one, and one of a disk that is lost meanwhile belongs to nobody.
        guard let origin = copy.origin, origin == self.origin, copy.end < observedPosition else { return }
        // What others have received and not applied yet they may apply later: by its mark the region is to know that it has written more.
        let isOnItsWay = world.regions.contains { $0 !== self && ($0.isPaused || !$0.tickets.isEmpty) }
        let takesMark = generator.happens(0.5) && !isOnItsWay
        let isKnown = !takesMark || world.regions.contains { $0 !== self && $0.committedVector[origin] > copy.end }
        oldCopy = OldCopy(origin: origin, end: copy.end, isKnownToNobody: !isKnown)
        for observer in world.observers { observer.losesDisk(self) }
        if isUp { self.end(power: false) }
        disk = copy.disk
        if takesMark { mark = copy.mark }
        observedPosition = copy.end
        world.trace.note(.diskLost, at: world.now, UInt64(index), copy.end.rawValue)
        damage?.makeWhole()
        start()
        if !isKnown { oldCopy = nil }
    }

    /// Sets what goes wrong with the disk, for the process that runs and those to come.
    func setDiskFaults(_ change: (inout StoreFaults) -> Void) {
        var faults = disk.faults
        change(&faults)
        disk.faults = faults
    }

    /// Has reads meet damaged blocks, in the process that runs and those to come.
    func damage(_ damage: DamagedDisk) {
        self.damage = damage
        setDiskFaults { $0.read = damage.read }
    }

    func pause() {
        guard isUp, !isPaused else { return }
        isPaused = true
        world.trace.note(.paused, at: world.now, UInt64(index))
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        world.trace.note(.resumed, at: world.now, UInt64(index))
        let bodies = deferred
        deferred = []
        for body in bodies { body() }
    }

    /// Runs `body` in the process with that number, now or when it is no longer paused; not at all when it has ended.
    func run(in process: Int, _ body: @escaping () -> Void) {
        guard isUp, self.process == process else { return }
        if isPaused {
            deferred.append { [self] in run(in: process, body) }
        } else {
            body()
        }
    }

    /// The process ends as its store has failed, and its supervisor starts another where that can help.
    func fail(_ error: KeyValueStoreError, restarts: Bool = true) {
        guard isUp else { return }
        world.trace.note(.stopped, at: world.now, UInt64(index), restarts ? 2 : 3, 0, "\(name): \(error)")
        end(power: false)
        if restarts { scheduleRestart() }
    }

    private func scheduleRestart() {
        world.schedule(after: VirtualDuration(world.scenario.process.restartAfterFailure)) { [self] in start() }
    }

    // MARK: - Work

    /// How long reading something takes now, with what is being done already.
    var readTime: VirtualDuration {
        let time = UInt64(Double(VirtualDuration(world.scenario.process.readCost).nanoseconds) * slowness)
        busyUntil = max(busyUntil, world.now) + VirtualDuration(nanoseconds: time)
        return busyUntil - world.now
    }

    /// Queues a command of a client; `completion` runs when what it did is durable.
    ///
    /// - Returns: whether there was room for it.
    func submit(
        _ command: RegionCommand, isBounded: Bool = true, completion: @escaping (RegionOutcome) -> Void
    ) -> Bool {
        submit(world.hooks.alterCommand?(command) ?? command, .client(completion), isBounded: isBounded)
    }

    /// Queues a command.
    @discardableResult
    func submit(_ command: RegionCommand, _ ticket: Ticket, isBounded: Bool = false) -> Bool {
        guard isUp, queue.append(command, isBounded: isBounded) == nil else { return false }
        tickets.append(ticket)
        beginRound()
        return true
    }

    /// Group commit: all that waits is written as one batch, while what comes gathers for the next.
    private func beginRound() {
        guard openRound == nil, let writer else { return }
        if queue.isDue || writer.hasWork(at: instant) { writer.accept(&queue) }
        guard let round = writer.nextRound(at: instant, room: room) else { return planMaintenance() }
        openRound = round
        guard round.batch != nil || round.commandCount > 0 else { return finish(round) }
        let work = Double(VirtualDuration(world.scenario.process.writeCost).nanoseconds) * Double(round.commandCount)
        // What has changed nothing waits for no disk.
        let sync = round.batch == nil ? 0 : drawSyncTime()
        let time = VirtualDuration(nanoseconds: UInt64(work * slowness + sync))
        world.schedule(after: time, on: self, of: process) { [self] in finish(round) }
    }

    private func finish(_ round: CommitRound) {
        guard let writer else { return }
        var result = Result<Void, KeyValueStoreError>.success(())
        if let batch = round.batch {
            do {
                try writer.store.reader.store.commit(batch, durability: round.durability)
            } catch {
                result = .failure(error)
            }
        }
        let finished = writer.finish(round, result)
        openRound = nil
        if let failure = finished.failure { return fail(failure) }
        if let committed = finished.committed {
            mark = LogMark(incarnation: writer.store.incarnation, position: committed.log.end)
        }
        if finished.mustReopen {
            // Nobody is answered: the process begins anew on the same disk.
            end(power: false)
            return start()
        }
        let answered = takeTickets(of: finished)
        observe(finished, answered, in: writer.store)
        let process = process
        if let committed = finished.committed, let hub { perform(hub.advanced(to: committed, at: instant)) }
        for (ticket, answer) in zip(answered, finished.answers) {
            // A client's observer may end the process.
            guard self.process == process, case .done(let outcome) = answer else { return }
            switch ticket {
            case .nobody: break
            case .hub(let ticket, _): if let hub { perform(hub.answered(ticket, outcome, at: instant)) }
            case .client(let completion): completion(outcome)
            }
        }
        guard self.process == process else { return }
        for observer in world.observers { observer.roundAnswered(self) }
        beginRound()
    }

    /// Whom to answer, beside a round's answers.
    private func takeTickets(of finished: FinishedRound) -> [Ticket] {
        defer { tickets.removeFirst(finished.answers.count) }
        return Array(tickets.prefix(finished.answers.count))
    }

    /// Shows the observers what a round has made durable.
    private func observe(_ finished: FinishedRound, _ answered: [Ticket], in store: Store) {
        for (ticket, answer) in zip(answered, finished.answers) {
            guard case .hub(_, let delivery?) = ticket, case .done(.deliver(let result)) = answer else { continue }
            switch result {
            case .success: for observer in world.observers { observer.applied(delivery, in: self) }
            case .failure(let error): world.refused(error, at: self)
            }
        }
        guard let committed = finished.committed else { return }
        committedVector = committed.applied
        observeLog(of: store)
    }

    /// Has each command told that the present process runs, by its name.
    func journalCommands(_ journal: @escaping (StaticString) -> Void) { writer?.journal = journal }

    private func observeLog(of store: Store) {
        let end = store.reader.lastPosition
        guard end > observedPosition || !world.observers.isEmpty else { return }
        let entries = end > observedPosition ? store.reader.logEntries(after: observedPosition, upTo: end) : []
        observedPosition = end
        world.trace.note(
            .committed, at: world.now, UInt64(index), end.rawValue, store.reader.store.takeContentHash(),
            "\(entries.count) entries")
        for observer in world.observers { observer.committed(entries, in: self, store: store) }
    }

    /// Wakes the writer when its maintenance is due.
    private func planMaintenance() {
        guard let due = writer?.nextMaintenanceMilliseconds, due < .max, due < maintenanceDue ?? .max else { return }
        maintenanceDue = due
        let time = max(world.now, VirtualTime(nanoseconds: due * 1_000_000))
        world.schedule(after: time - world.now, on: self, of: process) { [self] in
            guard maintenanceDue == due else { return }
            maintenanceDue = nil
            beginRound()
        }
    }
}
