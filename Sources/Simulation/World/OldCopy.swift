import KeyValueStore
import RegionStore

/// A copy of a region's disk, with what is noted beside it.
struct DiskCopy {
    let disk: InMemoryStore
    let mark: LogMark?
    /// The log that the disk had; nil where nothing was ever written.
    let origin: Origin?
    /// Up to where it holds that log.
    let end: LogPosition
}

/// What the old copy that was put back holds of the region's own log.
struct OldCopy {
    let origin: Origin
    /// Up to where it holds it.
    let end: LogPosition
    /// Whether no other region has anything of what came after the copy, and what is noted beside the disk went back too: then the log
    /// goes on as if that had never been.
    let isKnownToNobody: Bool
}
