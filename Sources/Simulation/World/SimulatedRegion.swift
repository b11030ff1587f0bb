import HybridClock
import ItemModel
import KeyValueStore
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
    /// Nil while no process runs.
    private(set) var store: Store?
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
    /// What was durable at the last commit, of every origin.
    private(set) var committedVector = AppliedVector()
    /// Up to where observers have seen the log.
    private var observedPosition = LogPosition.zero

    private(set) var senders: [SenderShell] = []
    var receivers: [ReceiverShell] = []
    var peers: [PeerState] = []
    /// Who is asked for the changes of regions that no link reaches.
    var plan = RelayPolicy.Plan()

    private var queue: [Command] = []
    /// What is being written and synced just now.
    private var draining: [Command] = []
    private var isDraining = false
    /// Whether the writer is to tidy up as soon as it is between drains.
    private var isHouseDue = false
    /// When the process has read and computed everything that it has begun.
    private var busyUntil = VirtualTime.zero

    /// A command for the writer: it runs with the store, and what it returns runs when it is durable.
    typealias Command = (Store, _ nowMilliseconds: UInt64) -> () -> Void

    /// What is known of another region.
    struct PeerState {
        let region: SimulatedRegion
        var origin: Origin?
        var downSince: UInt64?
        var vector = AppliedVector()
    }

    /// What clients are told beyond it: as in production.
    private static let queueLimit = 10_000

    init(_ identity: RegionIdentity, index: Int, in world: World) {
        self.world = world
        self.index = index
        self.identity = identity
        generator = world.randomness.generator(for: "region/\(index)")
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        syncLatency = VirtualDuration(world.scenario.disk.syncLatency)
    }

    var name: String { identity.name.string }

    var isUp: Bool { store != nil }

    /// Both clocks of the process.
    var instant: LinkInstant {
        LinkInstant(
            monotonicMilliseconds: world.now.milliseconds, physicalMilliseconds: clock.milliseconds(at: world.now))
    }

    func linkIdentity(of store: Store) -> LinkIdentity {
        LinkIdentity(region: identity.id, name: identity.name, incarnation: store.incarnation)
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
                configuration: world.storeConfiguration(of: self), using: &source)
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
        store = opened
        process += 1
        (queue, draining, isDraining, deferred, receivers) = ([], [], false, [], [])
        plan = RelayPolicy.Plan()
        busyUntil = world.now
        committedVector = opened.appliedVector
        world.trace.note(.started, at: world.now, UInt64(index), UInt64(process))
        // What reached the disk when nobody was left to see it.
        if opened.reader.lastPosition > observedPosition, process > 1 { observeLog(of: opened) }
        observedPosition = opened.reader.lastPosition
        for observer in world.observers { observer.started(self) }
        let others = world.regions.filter { $0 !== self }
        peers = others.map { PeerState(region: $0, downSince: world.now.milliseconds) }
        senders = others.map { SenderShell(from: self, store: opened, to: $0) }
        for sender in senders { sender.start() }
        review()
        keepHouse()
    }

    /// Ends the process as a signal or a loss of power does.
    ///
    /// - Parameter power: whether what was written and not synced is lost.
    func crash(power: Bool) {
        guard let store else { return }
        // A batch that was on its way to the disk may have reached it; nobody was told.
        if !draining.isEmpty, generator.happens(0.5) {
            for command in draining { _ = command(store, instant.physicalMilliseconds) }
            try? store.commit()
            observeLog(of: store)
        }
        world.trace.note(.crashed, at: world.now, UInt64(index), power ? 1 : 0)
        end(power: power)
    }

    private func end(power: Bool) {
        store = nil
        isPaused = false
        process += 1
        (queue, draining, isDraining, deferred) = ([], [], false, [])
        for connection in world.connections(of: self) { connection.break(after: .zero) }
        dropLinks()
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

    private func dropLinks() {
        for shell in senders { shell.connection = nil }
        for shell in receivers { shell.connection = nil }
        (senders, receivers) = ([], [])
    }

    /// Lets go of everything that leads back here, when the run is over.
    func dismantle() {
        store = nil
        (queue, draining, deferred, peers) = ([], [], [], [])
        dropLinks()
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
        observedPosition = .zero
    }

    /// Sets what goes wrong with the disk, for the process that runs and those to come.
    func setDiskFaults(_ change: (inout StoreFaults) -> Void) {
        var faults = disk.faults
        change(&faults)
        disk.faults = faults
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

    /// The process ends as its store has failed, and its supervisor starts another.
    private func fail(_ error: KeyValueStoreError) {
        world.trace.note(.stopped, at: world.now, UInt64(index), 2, 0, "\(name): \(error)")
        end(power: false)
        scheduleRestart()
    }

    private func scheduleRestart() {
        world.schedule(after: VirtualDuration(world.scenario.process.restartAfterFailure)) { [self] in start() }
    }

    // MARK: - Work

    /// How long reading something takes now, with what is being done already.
    var readTime: VirtualDuration { occupy(world.scenario.process.readCost) }

    private func occupy(_ cost: Duration) -> VirtualDuration {
        let time = UInt64(Double(VirtualDuration(cost).nanoseconds) * slowness)
        busyUntil = max(busyUntil, world.now) + VirtualDuration(nanoseconds: time)
        return busyUntil - world.now
    }

    /// Queues a command of a client.
    ///
    /// - Returns: whether there was room for it.
    func submitBounded(_ command: @escaping Command) -> Bool {
        guard isUp, queue.count < Self.queueLimit else { return false }
        queue.append(command)
        drain()
        return true
    }

    /// Queues a command; `completion` runs when what it did is durable.
    func submit<Result>(
        _ command: @escaping (Store, UInt64) -> Result, completion: @escaping (Result) -> Void = { _ in }
    ) {
        guard isUp else { return }
        queue.append { store, now in
            let result = command(store, now)
            return { completion(result) }
        }
        drain()
    }

    /// Group commit: all that waits is written as one batch, while what comes gathers for the next.
    private func drain() {
        guard !isDraining, !queue.isEmpty else { return }
        isDraining = true
        draining = queue
        queue = []
        let work = Double(VirtualDuration(world.scenario.process.writeCost).nanoseconds) * Double(draining.count)
        let sync =
            Double(syncLatency.nanoseconds) * generator.logNormal(sigma: world.scenario.disk.jitter)
        let time = VirtualDuration(nanoseconds: UInt64(work * slowness + sync))
        world.schedule(after: time, on: self, of: process) { [self] in finishDrain() }
    }

    private func finishDrain() {
        guard let store else { return }
        let now = instant.physicalMilliseconds
        let completions = draining.map { $0(store, now) }
        draining = []
        isDraining = false
        guard commit(store) else { return }
        for completion in completions { completion() }
        tidy()
        drain()
    }

    /// - Returns: false where the commit failed, and the process with it.
    private func commit(_ store: Store) -> Bool {
        do {
            try store.commit()
        } catch {
            fail(error)
            return false
        }
        committedVector = store.appliedVector
        observeLog(of: store)
        let bounds = SenderShell.bounds(of: store)
        for sender in senders { sender.logAdvanced(to: bounds) }
        return true
    }

    private func observeLog(of store: Store) {
        let end = store.reader.lastPosition
        guard end > observedPosition || !world.observers.isEmpty else { return }
        let entries = end > observedPosition ? store.reader.logEntries(after: observedPosition, upTo: end) : []
        observedPosition = end
        world.trace.note(.committed, at: world.now, UInt64(index), end.rawValue, UInt64(entries.count))
        for observer in world.observers { observer.committed(entries, in: self, store: store) }
    }

    /// Has the writer tidy up every so often.
    private func keepHouse() {
        world.schedule(after: .milliseconds(500), on: self, of: process) { [self] in
            isHouseDue = true
            tidy()
            keepHouse()
        }
    }

    /// What the writer's thread does between drains: at once when it is idle, otherwise after the present one, so that it never starves.
    private func tidy() {
        guard isHouseDue, !isDraining, let store, !store.hasPendingChanges else { return }
        isHouseDue = false
        let now = instant.physicalMilliseconds
        do throws(KeyValueStoreError) {
            store.tick(at: now)
            guard commit(store) else { return }
            // Few enough that writes come between the steps.
            _ = try store.backfillIndexes(limit: 100)
            guard commit(store) else { return }
            _ = try store.sweepExpired(at: now, limit: 2_000)
            guard commit(store) else { return }
            _ = try store.collectTombstones(limit: 2_000)
            guard commit(store) else { return }
            _ = try store.trimLog(at: now, limit: 2_000)
            _ = commit(store)
        } catch {
            fail(error)
        }
    }
}
