import HybridClock
import ItemModel
import RegionStore
import Replication

/// Whether a region forgets of its log what it may, and no more: nothing that is young, nothing that another region still lacks within the
/// bounds of age and size; and whether it has forgotten what nobody needs.
///
/// What other regions have is what they themselves have made durable, and not what was acknowledged. Of what a region has received it owes
/// others nothing: whoever made it keeps it for them.
final class Retention: WorldObserver {
    private unowned let world: World
    private let history: History
    private let contents: Contents
    private var logs: [Log]
    /// The regions whose disk was taken away or put back as it had been: they lack what they once had.
    private var hasLostDisk: Set<Int> = []
    /// How long after it may go an entry can still be there, in milliseconds: maintenance comes from time to time.
    private static let graceMilliseconds: UInt64 = 60_000

    private struct Log {
        /// Of what is still in the log, in order.
        var entries: ArraySlice<Entry> = []
        var start: UInt64 = 1
        /// How many bytes the entries have, keys and values.
        var byteCount = 0
        /// What the region's clock showed at the commit before.
        var lastMilliseconds: UInt64 = 0
        /// The regions for which the log is no longer kept, as they lacked something beyond the bounds: they get their tables by snapshot.
        var lapsed: Set<Int> = []
    }

    private struct Entry {
        let position: UInt64
        let origin: Origin
        let originPosition: LogPosition
        let stamp: UInt64
        /// What the clock showed at the commit before its own, and at its own.
        let earliestArrival: UInt64
        let latestArrival: UInt64
        let isInStreams: Bool
        let byteCount: Int
    }

    init(of world: World, history: History, contents: Contents) {
        self.world = world
        self.history = history
        self.contents = contents
        logs = world.regions.map { _ in Log() }
    }

    func losesDisk(_ region: SimulatedRegion) { hasLostDisk.insert(region.index) }

    func started(_ region: SimulatedRegion) {
        guard let store = region.store, region.oldCopy != nil || store.reader.lastPosition == .zero else { return }
        // What was noted is of a log that is gone; what an old copy holds of its own is not looked at.
        logs[region.index] = Log(start: store.reader.lastPosition.rawValue + 1)
        // Nor is it known for whom it no longer keeps its log.
        if region.oldCopy != nil { logs[region.index].lapsed = Set(world.regions.indices) }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        let now = region.instant.physicalMilliseconds
        let earliest = min(logs[index].lastMilliseconds, now)
        logs[index].lastMilliseconds = now
        for (image, entry) in zip(contents.images, entries) {
            let isInStreams = image.map { if case .unknown = $0.before { false } else { true } } ?? false
            let byteCount = entry.bytes.count + Layout.logKey(entry.position).count
            logs[index].entries.append(
                Entry(
                    position: entry.position.rawValue, origin: entry.header.version.origin,
                    originPosition: entry.header.position, stamp: entry.header.version.stamp.milliseconds,
                    earliestArrival: earliest, latestArrival: now, isInStreams: isInStreams, byteCount: byteCount))
            logs[index].byteCount += byteCount
        }
        let start = store.reader.logStart.rawValue
        guard start > logs[index].start else { return }
        logs[index].start = start
        for other in others(than: region)
        where other.committedVector[store.origin].rawValue + 1 >= start && isHeard(other, by: region) {
            logs[index].lapsed.remove(other.index)
        }
        let limits = world.storeConfiguration(of: region)
        while let entry = logs[index].entries.first, entry.position < start {
            logs[index].entries.removeFirst()
            if let text = fault(of: entry, now, limits, inLogOf: store.origin, in: region) {
                world.violate("retention", "\(region.name) has removed \(entry.position) from its log, \(text)")
            }
            logs[index].byteCount -= entry.byteCount
        }
    }

    /// Why an entry should still be there.
    private func fault(
        of entry: Entry, _ now: UInt64, _ limits: RegionConfiguration, inLogOf origin: Origin,
        in region: SimulatedRegion
    ) -> String? {
        let retained = now - min(now, limits.logRetentionMilliseconds)
        guard !world.scenario.hasWrongClocks else { return nil }
        if entry.stamp >= retained { return "which is \(now - min(now, entry.stamp)) ms old" }
        if entry.isInStreams, entry.earliestArrival >= retained {
            return "which came \(now - entry.earliestArrival) ms ago at the most"
        }
        let isBeyondSize = UInt64(logs[region.index].byteCount) > limits.logByteLimit
        let isBeyondBounds = isBeyondSize || entry.stamp < now - min(now, limits.logRetentionLimitMilliseconds)
        for other in others(than: region) where !logs[region.index].lapsed.contains(other.index) {
            if isBeyondBounds {
                // Of what a region has, the acknowledgement may not have come.
                let isBehind = other.committedVector[origin].rawValue < history.lastPosition(of: region).rawValue
                if isBehind || !isHeard(other, by: region) { logs[region.index].lapsed.insert(other.index) }
            } else if entry.origin == origin, other.committedVector[origin] < entry.originPosition {
                return "which \(other.name) lacks"
            }
        }
        return nil
    }

    private func isHeard(_ other: SimulatedRegion, by region: SimulatedRegion) -> Bool {
        !world.connections(between: other, and: region).isEmpty
    }

    /// The other regions that have had one disk from the beginning: the others get their tables by snapshot transfer.
    private func others(than region: SimulatedRegion) -> [SimulatedRegion] {
        world.regions.filter { $0 !== region && !hasLostDisk.contains($0.index) }
    }

    /// What a region still has in its log though nobody needs it, in words; nil for nothing.
    func leftover(in region: SimulatedRegion) -> String? {
        guard let entry = logs[region.index].entries.first else { return nil }
        let now = region.instant.physicalMilliseconds
        let limits = world.storeConfiguration(of: region)
        // By a clock that was wrong what is old may have come as something young.
        let kept =
            world.scenario.hasWrongClocks
            ? limits.logRetentionLimitMilliseconds + 3_600_000
            : limits.logRetentionMilliseconds + Self.graceMilliseconds
        let arrival = max(entry.latestArrival, entry.stamp)
        guard arrival + kept < now else { return nil }
        return "\(region.name) still has \(entry.position) in its log, which came \((now - arrival) / 1000) s ago"
    }
}

extension Scenario {
    /// Whether a fault sets a region's clock, so that it shows no time that other clocks agree with.
    var hasWrongClocks: Bool {
        faults.contains { fault in
            switch fault.kind {
            case .clockStep, .clockDrift, .leapSmear: true
            default: false
            }
        }
    }
}
