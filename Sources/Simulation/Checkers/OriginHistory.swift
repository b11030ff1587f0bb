import HybridClock
import ItemModel
import RegionStore

/// A version as the checkers compare it: by code of their own.
struct Mark: Hashable {
    var stamp: UInt64 = 0
    var origin: UInt64 = 0

    init() {}

    init(_ version: Version) {
        stamp = version.stamp.rawValue
        origin = version.origin.rawValue
    }

    init(stamp: UInt64, origin: UInt64) {
        self.stamp = stamp
        self.origin = origin
    }

    var isNone: Bool { stamp == 0 && origin == 0 }

    /// Whether it wins against `other`.
    func beats(_ other: Mark) -> Bool {
        if stamp > other.stamp { return true }
        if stamp < other.stamp { return false }
        return origin > other.origin
    }
}

extension Mark: CustomStringConvertible {
    /// Milliseconds, counter, region and incarnation.
    var description: String {
        isNone ? "nothing" : "\(Version(stamp: .init(rawValue: stamp), origin: Origin(rawValue: origin)))"
    }
}

/// Every change that one incarnation of a region has made, in the order of its log.
final class OriginHistory {
    let origin: Origin
    /// The region's place in the topology.
    let region: Int
    private(set) var changes: [Change] = []
    /// By log position, how many of the changes stand at or before it: finds the change at a position, and those between two.
    private var counts: [UInt32] = [0]
    /// When the last position of each commit was committed.
    private var commits: [(position: UInt64, at: VirtualTime)] = []
    /// Whether its disk is gone.
    var isGone = false
    /// Up to where it went before it was truncated.
    private(set) var forgottenEnd: UInt64 = 0

    /// One write of one item.
    struct Change {
        let stamp: UInt64
        /// Over the item, or over the key of what was deleted.
        let payloadHash: UInt64
        /// Over all of the record: what it says of itself is the same wherever it is logged.
        let recordHash: UInt64
        /// What the region held of the item before.
        fileprivate(set) var replaced = Mark()
        let position: UInt32
        let item: Int32
        let isDelete: Bool
        /// When a client was told of it, in nanoseconds; the greatest number while none was.
        fileprivate(set) var acknowledgedAt = UInt64.max
        /// Whether it was on no other disk when this one was lost.
        var isLost = false

        /// Whether a client was told of it.
        var isAcknowledged: Bool { acknowledgedAt != .max }
    }

    init(_ origin: Origin, region: Int) {
        self.origin = origin
        self.region = region
    }

    /// The last position that was seen of its log.
    var lastPosition: UInt64 { UInt64(counts.count - 1) }

    /// Takes the next position of its log; nil for an entry that is no change of its own items.
    func append(_ change: Change?) {
        if let change { changes.append(change) }
        counts.append(UInt32(changes.count))
    }

    /// Forgets what stands after a position, as its region's disk and everybody else has.
    func truncate(to end: UInt64) {
        guard end < lastPosition else { return }
        forgottenEnd = max(forgottenEnd, lastPosition)
        changes.removeLast(changes.count - Int(counts[Int(end)]))
        counts.removeLast(counts.count - 1 - Int(end))
        commits.removeAll { $0.position > end }
    }

    func noteCommit(at time: VirtualTime) {
        commits.append((lastPosition, time))
    }

    func mark(of change: Change) -> Mark { Mark(stamp: change.stamp, origin: origin.rawValue) }

    /// The place in ``changes`` of what stands at `position`.
    func place(at position: LogPosition) -> Int? {
        guard let index = Int(exactly: position.rawValue), index > 0, index < counts.count,
            counts[index] > counts[index - 1]
        else { return nil }
        return Int(counts[index]) - 1
    }

    /// How many changes stand at or before `position`.
    func count(upTo position: LogPosition) -> Int {
        Int(counts[min(counts.count - 1, Int(clamping: position.rawValue))])
    }

    /// The change with that stamp.
    func change(stamped stamp: UInt64) -> Change? {
        let index = changes.partitioningIndex { $0.stamp >= stamp }
        return index < changes.count && changes[index].stamp == stamp ? changes[index] : nil
    }

    func acknowledge(_ position: LogPosition, at time: VirtualTime) -> Bool {
        guard let place = place(at: position) else { return false }
        changes[place].acknowledgedAt = min(changes[place].acknowledgedAt, time.nanoseconds)
        return true
    }

    func noteReplaced(_ mark: Mark, at position: LogPosition) {
        guard let place = place(at: position) else { return }
        changes[place].replaced = mark
    }

    func lose(_ place: Int) { changes[place].isLost = true }

    /// When a position was committed.
    func commitTime(of position: UInt32) -> VirtualTime? {
        let index = commits.partitioningIndex { $0.position >= UInt64(position) }
        return index < commits.count ? commits[index].at : nil
    }
}
