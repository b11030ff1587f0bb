import HybridClock
import ItemModel

/// The catalog of a region that this one has no position of, decoded and checked.
struct CheckedCatalog {
    let catalog: ReceivedCatalog
    let entries: [CatalogEntry]
    let source: Origin

    /// Takes over the entries, and counts the source's log up to the position as applied.
    func apply(to region: inout RegionState, _ progress: inout ReplicaProgress, at nowMilliseconds: UInt64) {
        for entry in entries {
            region.raiseClock(to: entry, at: nowMilliseconds)
            let known = region.catalog.entry(entry.uuid)
            region.mergeCatalog(entry, at: nowMilliseconds)
            // An image is in no log: what it taught is relayed as a change of this region's own.
            if let learned = region.catalog.entry(entry.uuid), learned != known {
                region.logCatalogChange(learned, version: region.nextVersion(at: nowMilliseconds))
            } else if !entry.isDeleted {
                region.repeatDeletion(of: entry, at: nowMilliseconds)
            }
        }
        region.takeCollected(catalog.collected, besides: Set(entries.map(\.uuid)), at: nowMilliseconds)
        let known = progress.vector[source]
        let position = catalog.position
        if position > known { openGaps(after: known, in: &region) }
        progress.noteApplied(source, upTo: position)
        progress.noteNotRetained(source, upTo: position)
    }

    /// Notes for every replica in use that it lacks what the source logged after this region's position, as that is
    /// skipped.
    private func openGaps(after known: LogPosition, in region: inout RegionState) {
        guard let name = region.configuration.name(of: source.region) else { return }
        for var state in region.catalog.all
        where state.local.isServing && state.entry.hasHadReplica(in: name) {
            state.local.openGap(of: source, after: known)
            if catalog.isReset, state.entry[SettingName.replica(name)] != nil { region.requireTransfer(&state) }
            region.catalog.put(state)
        }
    }
}
