import ItemModel

/// What the replicas here still lack.
extension Catalog {
    /// For each log of which some replica here lacks changes that have gone past it, the position after which they
    /// stand.
    var gaps: AppliedVector {
        var gaps = AppliedVector()
        for uuid in pendingReplicas { gaps.mergeLower(self[uuid]?.local.catchUps ?? AppliedVector()) }
        return gaps
    }

    /// Whether a table in use lacks changes of `log` that the region's vector counts.
    func lacksChanges(of log: Origin) -> Bool {
        pendingReplicas.contains { uuid in
            self[uuid].map { $0.table?.status == .active && $0.local.lacksChanges(of: log) } ?? false
        }
    }

    /// Whether an old record is one that this region's replica of the table has not had: everything else up to the
    /// vector is here, or was and is gone for good.
    func isCatchingUp(_ record: ChangeRecord) -> Bool {
        guard record.kind != .catalog, let local = self[record.table]?.local else { return false }
        let origin = record.version.origin
        return local.catchUps.contains(origin) && record.position > local.catchUps[origin]
    }

    /// The replicas for which `log` has to be read once more, each with the position to begin after.
    func catchUps(from log: Origin) -> [(replica: LocalReplica, after: LogPosition)] {
        pendingReplicas.compactMap { uuid in
            // A replica that waits for a snapshot gets that first.
            guard let state = self[uuid], let replica = state.localReplica, !state.local.needsTransfer,
                state.local.catchUps.contains(log)
            else { return nil }
            return (replica, state.local.catchUps[log])
        }
    }

    /// The table whose replica here waits for a snapshot transfer under that number; nil where none does.
    func tableAwaitingTransfer(_ replica: LocalReplica) -> Table? {
        guard let state = self[replica.table], let table = state.table, table.id == replica.id,
            state.local.needsTransfer
        else { return nil }
        return table
    }
}

extension Catalog.TableState {
    /// Whether another region's replica can be transferred from, now or once it is in step.
    func hasSource(besides region: Text) -> Bool {
        entry.replicas.contains { $0.region != region && ($0.status == .active || $0.status == .updating) }
    }

    /// Whether the replica of that region is active, as the settings say.
    func hasActiveReplica(in region: Text?) -> Bool {
        guard let region else { return false }
        return entry[SettingName.replica(region)].flatMap { Replica(region: region, $0) }?.status == .active
    }
}
