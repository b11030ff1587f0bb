import HybridClock
import ItemModel
import KeyValueStore
import RegionCore
import Replication
import Testing

@testable import RegionStore

/// One region: a disk, and the process that runs a writer and a hub of links on it.
///
/// A shell without decisions.
final class Node {
    typealias Store = RegionStore<InMemoryStore>

    /// Who is told what became of a command.
    enum Ticket {
        case nobody
        case hub(LinkHub.Ticket)
        case client((RegionOutcome) -> Void)
    }

    unowned let cluster: Cluster
    let region: RegionIdentity
    private(set) var disk = InMemoryStore(keyspaces: Layout.keyspaces)
    /// What is noted beside the disk of how far the log had got.
    var mark: LogMark?
    var keepsMark = false
    /// How often the store had to be opened anew, as its log could not go on.
    private(set) var reopenCount = 0
    private(set) var writer: RegionWriter<InMemoryStore>
    private var hub: LinkHub
    private var queue = CommandQueue()
    /// Whom to answer, in the order of the commands.
    private var tickets: [Ticket] = []
    private var isRoundOpen = false
    private var isRoundDue = false
    /// When the writer is woken for maintenance; nil when that is not planned.
    private var maintenanceDue: UInt64?
    /// Counts processes, so that nothing left over from one reaches the next.
    private(set) var run = 0
    private(set) var isUp = false
    private(set) var isPaused = false
    /// What came while the process was paused.
    var deferred: [() throws -> Void] = []
    /// Added to the true physical time.
    var clockOffset: Int64 = 0

    private(set) var outgoing: [RegionID: Connection] = [:]
    private(set) var incoming: [LinkHub.LinkNumber: Connection] = [:]
    private var reads: [RegionID: (connection: UInt64, reads: LinkReads<InMemoryStore>)] = [:]
    private var timer = 0
    private var watch = Watch()

    init(_ region: RegionIdentity, in cluster: Cluster) throws {
        self.cluster = cluster
        self.region = region
        (writer, hub) = try Self.process(
            on: disk, mark: nil, region, in: cluster, at: Self.instant(cluster.now, offset: 0))
    }

    private static func process(
        on disk: InMemoryStore, mark: LogMark?, _ region: RegionIdentity, in cluster: Cluster, at now: LinkInstant
    ) throws -> (RegionWriter<InMemoryStore>, LinkHub) {
        var configuration = RegionConfiguration(region: region.id, regions: cluster.regions)
        configuration.logRetentionMilliseconds = cluster.options.logRetentionMilliseconds
        configuration.logRetentionLimitMilliseconds = cluster.options.logRetentionLimitMilliseconds
        let store = try Store(
            opening: disk, configuration: configuration, mark: mark.map(LogMarkReading.found) ?? .notKept,
            using: &cluster.random)
        let writer = RegionWriter<InMemoryStore>(store, at: now, maintenancePace: 10)
        let hub = LinkHub(
            at: LinkIdentity(region: region.id, name: region.name, incarnation: store.incarnation),
            regions: cluster.regions, configuration: cluster.options.link, committed: writer.committed,
            policy: RelayPolicy(patienceMilliseconds: cluster.options.patienceMilliseconds), now: now)
        return (writer, hub)
    }

    var store: Store { writer.store }

    var instant: LinkInstant { Self.instant(cluster.now, offset: clockOffset) }

    private static func instant(_ now: UInt64, offset: Int64) -> LinkInstant {
        LinkInstant(
            monotonicMilliseconds: now, physicalMilliseconds: UInt64(Int64(Cluster.epoch + now) + offset))
    }

    /// The most bytes that wait for their acknowledgement on any link.
    var inFlightByteCount: Int { hub.status.map(\.inFlightByteCount).max() ?? 0 }

    // MARK: - Processes

    func start() throws {
        (writer, hub) = try Self.process(on: disk, mark: mark, region, in: cluster, at: instant)
        run += 1
        isUp = true
        (queue, tickets) = (CommandQueue(), [])
        (isRoundOpen, isRoundDue, maintenanceDue, deferred) = (false, false, nil, [])
        (outgoing, incoming, reads) = ([:], [:], [:])
        watch.restarted(store)
        perform(hub.start(at: instant))
        scheduleRound(after: 0)
    }

    /// Ends the process as a loss of power does: what was not committed is gone.
    func crash() throws {
        guard isUp else { return }
        isUp = false
        isPaused = false
        run += 1
        for (_, connection) in outgoing.sorted(by: { $0.key < $1.key }) { connection.cut() }
        for (_, connection) in incoming.sorted(by: { $0.key < $1.key }) { connection.cut() }
        disk.crash()
        disk = try disk.reopen()
    }

    /// Takes the disk away too: the next start is another incarnation.
    func wipe() throws {
        cluster.history.hasLosses = true
        try crash()
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        watch = Watch()
    }

    /// What a disk holds, to be put back later.
    struct DiskCopy {
        fileprivate let disk: InMemoryStore
        fileprivate let mark: LogMark?
    }

    func copyOfDisk() -> DiskCopy { DiskCopy(disk: disk.copy(), mark: mark) }

    /// Ends the process, and puts an old copy in the place of its disk.
    ///
    /// - Parameter withMark: whether the mark goes back too, so that only the other regions can know.
    func putBack(_ copy: DiskCopy, withMark: Bool) throws {
        cluster.history.hasRollbacks = true
        try crash()
        disk = copy.disk
        if withMark { mark = copy.mark }
        watch = Watch()
    }

    func pause() {
        isPaused = isUp
    }

    func resume() throws {
        guard isPaused else { return }
        isPaused = false
        let bodies = deferred
        deferred = []
        for body in bodies { try body() }
    }

    // MARK: - The writer

    /// Queues a command; `completion` runs when it is durable.
    func submit(_ command: RegionCommand, completion: @escaping (RegionOutcome) -> Void = { _ in }) {
        submit(command, .client(completion))
    }

    private func submit(_ command: RegionCommand, _ ticket: Ticket) {
        let refusal = queue.append(command, isBounded: false)
        tickets.append(ticket)
        #expect(refusal == nil)
        if queue.isDue { scheduleRound(after: cluster.number(0...5)) }
    }

    private func scheduleRound(after milliseconds: UInt64) {
        guard !isRoundOpen, !isRoundDue else { return }
        isRoundDue = true
        cluster.schedule(after: milliseconds, on: self) { [unowned self] in beginRound() }
    }

    private func beginRound() {
        isRoundDue = false
        if queue.isDue || writer.hasWork(at: instant) { writer.accept(&queue) }
        guard let round = writer.nextRound(at: instant) else { return scheduleMaintenance() }
        isRoundOpen = true
        cluster.schedule(after: cluster.number(0...3), on: self) { [unowned self] in try end(round) }
    }

    private func end(_ round: CommitRound) throws {
        if let batch = round.batch { try disk.commit(batch, durability: round.durability) }
        let finished = writer.finish(round, .success(()))
        isRoundOpen = false
        if keepsMark { mark = LogMark(incarnation: store.incarnation, position: store.reader.lastPosition) }
        if finished.mustReopen {
            reopenCount += 1
            try crash()
            return try start()
        }
        if let committed = finished.committed {
            watch.check(self)
            perform(hub.advanced(to: committed, at: instant))
        }
        let answered = tickets.prefix(finished.answers.count)
        tickets.removeFirst(answered.count)
        for (ticket, answer) in zip(answered, finished.answers) {
            guard case .done(let outcome) = answer else { continue }
            if case .deliver(.failure(let error)) = outcome { cluster.history.refusals.append("\(error)") }
            switch ticket {
            case .nobody: break
            case .hub(let ticket): perform(hub.answered(ticket, outcome, at: instant))
            case .client(let completion): completion(outcome)
            }
        }
        if writer.hasWork(at: instant) || queue.isDue { scheduleRound(after: 0) } else { scheduleMaintenance() }
    }

    /// Wakes the writer when maintenance is due, unless a command does so before.
    private func scheduleMaintenance() {
        let due = writer.nextMaintenanceMilliseconds
        guard due < maintenanceDue ?? .max else { return }
        maintenanceDue = due
        cluster.schedule(after: due - min(due, cluster.now), on: self) { [unowned self] in
            guard maintenanceDue == due else { return }
            maintenanceDue = nil
            scheduleRound(after: 0)
        }
    }

    // MARK: - Links

    func received(_ message: LinkMessage, on end: LinkHub.LinkEnd) {
        perform(hub.received(message, on: end, at: instant))
    }

    func disconnected(_ end: LinkHub.LinkEnd, _ connection: Connection) {
        switch end {
        case .outgoing(let region):
            guard outgoing[region] === connection else { return }
            outgoing[region] = nil
        case .incoming(let number):
            guard incoming.removeValue(forKey: number) != nil else { return }
        }
        perform(hub.disconnected(end, at: instant, using: &cluster.random))
    }

    private func perform(_ actions: [LinkHub.Action]) {
        for action in actions {
            switch action {
            case .connect(let region): connect(to: region)
            case .send(let message, .outgoing(let region)): outgoing[region]?.sendToReceiver(message)
            case .send(let message, .incoming(let number)): incoming[number]?.sendToSender(message)
            case .read(let read, let region, let connection): start(read, region, connection)
            case .close(.outgoing(let region), _): outgoing[region]?.close()
            case .close(.incoming(let number), _): incoming[number]?.close()
            case .submit(let command, let ticket): submit(command, ticket.map(Ticket.hub) ?? .nobody)
            case .opened, .pauseReading, .resumeReading, .recordLag, .established: break
            case .wakeAt(let time): wake(at: time)
            }
        }
    }

    private func wake(at time: UInt64) {
        timer += 1
        let number = timer
        cluster.schedule(after: time - min(time, cluster.now), on: self) { [unowned self] in
            if number == timer { perform(hub.timerFired(at: instant, using: &cluster.random)) }
        }
    }

    private func connect(to region: RegionID) {
        cluster.schedule(after: cluster.delay(), on: self) { [unowned self] in
            guard let receiver = cluster.node(region), receiver.isUp,
                !cluster.isBlocked(from: self.region.id, to: region)
            else {
                let failed = hub.attemptFailed(
                    to: region, isRefusal: false, at: instant, using: &cluster.random)
                return perform(failed)
            }
            // An earlier attempt has succeeded meanwhile.
            guard outgoing[region] == nil else { return }
            outgoing[region] = receiver.accept(from: self)
            perform(hub.connected(to: region, at: instant))
        }
    }

    private func accept(from sender: Node) -> Connection {
        let (number, actions) = hub.accepted(certificateNames: [sender.region.name.string], at: instant)
        let connection = Connection(from: sender, to: self, number)
        incoming[number] = connection
        perform(actions)
        return connection
    }

    private func start(_ read: SenderLink.Read, _ peer: RegionID, _ connection: UInt64) {
        if reads[peer]?.connection != connection, let name = cluster.node(peer)?.region.name {
            reads[peer] = (connection, LinkReads(reader: store.reader, peer: name))
        }
        guard let reads = reads[peer]?.reads else { return }
        cluster.schedule(after: cluster.number(0...5), on: self) { [unowned self] in
            perform(hub.readFinished(try reads.perform(read), of: peer, connection: connection, at: instant))
        }
    }
}
