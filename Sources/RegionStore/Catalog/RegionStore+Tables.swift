import HybridClock
public import ItemModel
import KeyValueStore

extension RegionStore {
    /// Makes a table with one replica, this region's.
    ///
    /// - Throws: `tableExists` also while a table of that name is being deleted; `limitExceeded` at the bound of tables.
    public func createTable(
        _ specification: TableSpecification, at nowMilliseconds: UInt64
    ) throws(CatalogError) -> Table {
        try checkWritable()
        guard catalog.local(named: specification.name) == nil else { throw .tableExists(specification.name) }
        guard catalog.all.count(where: { $0.table != nil }) < configuration.maximumTableCount else {
            throw .limitExceeded("a region holds at most \(configuration.maximumTableCount) tables")
        }
        let version = nextVersion(at: nowMilliseconds)
        var entry = CatalogEntry(uuid: TableUUID(createdBy: version), name: specification.name)
        let foundation = TableFoundation(
            keySchema: specification.keySchema, localIndexes: specification.indexes.filter { !$0.isGlobal })
        entry.set(SettingName.table, to: foundation.encoded(), version: version)
        let settings = TableSettings(
            billingMode: specification.billingMode, throughput: specification.throughput,
            payPerRequestSinceMilliseconds: specification.billingMode == .payPerRequest ? nowMilliseconds : nil)
        entry.set(SettingName.billing, to: settings.encodedBilling(), version: version)
        if let onDemand = specification.onDemandThroughput {
            entry.set(SettingName.onDemand, to: onDemand.encoded(), version: version)
        }
        if let warm = specification.warmThroughput {
            entry.set(SettingName.warm, to: warm.encoded(), version: version)
        }
        if specification.isDeletionProtected {
            entry.set(SettingName.protection(configuration.name), to: [:], version: version)
        }
        if let tableClass = specification.tableClass {
            entry.set(SettingName.tableClass, to: ["class": .string(Text(tableClass.rawValue))], version: version)
        }
        if let view = specification.streamViewType {
            entry.set(SettingName.stream, to: ["view": .string(Text(view.rawValue))], version: version)
        }
        for index in specification.indexes where index.isGlobal {
            entry.set(SettingName.index(index.name), to: index.encoded(withName: false), version: version)
        }
        entry.set(
            SettingName.replica(configuration.name),
            to: ReplicaOverrides().encoded(status: .active, created: version), version: version)
        var local = LocalTableState()
        local.tableID = TableID(rawValue: takeShortID())
        local.isServing = true
        local.createdMilliseconds = nowMilliseconds
        local.settings = specification.localSettings
        var state = Catalog.TableState(entry: entry, local: local)
        reconcile(&state, at: nowMilliseconds)
        logCatalogChange(state, version: version)
        return try table(of: state)
    }

    /// Changes a table's settings: all of `changes` or, on an error, none.
    public func updateTable(
        _ name: Text, _ changes: [TableChange], at nowMilliseconds: UInt64
    ) throws(CatalogError) -> Table {
        try checkWritable()
        guard var state = catalog.local(named: name), let table = state.table else { throw .tableNotFound(name) }
        guard table.status == .active else { throw .tableInUse(name) }
        if let replica = table.replicas.first(where: { [.creating, .deleting].contains($0.status) }) {
            // Time to live is every replica's, so it has to wait for one that is being filled; in the service with another error.
            if case .setTimeToLive? = changes.first, replica.status == .creating {
                throw .replicaBeingAdded(region: replica.region)
            }
            throw .tableInUse(name)
        }
        let version = nextVersion(at: nowMilliseconds)
        for change in changes {
            try apply(change, to: &state, table: table, version: version, at: nowMilliseconds)
        }
        reconcile(&state, at: nowMilliseconds)
        logCatalogChange(state, version: version)
        return try self.table(of: state)
    }

    /// Deletes this region's replica and its data; with it the table, where no other region has a replica.
    public func deleteTable(_ name: Text, at nowMilliseconds: UInt64) throws(CatalogError) -> Table {
        try checkWritable()
        guard var state = catalog.local(named: name), let table = state.table else { throw .tableNotFound(name) }
        guard table.status == .active else { throw .replicaInUse(table: name) }
        guard !table.isDeletionProtected else { throw .deletionProtected(name) }
        guard table.indexes.allSatisfy({ $0.status == .active }) else { throw .indexInProgress(table: name) }
        try checkIsNoRecentSource(configuration.region, of: table, at: nowMilliseconds)
        // The last replica that holds the items does not go while another one waits to be filled from it.
        let others = table.replicas.filter { $0.region != configuration.name }
        guard others.contains(where: { $0.status == .active }) || !others.contains(where: { $0.status == .creating })
        else { throw .replicaInUse(table: name) }
        let version = nextVersion(at: nowMilliseconds)
        dropReplica(&state, version: version)
        logCatalogChange(state, version: version)
        return table
    }

    /// Changes what only this region's replica has; nothing of it is logged.
    ///
    /// - Parameter change: throws to leave everything as it was.
    /// - Returns: the table after it; nil where there is none of that name that is in use.
    public func changeLocalSettings<Refusal: Error>(
        of name: Text, _ change: (inout LocalSettings, Table) throws(Refusal) -> Void
    ) throws(Refusal) -> Table? {
        guard failure == nil, var state = catalog.local(named: name), let table = state.table, table.status == .active
        else { return nil }
        var settings = state.local.settings
        try change(&settings, table)
        guard settings != state.local.settings else { return table }
        state.local.settings = settings
        keep(state)
        return catalog[state.entry.uuid]?.table
    }

    func checkWritable() throws(CatalogError) {
        if let failure { throw .storage("\(failure)") }
    }

    private func table(of state: Catalog.TableState) throws(CatalogError) -> Table {
        guard let table = catalog[state.entry.uuid]?.table else { throw .tableNotFound(state.entry.name) }
        return table
    }

    private func apply(
        _ change: TableChange, to state: inout Catalog.TableState, table: Table, version: Version,
        at nowMilliseconds: UInt64
    ) throws(CatalogError) {
        var settings = TableSettings(state.entry)
        switch change {
        case .setBilling(let mode, let throughput):
            if mode == .payPerRequest, settings.billingMode != .payPerRequest {
                settings.payPerRequestSinceMilliseconds = nowMilliseconds
            }
            settings.billingMode = mode
            if let throughput {
                settings.throughputHistory.note(from: settings.throughput, to: throughput, at: nowMilliseconds)
            }
            settings.throughput = mode == .provisioned ? throughput : nil
            state.entry.set(SettingName.billing, to: settings.encodedBilling(), version: version)
            if mode == .payPerRequest { clearIndexThroughput(of: &state, version: version) }
            clearOverrides(of: &state, version: version) { $0.readCapacityUnits = nil }
        case .setOnDemandThroughput(let throughput):
            state.entry.set(SettingName.onDemand, to: throughput?.encoded(), version: version)
            clearOverrides(of: &state, version: version) { $0.maximumReadRequestUnits = nil }
        case .enableStream(let view):
            guard settings.streamViewType == nil else { throw .streamEnabled(table: table.name) }
            state.entry.set(SettingName.stream, to: ["view": .string(Text(view.rawValue))], version: version)
        case .disableStream:
            guard settings.streamViewType != nil else { throw .streamNotEnabled }
            guard !table.isGlobal else { throw .streamNeededByReplicas }
            state.entry.set(SettingName.stream, to: nil, version: version)
        case .setTimeToLive(let attribute, let isEnabled):
            let next = TimeToLive(
                attribute: attribute, isEnabled: isEnabled, changedMilliseconds: nowMilliseconds)
            try checkTimeToLive(next, follows: settings.timeToLive)
            state.entry.set(SettingName.timeToLive, to: next.encoded(), version: version)
        case .setTableClass(let tableClass):
            state.entry.set(
                SettingName.tableClass, to: ["class": .string(Text(tableClass.rawValue))], version: version)
            clearOverrides(of: &state, version: version) { $0.tableClass = nil }
        case .setDeletionProtection(let isProtected):
            state.entry.set(
                SettingName.protection(configuration.name), to: isProtected ? [:] : nil, version: version)
        case .setWarmThroughput(let throughput):
            state.entry.set(SettingName.warm, to: throughput.encoded(), version: version)
        case .createIndex, .updateIndex, .setIndexWarmThroughput, .deleteIndex:
            try applyIndexChange(change, to: &state, table: table, version: version, at: nowMilliseconds)
        case .createReplica, .updateReplica, .deleteReplica:
            try applyReplicaChange(change, to: &state, table: table, version: version, at: nowMilliseconds)
        }
    }

    private func checkTimeToLive(_ next: TimeToLive, follows last: TimeToLive?) throws(CatalogError) {
        let isEnabled = last?.isEnabled ?? false
        guard next.isEnabled || isEnabled else { throw .timeToLiveUnchanged(isEnabled: false) }
        if let last, isEnabled {
            guard last.attribute == next.attribute else { throw .timeToLiveOtherAttribute(last.attribute) }
            guard !next.isEnabled else { throw .timeToLiveUnchanged(isEnabled: true) }
        }
        let elapsed = next.changedMilliseconds - min(last?.changedMilliseconds ?? 0, next.changedMilliseconds)
        guard elapsed >= configuration.timeToLiveChangeIntervalMilliseconds else { throw .timeToLiveChangedRecently }
    }

    private func applyIndexChange(
        _ change: TableChange, to state: inout Catalog.TableState, table: Table, version: Version,
        at nowMilliseconds: UInt64
    ) throws(CatalogError) {
        switch change {
        case .createIndex(let index):
            guard table.index(named: index.name) == nil else { throw .indexExists(index.name) }
            try checkNoIndexInProgress(of: table)
            state.entry.set(SettingName.index(index.name), to: index.encoded(withName: false), version: version)
        case .updateIndex(let name, let throughput, let onDemand):
            var definition = try globalIndex(name, in: state)
            if let throughput {
                definition.throughputHistory.note(from: definition.throughput, to: throughput, at: nowMilliseconds)
                definition.throughput = throughput
            }
            if let onDemand { definition.onDemandThroughput = onDemand }
            state.entry.set(SettingName.index(name), to: definition.encoded(withName: false), version: version)
        case .setIndexWarmThroughput(let name, let throughput):
            var definition = try globalIndex(name, in: state)
            definition.warmThroughput = throughput
            state.entry.set(SettingName.index(name), to: definition.encoded(withName: false), version: version)
        case .deleteIndex(let name):
            guard let index = table.index(named: name), index.isGlobal else { throw .indexNotFound(name) }
            // The one that is being created may be given up.
            if index.status == .active { try checkNoIndexInProgress(of: table) }
            state.entry.set(SettingName.index(name), to: nil, version: version)
        default: break
        }
    }

    /// The index as the changes before this one leave it.
    private func globalIndex(_ name: Text, in state: Catalog.TableState) throws(CatalogError) -> IndexDefinition {
        guard
            let definition = state.entry[SettingName.index(name)].flatMap({
                IndexDefinition(name: name, isGlobal: true, $0)
            })
        else { throw .indexNotFound(name) }
        return definition
    }

    private func checkNoIndexInProgress(of table: Table) throws(CatalogError) {
        guard table.deletingIndexes.isEmpty, table.indexes.allSatisfy({ $0.status == .active }) else {
            throw .otherIndexInProgress
        }
    }

    private func applyReplicaChange(
        _ change: TableChange, to state: inout Catalog.TableState, table: Table, version: Version,
        at nowMilliseconds: UInt64
    ) throws(CatalogError) {
        switch change {
        case .createReplica(let region, let overrides):
            try checkRemote(region)
            guard !reader.catalog.hasReplica(named: table.name, in: region),
                state.entry[SettingName.replica(region)] == nil
            else { throw .replicaExists(region: region) }
            state.entry.set(
                SettingName.replica(region), to: overrides.encoded(status: .creating, created: version),
                version: version)
            // A replica begins unprotected, whatever an earlier one of the region was.
            if state.entry.mentions(SettingName.protection(region)) {
                state.entry.set(SettingName.protection(region), to: nil, version: version)
            }
        case .updateReplica(let region, let overrides):
            guard let replica = table.replicas.first(where: { $0.region == region }) else {
                throw .replicaNotFound(region: region)
            }
            state.entry.set(
                SettingName.replica(region),
                to: overrides.encoded(status: replica.status, created: replica.created), version: version)
        case .deleteReplica(let region):
            try checkRemote(region)
            guard let replica = table.replicas.first(where: { $0.region == region }) else {
                throw .replicaNotFound(region: region)
            }
            guard !replica.isDeletionProtected else { throw .replicaProtected(region: region) }
            if let id = configuration.id(of: region) { try checkIsNoRecentSource(id, of: table, at: nowMilliseconds) }
            state.entry.set(
                SettingName.replica(region),
                to: replica.overrides.encoded(status: .deleting, created: replica.created), version: version)
        default: break
        }
    }

    /// Throws where that region has added another replica of the table less than
    /// ``RegionConfiguration/sourceReplicaProtectionMilliseconds`` ago, and the replica is still there.
    private func checkIsNoRecentSource(
        _ region: RegionID, of table: Table, at nowMilliseconds: UInt64
    ) throws(CatalogError) {
        guard configuration.sourceReplicaProtectionMilliseconds > 0 else { return }
        let name = configuration.name(of: region)
        for replica in table.replicas where replica.region != name && replica.status != .deleting {
            let end = replica.created.stamp.milliseconds + configuration.sourceReplicaProtectionMilliseconds
            guard replica.created.origin.region != region || nowMilliseconds >= end else { throw .recentSource }
        }
    }

    private func checkRemote(_ region: Text) throws(CatalogError) {
        guard configuration.id(of: region) != nil else { throw .unknownRegion(region) }
        guard region != configuration.name else { throw .localRegion(region) }
    }

    /// An on-demand table's indexes have no provisioned capacity either.
    private func clearIndexThroughput(of state: inout Catalog.TableState, version: Version) {
        for setting in state.entry.settings(under: SettingName.indexPrefix) {
            guard var definition = IndexDefinition(name: setting.name, isGlobal: true, setting.value),
                definition.throughput != nil
            else { continue }
            definition.throughput = nil
            state.entry.set(
                SettingName.index(setting.name), to: definition.encoded(withName: false), version: version)
        }
    }

    /// A later change of a setting on any replica overwrites what replicas had overridden of it.
    private func clearOverrides(
        of state: inout Catalog.TableState, version: Version, _ clear: (inout ReplicaOverrides) -> Void
    ) {
        for setting in state.entry.settings(under: SettingName.replicaPrefix) {
            guard let replica = Replica(region: setting.name, setting.value) else { continue }
            var overrides = replica.overrides
            clear(&overrides)
            guard overrides != replica.overrides else { continue }
            state.entry.set(
                SettingName.replica(replica.region),
                to: overrides.encoded(status: replica.status, created: replica.created), version: version)
        }
    }
}
