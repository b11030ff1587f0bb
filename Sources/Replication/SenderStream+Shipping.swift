import HybridClock
import RegionStore

/// How what was read becomes messages, and moves its job on.
extension SenderStream {
    /// Ships what a job's read gave; the job goes to the end of the queue, or is done.
    ///
    /// - Returns: nil where the read gave something else than was asked for.
    mutating func ship(
        _ outcome: SenderLink.ReadOutcome, of job: Job, own: Origin, log: SenderLink.LogBounds
    ) -> [SenderLink.Action]? {
        switch (job, outcome) {
        case (.catalog(let isReset), .catalog(let entries, let collected, let position)):
            let image = LinkMessage.CatalogImage(
                position: position, isReset: isReset, entries: entries, collected: collected)
            begin(.own(readPosition: position))
            let byteCount = entries.reduce(0) { $0 + $1.count }
            return [.send(.catalog(sequence: take(byteCount: byteCount), image))]
        case (.own, .changes(let page)): return shipOwn(page, own: own)
        case (.locate(let origin, let after), .located(let place)):
            begin(.relayed(origin, readPosition: place, claimed: after))
            return []
        case (.relayed(let origin, _, let claimed), .changes(let page)):
            return shipRelayed(page, origin: origin, claimed: claimed)
        case (.locateCatchUp(let catchUp), .located(let place)):
            begin(.catchUp(catchUp, readPosition: place))
            return []
        case (.catchUp(let catchUp, _), .changes(let page)): return ship(page, of: catchUp, own: own)
        case (.catchUp(let catchUp, _), .unavailable(let reason)):
            return [.send(.unavailable(catchUp.request, reason))]
        case (.transfer(let replica, _), .table(let page, let vector)): return ship(page, vector, of: replica)
        case (.transfer(let replica, _), .unavailable(let reason)):
            return [.send(.unavailable(.transfer(replica), reason))]
        case (.locateOrphanedOrigin(let orphanedOrigin), .located(let place)):
            begin(.orphanedOrigin(orphanedOrigin, readPosition: place, isTrimmed: false))
            return []
        case (.orphanedOrigin(let orphanedOrigin, _, let isTrimmed), .changes(let page)):
            return ship(page, of: orphanedOrigin, isTrimmed: isTrimmed)
        case (.orphanedOrigin(let orphanedOrigin, _, _), .unavailable(let reason)):
            return [.send(.unavailable(orphanedOrigin.request, reason))]
        case (.orphanedOriginCatalog(let orphanedOrigin, let seen), .catalog(let entries, let collected, _)):
            // At a position that the receiver has gone past it teaches what it says, and claims nothing.
            let image = LinkMessage.CatalogImage(
                position: .zero, isReset: false, entries: entries, collected: collected)
            let byteCount = entries.reduce(0) { $0 + $1.count }
            return [
                .send(.catalog(sequence: take(byteCount: byteCount), image)), end(of: orphanedOrigin, seen: seen, true),
            ]
        default: return nil
        }
    }

    private mutating func shipOwn(_ page: LogPage, own: Origin) -> [SenderLink.Action] {
        guard !page.isTrimmed else {
            // The receiver was too slow for the log's bounds.
            begin(.catalog(isReset: true))
            return []
        }
        begin(.own(readPosition: page.readPosition))
        guard let first = page.records.first else { return [] }
        let lag = (try? ChangeRecord.header(of: first)).map {
            Batch(stampMilliseconds: $0.version.stamp.milliseconds, changeCount: page.records.count)
        }
        let batch = ReceivedBatch(
            origin: own, records: page.records, position: page.readPosition, isComplete: true)
        return [send(batch, lag: lag)]
    }

    /// What is relayed may have come here in another order than it was made in, and twice: what is sent claims nothing,
    /// until the end of the log is reached.
    private mutating func shipRelayed(
        _ page: LogPage, origin: Origin, claimed: LogPosition
    ) -> [SenderLink.Action] {
        var actions: [SenderLink.Action] = []
        if let batch = Self.incompleteBatch(page.records, of: origin) { actions.append(send(batch)) }
        let complete = page.isTrimmed ? nil : page.completePosition
        if let complete, complete > claimed {
            actions.append(send(ReceivedBatch(origin: origin, records: [], position: complete, isComplete: true)))
        }
        begin(.relayed(origin, readPosition: page.readPosition, claimed: max(claimed, complete ?? claimed)))
        return actions
    }

    private mutating func ship(_ page: LogPage, of catchUp: CatchUp, own: Origin) -> [SenderLink.Action] {
        guard !page.isTrimmed else { return [.send(.unavailable(catchUp.request, .trimmed))] }
        var actions: [SenderLink.Action] = []
        if let batch = Self.incompleteBatch(page.records, of: catchUp.origin) { actions.append(send(batch)) }
        let isAtEnd = catchUp.end.map { page.readPosition >= $0 } ?? (page.completePosition != nil)
        if isAtEnd {
            let end = LinkMessage.catchUpEnd(
                sequence: take(byteCount: 0), catchUp.replica, of: catchUp.origin, after: catchUp.after)
            actions.append(.send(end))
        } else {
            begin(.catchUp(catchUp, readPosition: page.readPosition))
        }
        return actions
    }

    private mutating func ship(_ page: LogPage, of orphanedOrigin: OrphanedOrigin, isTrimmed: Bool) -> [SenderLink
        .Action]
    {
        let isTrimmed = isTrimmed || page.isTrimmed
        var actions: [SenderLink.Action] = []
        if let batch = Self.incompleteBatch(page.records, of: orphanedOrigin.origin) { actions.append(send(batch)) }
        if let seen = page.completePosition {
            if isTrimmed {
                begin(.orphanedOriginCatalog(orphanedOrigin, seen: seen))
            } else {
                actions.append(end(of: orphanedOrigin, seen: seen, false))
            }
        } else {
            begin(.orphanedOrigin(orphanedOrigin, readPosition: page.readPosition, isTrimmed: isTrimmed))
        }
        return actions
    }

    private mutating func end(
        of orphanedOrigin: OrphanedOrigin, seen: LogPosition, _ isTrimmed: Bool
    ) -> SenderLink.Action {
        .send(
            .orphanedOriginEnd(
                sequence: take(byteCount: 0), of: orphanedOrigin.origin, after: orphanedOrigin.after, seen: seen,
                isTrimmed: isTrimmed))
    }

    private mutating func ship(
        _ page: SnapshotPage, _ vector: AppliedVector, of replica: LocalReplica
    ) -> [SenderLink.Action] {
        let byteCount = page.items.reduce(0) { $0 + $1.payload.count + Version.byteCount }
        var actions = [
            SenderLink.Action.send(
                .snapshotPart(sequence: take(byteCount: byteCount), replica, page.part(vector)))
        ]
        if let next = page.next {
            begin(.transfer(replica, next: next))
        } else {
            actions.append(.send(.snapshotEnd(sequence: take(byteCount: 0), replica, vector)))
        }
        return actions
    }

    private mutating func send(_ batch: ReceivedBatch, lag: Batch? = nil) -> SenderLink.Action {
        let byteCount = batch.records.reduce(0) { $0 + $1.count }
        return .send(.changes(sequence: take(byteCount: byteCount, lag: lag), .init(batch: batch)))
    }

    /// Records in any order; nil where there are none.
    private static func incompleteBatch(_ records: [[UInt8]], of origin: Origin) -> ReceivedBatch? {
        let last = records.compactMap { try? ChangeRecord.header(of: $0).position }.max()
        return last.map { ReceivedBatch(origin: origin, records: records, position: $0, isComplete: false) }
    }
}
