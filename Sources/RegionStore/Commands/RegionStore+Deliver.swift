extension LinkDelivery {
    /// Whether it may add items to the store, and does more than delete some and note how far a log is.
    public var addsItems: Bool {
        switch self {
        case .changes(let batch):
            // What cannot be read is refused for another reason.
            batch.records.contains { (try? ChangeRecord(decoding: $0).kind) == .put }
        case .snapshotPart(_, let part): part.items.contains { !$0.isTombstone }
        case .catalog, .heartbeat, .snapshotEnd, .catchUpEnd, .orphanedOriginEnd: false
        }
    }
}

extension RegionStore {
    /// Takes over what a link has brought; the next commit makes it durable, and only then may it be acknowledged.
    ///
    /// - Returns: what all replicas of the region have then.
    /// - Throws: `ApplyError`, before anything has changed.
    public func deliver(_ delivery: LinkDelivery, at nowMilliseconds: UInt64) throws(ApplyError) -> AppliedVector {
        switch delivery {
        case .catalog(let catalog, let origin): try applyCatalog(catalog, from: origin, at: nowMilliseconds)
        case .changes(let batch): try apply(batch, at: nowMilliseconds)
        case .heartbeat(let origin, let position, let closed, let directory):
            let progress = ReceivedBatch(origin: origin, records: [], position: position, isComplete: true)
            try apply(progress, at: nowMilliseconds)
            noteClosed(origin, at: closed, directory: directory)
        case .snapshotPart(let replica, let part): try applySnapshot(part, of: replica, at: nowMilliseconds)
        case .snapshotEnd(let replica, let vector): finishSnapshot(of: replica, vector: vector, at: nowMilliseconds)
        case .catchUpEnd(let replica, let origin, let position, let isDirect):
            // An origin that still writes has to know of the replica: only its own answer says so.
            guard isDirect || hasEnded(origin) else { break }
            finishCatchUp(of: replica, from: origin, after: position)
        case .orphanedOriginEnd(let origin, let sender, let after, let seen, let isTrimmed):
            finishOrphanedOrigin(of: origin, from: sender, after: after, position: seen, isTrimmed: isTrimmed)
        }
        return appliedVector
    }
}
