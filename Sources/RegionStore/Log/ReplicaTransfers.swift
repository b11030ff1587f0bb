import HybridClock
import ItemModel
import KeyValueStore

/// How the replicas here get what they lack: snapshot transfers, of which no two links make the same at once, then what
/// links skipped in the meantime, and what is left of logs that have ended.
struct ReplicaTransfers {
    private var claims = TransferClaims()
    /// What was, or is being, transferred as a source has no longer all of an ended log in its own: each once, so that it comes to an end.
    ///
    /// Lost with the process, and then made once more.
    private var fills: [Fill] = []
    private var prunings: [ReplicaPruning] = []

    private struct Fill {
        let ended: Origin
        let source: Origin
        let replica: LocalReplica
        var isDone = false
    }

    // MARK: - Old copies

    /// Takes over part of a snapshot, and removes from a replica of an old copy what was deleted since, as far as the part says so.
    mutating func take(
        _ checked: CheckedSnapshotPart, of replica: LocalReplica, in region: inout RegionState,
        _ progress: ReplicaProgress, from reader: RegionReader<some KeyValueStore>, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        try checked.apply(to: &region, in: reader.store, at: nowMilliseconds)
        let (table, part) = (checked.table, checked.part)
        guard let local = region.catalog[table.uuid]?.local, local.isStale else { return }
        prunings.removeAll { region.catalog[$0.replica.table]?.localReplica != $0.replica }
        let index = prunings.firstIndex { $0.replica == replica } ?? prunings.endIndex
        if index == prunings.endIndex { prunings.append(ReplicaPruning(of: replica)) }
        var received = progress.received(upTo: region.log.bounds.last)
        received.merge(progress.seen)
        do {
            let missing = try prunings[index].missing(
                in: part, checked.items.map(\.key), of: table, loggedFrom: loggedFrom(local, region, progress),
                received: received,
                from: reader)
            try region.prune(missing, of: table, in: reader.store, at: nowMilliseconds)
        } catch {
            throw .storage("\(error)")
        }
        // As the items' counts are by now.
        guard var state = region.catalog[table.uuid] else { return }
        state.local.partialVector.merge(part.vector)
        if state.local != local { region.catalog.put(state) }
    }

    /// For each log the position after which this region's log holds all changes that the replica has.
    private func loggedFrom(
        _ local: LocalTableState, _ region: RegionState, _ progress: ReplicaProgress
    ) -> AppliedVector {
        var vector = progress.retainedFrom
        vector.merge(local.snapshotVector)
        vector.merge(local.partialVector)
        vector.raise(region.origin, to: LogPosition(rawValue: region.log.bounds.start.rawValue - 1))
        return vector
    }

    /// Whether a replica of an old copy can be compared with that of a source, which has of each other region that writes to the table as
    /// much as this region's log does not tell of.
    private func isComparable(
        _ state: Catalog.TableState, with source: PeerLogs.Log?, _ region: RegionState, _ progress: ReplicaProgress
    ) -> Bool {
        guard state.local.isStale else { return true }
        guard let acknowledged = source?.acknowledged else { return false }
        return loggedFrom(state.local, region, progress).entries.allSatisfy { entry in
            guard entry.origin != region.origin, !progress.hasEnded(entry.origin),
                let name = region.configuration.name(of: entry.origin.region),
                state.entry[SettingName.replica(name)] != nil
            else { return true }
            return acknowledged[entry.origin] >= entry.position
        }
    }

    /// Whether a replica of an old copy was compared with all of a snapshot; it is then like any other.
    private mutating func isPruned(_ state: inout Catalog.TableState, as replica: LocalReplica) -> Bool {
        guard state.local.isStale else { return true }
        guard prunings.contains(where: { $0.replica == replica && $0.isComplete }) else { return false }
        prunings.removeAll { $0.replica == replica }
        state.local.endComparison()
        return true
    }

    // MARK: - Claims

    /// Reserves for `source` the replicas that wait for a snapshot transfer and that its region can send.
    ///
    /// What an earlier transfer left of a replica that never served is dropped: it may hold what was deleted and
    /// forgotten since.
    mutating func claim(
        from source: Origin, in region: inout RegionState, _ progress: ReplicaProgress
    ) -> [LocalReplica] {
        var claimed: [LocalReplica] = []
        for uuid in region.catalog.pendingReplicas {
            guard var state = region.catalog[uuid], state.local.needsTransfer, var replica = state.localReplica else {
                continue
            }
            // A region whose own replica is gone transfers nothing.
            if let other = claims.source(of: replica), !isActive(state, in: other, region.configuration) {
                claims.end(replica)
            }
            let present = claims.source(of: replica)
            guard present == nil || present == source, isActive(state, in: source, region.configuration),
                isWanted(state, from: source, region.configuration),
                progress.logs[source]?.acknowledged?[region.origin] ?? .zero >= state.local.ownPosition,
                isComparable(state, with: progress.logs[source], region, progress)
            else { continue }
            if present == nil, state.local.isTransferBegun, !state.local.isServing {
                region.emptyReplica(&state)
                replica = state.localReplica ?? replica
            }
            claims.set(source, for: replica)
            claimed.append(replica)
        }
        return claimed
    }

    /// Lets other links send a replica that `source` cannot send just now.
    mutating func release(_ replica: LocalReplica, from source: Origin) { claims.end(replica, from: source) }

    /// Lets other links send what `source` was sending.
    mutating func abandon(from source: Origin) { claims.endAll(from: source) }

    /// Whether no other region's replica is preferred.
    private func isWanted(
        _ state: Catalog.TableState, from source: Origin, _ configuration: RegionConfiguration
    ) -> Bool {
        guard let preferred = configuration.transferSource, preferred != source.region else { return true }
        return !state.hasActiveReplica(in: configuration.name(of: preferred))
    }

    private func isActive(
        _ state: Catalog.TableState, in source: Origin, _ configuration: RegionConfiguration
    ) -> Bool {
        state.hasActiveReplica(in: configuration.name(of: source.region))
    }

    // MARK: - Snapshot transfers

    /// Has a replica sent once more that lacks changes of `log` which `source` has trimmed; where no other region has a replica, nobody
    /// has them any more, and the replica goes on without.
    ///
    /// - Parameter applied: up to where the region's vector counts that log.
    mutating func resolveGap(
        of replica: LocalReplica, in log: Origin, trimmedBy source: Origin, upTo applied: LogPosition,
        in region: inout RegionState
    ) {
        guard var state = region.catalog[replica.table], state.local.tableID == replica.id else { return }
        guard log == source, !state.local.needsTransfer, !state.hasSource(besides: region.configuration.name) else {
            return repeatTransfer(of: replica, lacking: log, from: source, in: &region)
        }
        state.local.closeGap(of: log, upTo: applied)
        region.catalog.put(state)
    }

    /// Has a replica sent once more, by `source` itself where its region has a replica: another may lack the same
    /// changes.
    ///
    /// Where deletions that the replica lacks of `log` may be forgotten, it is compared with what is sent, as one of an old copy is.
    private mutating func repeatTransfer(
        of replica: LocalReplica, lacking log: Origin, from source: Origin, in region: inout RegionState
    ) {
        guard var state = region.catalog[replica.table], state.local.tableID == replica.id else { return }
        if !state.local.needsTransfer {
            if state.local.passedOver.contains(log) { state.local.isCopied = true }
            region.requireTransfer(&state)
            region.catalog.put(state)
        }
        if isActive(state, in: source, region.configuration) { claims.set(source, for: replica) }
    }

    /// Puts a replica into use that has all of a snapshot, and has it ask each log for what its link skipped.
    ///
    /// - Parameters:
    ///   - snapshot: what the source's replica held, of its own log too, when it took the snapshot.
    ///   - vector: what was applied of every log but this region's own.
    mutating func finish(
        _ replica: LocalReplica, of snapshot: AppliedVector, within vector: AppliedVector,
        in region: inout RegionState, at nowMilliseconds: UInt64
    ) {
        guard var state = region.catalog[replica.table], state.local.tableID == replica.id, state.local.needsTransfer
        else { return }
        let source = claims.source(of: replica)
        claims.end(replica)
        let wasStale = state.local.isStale
        guard snapshot[region.origin] >= state.local.ownPosition, isPruned(&state, as: replica) else { return }
        for index in fills.indices where fills[index].replica == replica && fills[index].source == source {
            fills[index].isDone = true
        }
        let configuration = region.configuration
        // A log that never had changes of the table may be trimmed, and then nobody can say that nothing is missing of it.
        let seen = (vector.entries + snapshot.entries).map(\.origin).filter {
            $0 != region.origin && configuration.name(of: $0.region).map(state.entry.hasHadReplica) ?? true
        }
        state.local.finishTransfer(of: snapshot, passedOverBy: seen, upTo: vector, wasCompared: wasStale)
        let version = region.nextVersion(at: nowMilliseconds)
        state.entry.setReplica(in: region.configuration.name, status: .active, version: version)
        region.reconcile(&state, at: nowMilliseconds)
        region.logCatalogChange(state.entry, version: version)
    }

    /// Puts replicas into use that no snapshot can come to, as every other replica is gone or waits for one itself.
    ///
    /// - Parameter vector: what was applied of every log but this region's own.
    mutating func activateSourceless(
        within vector: AppliedVector, in region: inout RegionState, at nowMilliseconds: UInt64
    ) {
        let configuration = region.configuration
        for uuid in region.catalog.pendingReplicas {
            guard var state = region.catalog[uuid], state.local.needsTransfer,
                !state.local.isServing || state.local.isStale, let replica = state.localReplica
            else { continue }
            let waiting = state.local.replicaStatus
            let others = state.entry.replicas.filter { $0.region != configuration.name }
            let isFirst = others.allSatisfy { other in
                let isBehind = configuration.id(of: other.region).map { $0 > configuration.region } ?? true
                switch other.status {
                case .creationFailed: return true
                // Of several that wait the one with the lowest number begins, and one that holds something before one that does not.
                case .creating: return isBehind || waiting == .updating
                case .updating: return isBehind && waiting == .updating
                case .active, .deleting: return false
                }
            }
            guard isFirst else { continue }
            if state.local.isCopied {
                state.local.endComparison()
                region.catalog.put(state)
            }
            // What other regions still have in their logs is fetched.
            var nothing = AppliedVector()
            nothing.raise(region.origin, to: state.local.ownPosition)
            finish(replica, of: nothing, within: vector, in: &region, at: nowMilliseconds)
        }
    }

    // MARK: - Catch-ups and orphaned origins

    /// Notes that all changes of `log` after `position` that the replica lacked have been shipped once more.
    ///
    /// - Parameter applied: up to where the region's vector counts that log.
    func finishCatchUp(
        of replica: LocalReplica, from log: Origin, after position: LogPosition, upTo applied: LogPosition,
        in region: inout RegionState
    ) {
        guard var state = region.catalog[replica.table], state.local.tableID == replica.id,
            !state.local.needsTransfer, state.local.catchUps.contains(log), state.local.catchUps[log] == position
        else { return }
        state.local.closeGap(of: log, upTo: applied)
        region.catalog.put(state)
    }

    /// Notes that the store of `source` has sent all that it holds of a lost disk's changes above `after`, and that all
    /// of it was applied; with the last answer no replica lacks anything of that log.
    ///
    /// - Parameters:
    ///   - position: up to where that store has seen the lost log itself.
    ///   - isTrimmed: whether some of it is in that store's items but no longer in its log: replicas are then sent from
    ///     there.
    mutating func finishOrphanedOrigin(
        of ended: Origin, from source: Origin, after: LogPosition, position: LogPosition, isTrimmed: Bool,
        in region: inout RegionState, _ progress: inout ReplicaProgress
    ) {
        // What the source has of it is here when its items are.
        if isTrimmed, !transferLacking(ended, after: progress.vector[ended], from: source, in: &region) { return }
        let isComplete = progress.finishOrphanedOrigin(
            of: ended, from: source, after: after, position: position, progress.context(region.catalog, region.log))
        if isComplete {
            for uuid in region.catalog.pendingReplicas {
                guard var state = region.catalog[uuid], state.local.catchUps.contains(ended),
                    !state.local.needsTransfer
                else { continue }
                state.local.closeGap(of: ended, upTo: progress.vector[ended])
                region.catalog.put(state)
            }
        }
        progress.releaseHolds(progress.context(region.catalog, region.log))
    }

    /// Whether what a source has of an ended log is being transferred just now, so that it need not be asked.
    func isFilling(of ended: Origin, from source: Origin) -> Bool {
        fills.contains {
            $0.ended == ended && $0.source == source && !$0.isDone && claims.source(of: $0.replica) != nil
        }
    }

    /// Has the replicas transferred from a source that has no longer all of an ended log in its own, each once and one source after the
    /// other.
    ///
    /// - Returns: whether all were.
    private mutating func transferLacking(
        _ ended: Origin, after position: LogPosition, from source: Origin, in region: inout RegionState
    ) -> Bool {
        guard let name = region.configuration.name(of: ended.region) else { return true }
        fills.removeAll { region.catalog[$0.replica.table]?.localReplica != $0.replica }
        var isComplete = true
        for var state in region.catalog.all
        where state.local.isServing && state.entry.hasHadReplica(in: name) {
            guard let replica = state.localReplica, isActive(state, in: source, region.configuration) else { continue }
            let known = fills.first { $0.ended == ended && $0.source == source && $0.replica == replica }
            if known?.isDone ?? false { continue }
            isComplete = false
            if known == nil { fills.append(Fill(ended: ended, source: source, replica: replica)) }
            guard claims.source(of: replica) == nil else { continue }
            state.local.openGap(of: ended, after: position)
            region.catalog.put(state)
            repeatTransfer(of: replica, lacking: ended, from: source, in: &region)
        }
        return isComplete
    }
}
