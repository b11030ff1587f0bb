import RegionStore
import Replication

/// What is known of the logs of the other regions: which are there, since when no link from them is up, and what they have applied.
///
/// A region may have several logs. One that nothing was seen of yet has an entry without a log.
struct PeerLinks: Sendable {
    private var entries: [RelayPolicy.Peer]

    /// - Parameter now: since when no link is up, in monotonic milliseconds.
    init(_ regions: [RegionID], at now: UInt64) {
        entries = regions.sorted().map { .init(region: $0, origin: nil, downSince: now, vector: AppliedVector()) }
    }

    /// In the order of the regions and their logs.
    var all: [RelayPolicy.Peer] { entries }

    /// The logs of a region that were seen, in order.
    func logs(of region: RegionID) -> [RelayPolicy.Peer] { entries.filter { $0.region == region && $0.origin != nil } }

    /// A link from the log is up.
    mutating func cameUp(_ log: Origin) {
        update(log) { .init(region: $0.region, origin: log, downSince: nil, vector: $0.vector) }
    }

    /// No link from the log is up any more.
    mutating func wentDown(_ log: Origin, at now: UInt64) {
        guard entries.contains(where: { $0.origin == log }) else { return }
        update(log) { .init(region: $0.region, origin: log, downSince: now, vector: $0.vector) }
    }

    /// The region's store with that log has reported what it has applied.
    mutating func reported(_ vector: AppliedVector, by log: Origin, at now: UInt64) {
        update(log) { .init(region: $0.region, origin: log, downSince: $0.downSince, vector: vector) }
    }

    /// The log has ended.
    mutating func remove(_ log: Origin) {
        guard let index = entries.firstIndex(where: { $0.origin == log }) else { return }
        let ended = entries.remove(at: index)
        guard !entries.contains(where: { $0.region == ended.region }) else { return }
        // Its region still has a place here, for the log that has taken over.
        entries.insert(
            .init(region: ended.region, origin: nil, downSince: ended.downSince, vector: AppliedVector()), at: index)
    }

    private mutating func update(_ log: Origin, _ change: (RelayPolicy.Peer) -> RelayPolicy.Peer) {
        if let index = entries.firstIndex(where: { $0.origin == log }) {
            entries[index] = change(entries[index])
            return
        }
        guard let first = entries.firstIndex(where: { $0.region == log.region }) else { return }
        guard entries[first].origin != nil else {
            entries[first] = change(entries[first])
            return
        }
        // Another log of the region: down as long as the one that was seen before it, until a link says otherwise.
        let index = entries.firstIndex { $0.region == log.region && $0.origin.map { $0 > log } ?? false }
        let end = entries.lastIndex { $0.region == log.region }.map { $0 + 1 } ?? entries.endIndex
        let model = RelayPolicy.Peer(
            region: log.region, origin: log, downSince: entries[first].downSince ?? 0, vector: AppliedVector())
        entries.insert(change(model), at: index ?? end)
    }
}
