import HybridClock
import ItemModel
import KeyValueStore

/// How far this region's replicas are with every log, and how far the other regions' are: vectors, stable time and what
/// is left of logs that have ended.
///
/// The three vectors of its own are durable, in the `meta` keyspace; what the peers have said is lost with the process
/// and reported again.
///
/// A region that comes back without its disk begins another log, and nothing is added to the old one. Yet each of the
/// others may have received another part of what that had shipped, and relays it. Until that is done, a change of the
/// ended log may arrive that is older than what the new one has closed, so stable time waits: each region asks every
/// other one for what it has of the orphaned origin, once that one has seen the new log and can therefore receive
/// nothing of the old one any more; the region itself too, whose old copy of a disk has all but the log's end. With all answers together there is nothing left to come: the region counts the old
/// log as complete up to the highest position that anybody saw.
struct ReplicaProgress {
    let origin: Origin
    /// Every other region of the topology, in order.
    let peers: [RegionID]

    /// What was applied of every log but this region's own.
    private(set) var vector: AppliedVector
    /// For each origin the position after which this region's log holds all of its changes.
    private(set) var retainedFrom: AppliedVector
    /// For each origin the highest position of what came in parts, without all that was before it.
    private(set) var seen: AppliedVector
    /// For each log the changes above ``vector`` that came in parts and are in this region's log: increasing.
    ///
    /// Lost with the process, after which one may be logged once more.
    private var loggedParts: [(log: Origin, positions: [LogPosition])] = []
    private var changed: Vectors = []

    /// Which of the three have changed since they were staged.
    private struct Vectors: OptionSet {
        let rawValue: UInt8
        static let applied = Vectors(rawValue: 1)
        static let retainedFrom = Vectors(rawValue: 2)
        static let seen = Vectors(rawValue: 4)
    }

    private(set) var logs = PeerLogs()
    /// Regions of which something may still come that is older than what their alive logs have closed, each with how
    /// far it counts as closed until then.
    private var holds: [(region: RegionID, stamp: HybridTimestamp)]
    /// What this region says of its own logs: a region of one store has one alive, and its earlier ones are those that others have
    /// reported.
    private var ownLogs: RegionDirectory
    /// Whether nothing can come any more of the disks that this region itself has lost before its present one.
    private var isOwnPastComplete = false
    private var answers: [Answer] = []
    /// The clock's mark at the last commit: every stamp to come is above it, even after a crash with the physical clock
    /// set back, since the mark was in the commit.
    private(set) var closedTimestamp = HybridTimestamp.zero

    /// What another log's store has said to be all that it holds of an origin whose disk is lost.
    private struct Answer {
        let origin: Origin
        let source: Origin
        /// It has sent everything above this position of the origin's log.
        let after: LogPosition
        /// Up to where it has itself seen that log.
        let position: LogPosition
    }

    /// What the catalog and the log add to the vectors.
    struct Context {
        /// For each origin of which some replica here lacks changes, the position after which they stand.
        let gaps: AppliedVector
        /// Up to where each log need not be shipped here again, this region's own included.
        let received: AppliedVector
    }

    /// What the tables that are here and the log add, as they stand.
    func context(_ catalog: Catalog, _ log: ChangeLog) -> Context {
        Context(gaps: catalog.gaps, received: received(upTo: log.bounds.last))
    }

    /// Up to where each log need not be shipped here again.
    ///
    /// - Parameter last: the last position of this region's own log.
    func received(upTo last: LogPosition) -> AppliedVector { vector.raised(origin, to: last) }

    /// Reads the vectors back.
    ///
    /// - Parameter regions: every region of the topology.
    init(
        from store: some KeyValueReader, origin: Origin, regions: [RegionIdentity]
    ) throws(KeyValueStoreError) {
        self.origin = origin
        ownLogs = RegionDirectory(alive: [origin])
        peers = regions.map(\.id).filter { $0 != origin.region }
        vector = try Self.vector(Layout.MetaKey.vector, in: store)
        retainedFrom = try Self.vector(Layout.MetaKey.retainedFrom, in: store)
        seen = try Self.vector(Layout.MetaKey.seen, in: store)
        holds = peers.map { ($0, .zero) }
    }

    /// A vector as it is stored in the `meta` keyspace; empty where there is none.
    static func vector(_ key: [UInt8], in reader: some KeyValueReader) throws(KeyValueStoreError) -> AppliedVector {
        guard let bytes = try reader.value(for: key, in: Layout.meta) else { return AppliedVector() }
        do {
            var reader = ByteReader(bytes)
            let vector = try AppliedVector(from: &reader)
            try reader.expectEnd()
            return vector
        } catch {
            throw .corruption("\(String(decoding: key, as: UTF8.self)): \(error)")
        }
    }

    // MARK: - The region's own vectors

    /// Whether the next commit has something to write.
    var hasChanges: Bool { !changed.isEmpty }

    /// Adds the vectors to the batch of the changes that they count.
    mutating func stage(into batch: inout WriteBatch) {
        func put(_ key: [UInt8], _ vector: AppliedVector) {
            var writer = ByteWriter(capacity: vector.encodedByteCount)
            vector.encode(into: &writer)
            batch.put(key, writer.bytes, in: Layout.meta)
        }
        if changed.contains(.applied) { put(Layout.MetaKey.vector, vector) }
        if changed.contains(.retainedFrom) { put(Layout.MetaKey.retainedFrom, retainedFrom) }
        if changed.contains(.seen) { put(Layout.MetaKey.seen, seen) }
        changed = []
    }

    /// What was staged is durable, with the clock's mark.
    mutating func committed(at mark: HybridTimestamp) { closedTimestamp = mark }

    /// Counts everything of `log` up to `position` as applied, if only the catalog.
    mutating func noteApplied(_ log: Origin, upTo position: LogPosition) {
        guard position > vector[log] || !vector.contains(log) else { return }
        vector.raise(log, to: position)
        changed.insert(.applied)
        if let index = loggedParts.firstIndex(where: { $0.log == log }) {
            loggedParts[index].positions.removeAll { $0 <= position }
        }
    }

    /// Notes that a change that came in parts is about to be logged.
    ///
    /// - Returns: false where it need not be, as the vector counts it or it is in the log already.
    @discardableResult
    mutating func noteLogged(_ log: Origin, at position: LogPosition) -> Bool {
        guard position > vector[log] else { return false }
        let index = loggedParts.firstIndex { $0.log == log } ?? loggedParts.endIndex
        if index == loggedParts.endIndex { loggedParts.append((log, [])) }
        let positions = loggedParts[index].positions
        let place = positions.partitioningIndex { $0 >= position }
        guard place == positions.count || positions[place] != position else { return false }
        loggedParts[index].positions.insert(position, at: place)
        return true
    }

    /// Notes that a change at `position` came apart from those before it.
    mutating func noteSeen(_ log: Origin, at position: LogPosition) {
        guard position > max(vector[log], seen[log]) else { return }
        seen.raise(log, to: position)
        changed.insert(.seen)
    }

    /// Notes that this region's log lacks changes of `log` up to `position`.
    mutating func noteNotRetained(_ log: Origin, upTo position: LogPosition) {
        guard position > retainedFrom[log] || !retainedFrom.contains(log) else { return }
        retainedFrom.raise(log, to: position)
        changed.insert(.retainedFrom)
    }

    // MARK: - What the peers say

    /// What this region says of its logs, and of what it holds of ended ones beyond what it acknowledges.
    func directory(acknowledging acknowledged: AppliedVector) -> RegionDirectory {
        var parts = AppliedVector()
        for entry in vector.entries + seen.entries
        where entry.position > acknowledged[entry.origin] && hasEnded(entry.origin) {
            parts.raise(entry.origin, to: entry.position)
        }
        // Asked for at every commit, and mostly there are none.
        return parts.entries.isEmpty
            ? ownLogs : RegionDirectory(alive: ownLogs.alive, ended: ownLogs.ended, parts: parts)
    }

    mutating func noteAcknowledged(by peer: Origin, _ acknowledged: AppliedVector) {
        guard peers.contains(peer.region), !hasEnded(peer) else { return }
        logs.noteAcknowledged(by: peer, acknowledged)
    }

    /// - Parameter stamp: nil while changes that the link has gone past are lacking here: stable time must not overtake
    ///   them.
    mutating func noteClosed(
        _ log: Origin, at stamp: HybridTimestamp?, directory: RegionDirectory
    ) {
        // Word of one that has ended, which was on its way.
        guard peers.contains(log.region), !hasEnded(log) else { return }
        let before = closedTimestamp(of: log.region)
        // Nobody can say yet what of an ended log is still to come, nor how far a new one is.
        if logs.take(directory, from: log), !holds.contains(where: { $0.region == log.region }) {
            holds.append((log.region, before))
        }
        if let stamp { logs.noteClosed(log, at: stamp) }
        if !answers.isEmpty { answers = answers.filter { !hasEnded($0.source) } }
    }

    /// Whether nothing is added to a log any more, as its region has said, which may be this one.
    func hasEnded(_ log: Origin) -> Bool {
        log.region == origin.region ? log != origin : logs.hasEnded(log)
    }

    /// Whether every alive log of `region` has `log` up to `position`; a region that nothing was seen of has not.
    func hasAcknowledged(_ region: RegionID, _ log: Origin, upTo position: LogPosition) -> Bool {
        let counting = logs.counting(of: region)
        return !counting.isEmpty
            && counting.allSatisfy { peer in
                // What a store has written itself it has, as long as it has its disk.
                peer.origin == log || peer.acknowledged.map { $0[log] >= position } ?? false
            }
    }

    /// Nothing stamped at or below it will come from that region any more; zero until it was seen.
    func closedTimestamp(of region: RegionID) -> HybridTimestamp {
        guard region != origin.region else { return closedTimestamp }
        return holds.first { $0.region == region }?.stamp ?? logs.closedTimestamp(of: region)
    }

    /// Every change up to it that any region still holds is here; zero until all of the topology were seen.
    var stableTime: HybridTimestamp { stableTime(of: peers) }

    /// Every change up to it that any region still holds of what only these regions, and this one, write is here.
    func stableTime(of regions: [RegionID]) -> HybridTimestamp {
        guard isOwnPastComplete else { return .zero }
        return regions.reduce(closedTimestamp) { min($0, closedTimestamp(of: $1)) }
    }

    /// Whether stable time waits for what may still come of an ended log: after each report ``releaseHolds(_:)`` is due.
    var hasHolds: Bool { !isOwnPastComplete || !holds.isEmpty }

    /// Lets stable time go on to what a region's alive logs have closed, where nothing of an ended one can come any
    /// more.
    mutating func releaseHolds(_ context: Context) {
        guard hasHolds else { return }
        let known = knownLogs(context)
        let ended = known.filter { $0.region == origin.region && $0 != origin }
        if ended != ownLogs.ended { ownLogs = RegionDirectory(alive: [origin], ended: ended) }
        if isComplete(origin.region, alive: [origin], known, context) { isOwnPastComplete = true }
        holds = holds.filter { hold in
            let alive = logs.alive(of: hold.region).map(\.origin)
            return alive.isEmpty || !isComplete(hold.region, alive: alive, known, context)
        }
    }

    private func isComplete(
        _ region: RegionID, alive: [Origin], _ known: [Origin], _ context: Context
    ) -> Bool {
        let past = known.filter { $0.region == region && !alive.contains($0) }
        // What came here in parts others may send once more, after what has followed it is forgotten.
        guard past.allSatisfy({ hasEnded($0) && !context.gaps.contains($0) && seen[$0] <= context.received[$0] }) else {
            return false
        }
        // Who has not heard of a log that is alive now may have got more since, from the log's predecessor.
        let all = alive + logs.alive.map(\.origin)
        // A store that has forgotten the end of its log has what came before: it is a witness of its own past.
        return areAll(peers) { witness in
            guard let vector = witness.acknowledged else { return false }
            return all.allSatisfy { vector.contains($0) || $0.region == witness.origin.region }
                && past.allSatisfy { ended in
                    witness.heldPosition(of: ended).map { $0 <= context.received[ended] } ?? false
                }
        }
    }

    /// Whether something holds for every log of some regions that counts, and each region has one.
    private func areAll(_ regions: [RegionID], _ condition: (PeerLogs.Log) -> Bool) -> Bool {
        regions.allSatisfy { region in
            let counting = logs.counting(of: region)
            return !counting.isEmpty && counting.allSatisfy(condition)
        }
    }

    // MARK: - Orphaned origins

    /// Of which lost disks the store of `source` shall send what it holds, each with the position after which it is
    /// wanted and a log that has taken its place.
    func orphanedOriginsNeeded(
        from source: Origin, _ context: Context
    ) -> [(origin: Origin, after: LogPosition, successor: Origin)] {
        guard let peer = logs[source], let vector = peer.acknowledged else { return [] }
        return knownLogs(context).filter(hasEnded).compactMap { ended in
            guard let successor = successor(of: ended), vector.contains(successor),
                peer.heldPosition(of: ended) ?? vector[ended] > context.received[ended] || context.gaps.contains(ended),
                !isAnswered(ended, by: peer, context)
            else { return nil }
            return (ended, wantedAfter(ended, context), successor)
        }
    }

    /// Notes that the store of `source` has sent all that it holds of an ended log above `after`.
    ///
    /// - Returns: whether the log is complete now, as every other region has answered.
    mutating func finishOrphanedOrigin(
        of ended: Origin, from source: Origin, after: LogPosition, position: LogPosition, _ context: Context
    ) -> Bool {
        answers.removeAll { $0.origin == ended && $0.source == source }
        answers.append(Answer(origin: ended, source: source, after: after, position: position))
        guard areAll(peers, { isAnswered(ended, by: $0, context) }) else { return false }
        let end = answers.filter { $0.origin == ended }.map(\.position).reduce(max(vector[ended], seen[ended])) {
            max($0, $1)
        }
        answers.removeAll { $0.origin == ended }
        noteApplied(ended, upTo: end)
        return true
    }

    /// Which regions have not sent all that they hold of an ended log: those whose stores have reported something, and those that nothing
    /// was heard of.
    func asked(for ended: Origin, _ context: Context) -> (open: [RegionID], unheard: [RegionID]) {
        var result: (open: [RegionID], unheard: [RegionID]) = ([], [])
        for region in peers {
            let counting = logs.counting(of: region)
            if !counting.contains(where: { $0.acknowledged != nil }) {
                result.unheard.append(region)
            } else if !counting.allSatisfy({ isAnswered(ended, by: $0, context) }) {
                result.open.append(region)
            }
        }
        return result
    }

    private func successor(of ended: Origin) -> Origin? {
        ended.region == origin.region ? origin : logs.successor(of: ended)
    }

    private func isAnswered(_ ended: Origin, by peer: PeerLogs.Log, _ context: Context) -> Bool {
        if answers.contains(where: {
            $0.origin == ended && $0.source == peer.origin && $0.after <= wantedAfter(ended, context)
                && $0.position >= peer.heldPosition(of: ended) ?? .zero
        }) {
            return true
        }
        // It has nothing that is not here.
        guard !context.gaps.contains(ended), let vector = peer.acknowledged, let held = peer.heldPosition(of: ended)
        else { return false }
        return successor(of: ended).map(vector.contains) ?? false && held <= context.received[ended]
    }

    private func wantedAfter(_ log: Origin, _ context: Context) -> LogPosition {
        context.gaps.contains(log) ? min(vector[log], context.gaps[log]) : vector[log]
    }

    /// Every log of every region that any vector names, in order.
    private func knownLogs(_ context: Context) -> [Origin] {
        let named = ([vector, context.gaps] + logs.acknowledgedVectors).flatMap { $0.entries.map(\.origin) }.sorted()
        return zip(named, [nil] + named).compactMap { log, before in log == before ? nil : log }
    }
}
