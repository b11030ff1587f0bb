public import KeyValueStore
public import RegionStore

/// Hands what one connection brings to the store, in order, until something is refused.
///
/// What follows a refused batch must not be applied: the vector would say that nothing is missing. Unchecked Sendable: touched by the
/// store's writer alone.
public final class LinkApplications<Store: KeyValueStore>: @unchecked Sendable {
    private var isBroken = false

    /// What became of one application.
    public enum Outcome: Sendable, Hashable {
        /// With what all replicas of the region will have once that is committed.
        case applied(AppliedVector)
        case refused(ApplyError)
        /// An earlier one was refused.
        case skipped
    }

    public init() {}

    /// Applies to `store`, whose next commit makes it durable: only then may it be acknowledged.
    public func apply(
        _ application: ReceiverLink.Application, to store: RegionStore<Store>, at nowMilliseconds: UInt64
    ) -> Outcome {
        guard !isBroken else { return .skipped }
        do throws(ApplyError) {
            switch application {
            case .catalog(let image, let origin):
                try store.applyCatalog(
                    image.entries, from: origin, position: image.position, isReset: image.isReset,
                    at: nowMilliseconds)
            case .changes(let batch): try store.apply(batch, at: nowMilliseconds)
            case .heartbeat(let origin, let position, let closed, let past):
                let progress = ReceivedBatch(origin: origin, records: [], position: position, isComplete: true)
                try store.apply(progress, at: nowMilliseconds)
                store.noteClosed(origin, at: closed, past: past)
            case .snapshotPart(let replica, let items): try store.applySnapshot(items, of: replica, at: nowMilliseconds)
            case .snapshotEnd(let replica, let vector):
                store.finishSnapshot(of: replica, vector: vector, at: nowMilliseconds)
            case .catchUpEnd(let replica, let origin, let position, let isDirect):
                // An origin that still writes has to know of the replica: only its own answer says so.
                guard isDirect || store.hasEnded(origin) else { break }
                store.finishCatchUp(of: replica, from: origin, after: position)
            case .orphanedOriginEnd(let origin, let region, let after, let seen, let isTrimmed):
                store.finishOrphanedOrigin(of: origin, from: region, after: after, position: seen, isTrimmed: isTrimmed)
            }
            return .applied(store.appliedVector)
        } catch {
            isBroken = true
            return .refused(error)
        }
    }
}
