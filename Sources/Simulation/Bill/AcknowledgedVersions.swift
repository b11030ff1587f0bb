import RegionStore

/// The acknowledged writes of one item that a read can be too old for.
///
/// Of two writes of which one is newer and was acknowledged no later, that one alone is kept: so both versions and times rise, and the first
/// entry that is newer than what a read has found tells since when a client knew better.
struct AcknowledgedVersions {
    struct Entry {
        let mark: Mark
        let at: VirtualTime
        let isDelete: Bool
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var last: Entry? { entries.last }

    /// Takes a write that was acknowledged now; times only grow.
    mutating func note(_ mark: Mark, isDelete: Bool, at time: VirtualTime) {
        guard entries.last.map({ mark.beats($0.mark) }) ?? true else { return }
        entries.append(Entry(mark: mark, at: time, isDelete: isDelete))
    }

    /// The first acknowledged write that is newer than `mark`, if it was acknowledged by `time`.
    func first(newerThan mark: Mark, by time: VirtualTime) -> Entry? {
        let index = entries.partitioningIndex { $0.mark.beats(mark) }
        guard index < entries.count, entries[index].at <= time else { return nil }
        return entries[index]
    }

    /// Forgets the writes up to `mark`, which every region has: no read can be older than that.
    mutating func forget(upTo mark: Mark) {
        entries.removeFirst(entries.partitioningIndex { $0.mark.beats(mark) })
    }

    mutating func remove(where isGone: (Mark) -> Bool) { entries.removeAll { isGone($0.mark) } }
}
