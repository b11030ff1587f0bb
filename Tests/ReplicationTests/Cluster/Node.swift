import HybridClock
import ItemModel
import KeyValueStore
import Replication
import Testing

@testable import RegionStore

/// One region: a store with its writer, and the owner of its links' machines.
final class Node {
    typealias Store = RegionStore<InMemoryStore>

    unowned let cluster: Cluster
    let region: RegionIdentity
    private(set) var disk = InMemoryStore(keyspaces: Layout.keyspaces)
    private(set) var store: Store
    /// Counts processes, so that nothing left over from one reaches the next.
    private(set) var run = 0
    private(set) var isUp = false
    private(set) var isPaused = false
    /// What came while the process was paused.
    var deferred: [() throws -> Void] = []
    /// Added to the true physical time.
    var clockOffset: Int64 = 0

    private(set) var outgoing: [Outgoing] = []
    private(set) var incoming: [Incoming] = []
    private(set) var peers: [Peer] = []
    private var plan = RelayPolicy.Plan()

    private var queue: [(Store, UInt64) -> () -> Void] = []
    private var isDrainDue = false
    private var watch = Watch()

    /// What is known of another region.
    struct Peer {
        let region: RegionID
        var origin: Origin?
        var downSince: UInt64?
        var vector = AppliedVector()
    }

    init(_ region: RegionIdentity, in cluster: Cluster) throws {
        self.cluster = cluster
        self.region = region
        store = try Store(
            opening: disk, configuration: Self.configuration(of: region, in: cluster), using: &cluster.random)
    }

    private static func configuration(
        of region: RegionIdentity, in cluster: Cluster
    ) -> RegionConfiguration {
        var configuration = RegionConfiguration(region: region.id, regions: cluster.regions)
        configuration.logRetentionMilliseconds = cluster.options.logRetentionMilliseconds
        configuration.logRetentionLimitMilliseconds = cluster.options.logRetentionLimitMilliseconds
        return configuration
    }

    var instant: LinkInstant {
        LinkInstant(
            monotonicMilliseconds: cluster.now,
            physicalMilliseconds: UInt64(Int64(Cluster.epoch + cluster.now) + clockOffset))
    }

    var identity: LinkIdentity {
        LinkIdentity(region: region.id, name: region.name, incarnation: store.incarnation)
    }

    // MARK: - Processes

    func start() throws {
        store = try Store(
            opening: disk, configuration: Self.configuration(of: region, in: cluster), using: &cluster.random)
        run += 1
        isUp = true
        (queue, isDrainDue, deferred, incoming, plan) = ([], false, [], [], RelayPolicy.Plan())
        watch.restarted(store)
        let others = cluster.regions.filter { $0.id != region.id }
        peers = others.map { Peer(region: $0.id, downSince: cluster.now) }
        outgoing = others.map { Outgoing(from: self, to: $0) }
        for link in outgoing { link.start() }
        review()
        maintain()
    }

    /// Ends the process as a loss of power does: what was not committed is gone.
    func crash() throws {
        guard isUp else { return }
        isUp = false
        isPaused = false
        run += 1
        for link in outgoing { link.connection?.cut() }
        for link in incoming { link.connection?.cut() }
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

    /// Queues a command; what it returns runs when it is durable.
    func submit(_ command: @escaping (Store, UInt64) -> () -> Void) {
        queue.append(command)
        guard !isDrainDue else { return }
        isDrainDue = true
        cluster.schedule(after: cluster.number(0...5), on: self) { [unowned self] in try drain() }
    }

    private func drain() throws {
        isDrainDue = false
        let commands = queue
        queue = []
        let completions = commands.map { $0(store, instant.physicalMilliseconds) }
        try store.commit()
        for completion in completions { completion() }
        committed()
    }

    private func committed() {
        watch.check(self)
        for link in outgoing { link.logAdvanced() }
    }

    /// Gives the clock time and throws away what nobody needs any more.
    private func maintain() {
        cluster.schedule(after: cluster.options.reviewMilliseconds, on: self) { [unowned self] in
            let now = instant.physicalMilliseconds
            store.tick(at: now)
            try store.commit()
            while try store.collectTombstones(limit: 50) { try store.commit() }
            try store.commit()
            while try store.trimLog(at: now, limit: 50) { try store.commit() }
            try store.commit()
            while try store.backfillIndexes(limit: 3) { try store.commit() }
            committed()
            maintain()
        }
    }

    // MARK: - Links

    func logBounds() -> SenderLink.LogBounds {
        SenderLink.LogBounds(
            start: store.reader.logStart, end: store.reader.lastPosition, closed: store.closedTimestamp,
            past: store.pastIncarnations)
    }

    func accept(_ link: Incoming) {
        incoming.append(link)
        link.start()
    }

    func established(_ link: Incoming, _ origin: Origin) {
        for other in incoming where other !== link && other.sender?.region == origin.region {
            other.connection?.close()
        }
        update(origin.region) { peer in
            peer.origin = origin
            peer.downSince = nil
        }
    }

    func closed(_ link: Incoming) {
        incoming.removeAll { $0 === link }
        guard let region = link.sender?.region, !incoming.contains(where: { $0.sender?.region == region }) else {
            return
        }
        let now = cluster.now
        update(region) { $0.downSince = now }
        submit { store, _ in
            store.abandonTransfers(from: region)
            return {}
        }
    }

    func acknowledged(by region: RegionID, _ vector: AppliedVector) {
        update(region) { $0.vector = vector }
        submit { store, _ in
            store.noteAcknowledged(by: region, vector: vector)
            return {}
        }
    }

    private func update(_ region: RegionID, _ change: (inout Peer) -> Void) {
        for index in peers.indices where peers[index].region == region { change(&peers[index]) }
    }

    private func review() {
        cluster.schedule(after: cluster.options.reviewMilliseconds, on: self) { [unowned self] in
            submit { [unowned self] store, _ in
                let policy = RelayPolicy(patienceMilliseconds: cluster.options.patienceMilliseconds)
                plan = policy.plan(
                    for: store.progress,
                    peers: peers.map {
                        .init(region: $0.region, origin: $0.origin, downSince: $0.downSince, vector: $0.vector)
                    },
                    current: plan, at: cluster.now)
                let links = incoming.compactMap { link in link.sender.map { (link, store.requests(to: $0, by: plan)) } }
                return { for (link, requests) in links { link.ask(for: requests) } }
            }
            review()
        }
    }
}
