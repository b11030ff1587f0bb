/// What a replica lacks of logs that its region counts as applied, and how it gets it.
extension LocalTableState {
    /// Notes that the replica lacks what `log` holds after `position`, or after what a snapshot has brought of it.
    mutating func openGap(of log: Origin, after position: LogPosition) {
        guard !catchUps.contains(log) else { return }
        catchUps.raise(log, to: max(position, snapshotVector[log]))
    }

    /// Notes that everything of `log` up to `position` has been shipped once more.
    ///
    /// What was caught up with stands in this region's log behind younger changes, so it is relayed from there only to
    /// whoever has it.
    mutating func closeGap(of log: Origin, upTo position: LogPosition) {
        catchUps.remove(log)
        passedOver.remove(log)
        snapshotVector.raise(log, to: position)
    }

    /// Takes note of a snapshot transfer's end.
    ///
    /// - Parameters:
    ///   - snapshot: what the source's replica held.
    ///   - seen: the logs that may have passed over a replica that is new.
    ///   - vector: up to where they did.
    ///   - wasCompared: whether what the snapshot lacks was removed from a replica in use.
    mutating func finishTransfer(
        of snapshot: AppliedVector, passedOverBy seen: [Origin], upTo vector: AppliedVector, wasCompared: Bool
    ) {
        var snapshot = snapshot
        if isServing {
            // A replica in use got everything but what it has gaps of. Where a deletion may be forgotten that is in a gap, the snapshot does
            // not fill it, unless all was compared.
            for gap in catchUps.entries {
                if passedOver.contains(gap.origin), !wasCompared {
                    snapshot.lower(gap.origin, to: gap.position)
                } else {
                    // Of what the region counts nothing is lacking where the snapshot has as much.
                    if max(gap.position, snapshot[gap.origin]) >= vector[gap.origin] {
                        catchUps.remove(gap.origin)
                    } else {
                        catchUps.raise(gap.origin, to: snapshot[gap.origin])
                    }
                    passedOver.remove(gap.origin)
                }
            }
        } else {
            (catchUps, passedOver) = (AppliedVector(), AppliedVector())
            for log in seen {
                catchUps.raise(log, to: snapshot[log])
                if vector[log] > snapshot[log] { passedOver.raise(log, to: vector[log]) }
            }
        }
        needsTransfer = false
        isServing = true
        isTransferBegun = false
        snapshotVector.merge(snapshot)
    }
}
