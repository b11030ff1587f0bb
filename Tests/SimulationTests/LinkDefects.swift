import HybridClock
import ItemModel
import RegionStore
import Replication

@testable import Simulation

/// Mistakes in what regions tell each other.
extension Defect {
    /// What each part of a snapshot becomes on its way.
    private static func rewriting(snapshot message: LinkMessage, _ change: (SnapshotPart) -> SnapshotPart)
        -> LinkMessage
    {
        guard case .snapshotPart(let sequence, let replica, let part) = message else { return message }
        return .snapshotPart(sequence: sequence, replica, change(part))
    }

    private static func rewriting(itemsOf message: LinkMessage, _ change: ([SnapshotItem]) -> [SnapshotItem])
        -> LinkMessage
    {
        rewriting(snapshot: message) {
            SnapshotPart(items: change($0.items), from: $0.lower, to: $0.upper, vector: $0.vector)
        }
    }

    static let links: [Defect] = [
        .message("a part of a snapshot says that it is the whole", in: .staleCopy, noticedBy: ["storage"]) {
            message, _ in
            rewriting(snapshot: message) { SnapshotPart(items: $0.items, from: [], to: nil, vector: $0.vector) }
        },
        .message(
            "an acknowledgement goes past what was applied", in: .partition,
            noticedBy: ["durability", "stable time", "log", "progress"]
        ) {
            message, _ in
            guard case .acknowledge(let sequence, let vector, let clock) = message else { return message }
            return .acknowledge(sequence: sequence, vector: vector.raised(by: 50), clockMilliseconds: clock)
        },
        .message("a heartbeat says that more was sent than was", in: .steady, noticedBy: ["log"]) {
            // The other region takes it for more than its disk has, and its disk for an old one.
            message, _ in
            guard case .heartbeat(let sequence, let beat) = message else { return message }
            return .heartbeat(
                sequence: sequence,
                .init(
                    position: LogPosition(rawValue: beat.position.rawValue + 20), closed: beat.closed,
                    clockMilliseconds: beat.clockMilliseconds, directory: beat.directory))
        },
        .message("a snapshot leaves out items", in: .newReplica, noticedBy: ["progress", "stable time"]) {
            message, _ in
            rewriting(itemsOf: message) { $0.enumerated().filter { $0.offset % 3 > 0 }.map(\.element) }
        },
        .message(
            "a snapshot brings an item without an attribute", in: .newReplica, noticedBy: ["storage", "convergence"]
        ) {
            message, _ in
            rewriting(itemsOf: message) { items in
                items.map { part in
                    guard !part.isTombstone, var item = try? Item(decoding: part.payload) else { return part }
                    item["mark"] = nil
                    return SnapshotItem(version: part.version, isTombstone: false, payload: item.encoded())
                }
            }
        },
        .message(
            "a snapshot brings items as older than they are", in: .newReplica,
            noticedBy: ["storage", "winner", "convergence"]
        ) {
            message, _ in
            rewriting(itemsOf: message) { items in
                items.map { part in
                    let stamp = HybridTimestamp(rawValue: part.version.stamp.rawValue - 1)
                    return SnapshotItem(
                        version: Version(stamp: stamp, origin: part.version.origin), isTombstone: part.isTombstone,
                        payload: part.payload)
                }
            }
        },
        .message("a change arrives with another stamp", in: .steady, noticedBy: ["replication", "progress"]) {
            message, chance in
            rewriting(message) { record in
                guard record[1] == 1, record[19] < 255, chance.happens(0.05) else { return record }
                return record[..<19] + [record[19] + 1] + record[20...]
            }
        },
        .message(
            "a deletion by time to live arrives as a client's", in: .expiry, noticedBy: ["streams", "replication"]
        ) {
            message, _ in
            rewriting(message) { record in record[2] == 2 ? record[..<2] + [1] + record[3...] : record }
        },
        Defect(
            "what a region passes on of another is nothing", in: .oneWay,
            noticedBy: ["progress", "stable time"]
        ) { handle in
            var hooks = SimulationHooks()
            hooks.alterMessage = { (message: LinkMessage, from: Int, _: Int) -> [LinkMessage] in
                guard case .changes(_, let changes) = message, let world = handle.world,
                    changes.batch.origin.region != world.regions[from].identity.id
                else { return [message] }
                return [rewriting(message) { _ in nil }]
            }
            return hooks
        },
    ]
}

extension AppliedVector {
    /// Each position by so many further on.
    func raised(by count: UInt64) -> AppliedVector {
        var other = AppliedVector()
        for entry in entries { other.raise(entry.origin, to: LogPosition(rawValue: entry.position.rawValue + count)) }
        return other
    }
}
