import HybridClock
import ItemModel

/// What the changes of one UpdateTable request make of a table's settings: all of them or, on an error, none.
struct CatalogUpdate {
    /// The settings as the changes so far leave them.
    private(set) var entry: CatalogEntry
    /// The table before the request.
    let table: Table
    let configuration: RegionConfiguration
    let version: Version
    let nowMilliseconds: UInt64
    /// Whether a table of this one's name, be it another one, has a replica in a region.
    let hasNamesake: (_ region: Text) -> Bool

    /// - Parameter state: of a table that has a replica here.
    init(
        _ state: Catalog.TableState, of table: Table, _ configuration: RegionConfiguration, version: Version,
        at nowMilliseconds: UInt64, hasNamesake: @escaping (_ region: Text) -> Bool
    ) {
        entry = state.entry
        self.table = table
        self.configuration = configuration
        self.version = version
        self.nowMilliseconds = nowMilliseconds
        self.hasNamesake = hasNamesake
    }

    mutating func apply(_ change: TableChange) throws(CatalogError) {
        switch change {
        case .setBilling(let mode, let throughput): setBilling(mode, throughput)
        case .changeOnDemandThroughput(let change):
            let maxima = OnDemandThroughput.changing(TableSettings(entry).onDemandThroughput, by: change)
            set(SettingName.onDemand, to: maxima?.encoded())
            if change.read != .keep { clearOverrides { $0.maximumReadRequestUnits = nil } }
        case .enableStream(let view):
            guard TableSettings(entry).streamViewType == nil else { throw .streamEnabled(table: table.name) }
            set(SettingName.stream, to: view.encoded())
        case .disableStream:
            guard TableSettings(entry).streamViewType != nil else { throw .streamNotEnabled }
            guard !table.isGlobal else { throw .streamNeededByReplicas }
            set(SettingName.stream, to: nil)
        case .setTimeToLive(let attribute, let isEnabled):
            let next = TimeToLive(attribute: attribute, isEnabled: isEnabled, changedMilliseconds: nowMilliseconds)
            try check(next, follows: TableSettings(entry).timeToLive)
            set(SettingName.timeToLive, to: next.encoded())
        case .setTableClass(let tableClass):
            set(SettingName.tableClass, to: tableClass.encoded())
            clearOverrides { $0.tableClass = nil }
        case .setEncryptionRequested(let isRequested): set(SettingName.encryption, to: isRequested ? [:] : nil)
        case .setDeletionProtection(let isProtected):
            set(SettingName.protection(configuration.name), to: isProtected ? [:] : nil)
        case .setWarmThroughput(let throughput): set(SettingName.warm, to: throughput.encoded())
        case .createIndex(let index): try createIndex(index)
        case .updateIndex(let name, let throughput, let onDemand): try updateIndex(name, throughput, onDemand)
        case .setIndexWarmThroughput(let name, let throughput):
            var definition = try globalIndex(name)
            definition.warmThroughput = throughput
            set(definition)
        case .deleteIndex(let name): try deleteIndex(name)
        case .createReplica(let region, let overrides): try createReplica(in: region, overrides)
        case .updateReplica(let region, let overrides):
            _ = try replica(in: region)
            set(SettingName.overrides(region), to: overrides.encoded())
        case .deleteReplica(let region): try deleteReplica(in: region)
        }
    }

    private mutating func set(_ name: Text, to value: AttributeMap?) { entry.set(name, to: value, version: version) }

    // MARK: Settings of the table

    private mutating func setBilling(_ mode: BillingMode, _ throughput: Throughput?) {
        var settings = TableSettings(entry)
        if mode == .payPerRequest, settings.billingMode != .payPerRequest {
            settings.payPerRequestSinceMilliseconds = nowMilliseconds
        }
        settings.billingMode = mode
        if let throughput {
            settings.throughputHistory.note(from: settings.throughput, to: throughput, at: nowMilliseconds)
        }
        settings.throughput = mode == .provisioned ? throughput : nil
        set(SettingName.billing, to: settings.encodedBilling())
        if mode == .payPerRequest { clearIndexThroughput() }
        clearOverrides { $0.readCapacityUnits = nil }
    }

    /// An on-demand table's indexes have no provisioned capacity either.
    private mutating func clearIndexThroughput() {
        for setting in entry.settings(under: SettingName.indexPrefix) {
            guard var definition = IndexDefinition(name: setting.name, isGlobal: true, setting.value),
                definition.throughput != nil
            else { continue }
            definition.throughput = nil
            set(definition)
        }
    }

    /// A later change of a setting on any replica overwrites what replicas had overridden of it.
    private mutating func clearOverrides(_ clear: (inout ReplicaOverrides) -> Void) {
        for replica in entry.replicas {
            var overrides = replica.overrides
            clear(&overrides)
            guard overrides != replica.overrides else { continue }
            set(SettingName.overrides(replica.region), to: overrides.encoded())
        }
    }

    private func check(_ next: TimeToLive, follows last: TimeToLive?) throws(CatalogError) {
        let isEnabled = last?.isEnabled ?? false
        guard next.isEnabled || isEnabled else { throw .timeToLiveUnchanged(isEnabled: false) }
        if let last, isEnabled {
            guard last.attribute == next.attribute else { throw .timeToLiveOtherAttribute(last.attribute) }
            guard !next.isEnabled else { throw .timeToLiveUnchanged(isEnabled: true) }
        }
        let elapsed = next.changedMilliseconds - min(last?.changedMilliseconds ?? 0, next.changedMilliseconds)
        guard elapsed >= configuration.timeToLiveChangeIntervalMilliseconds else { throw .timeToLiveChangedRecently }
    }

    // MARK: Indexes

    private mutating func set(_ index: IndexDefinition) {
        set(SettingName.index(index.name), to: index.encoded(withName: false))
    }

    private mutating func createIndex(_ index: IndexDefinition) throws(CatalogError) {
        guard table.index(named: index.name) == nil else { throw .indexExists(index.name) }
        try checkNoIndexInProgress()
        set(index)
    }

    private mutating func updateIndex(
        _ name: Text, _ throughput: Throughput?, _ onDemand: OnDemandChange?
    ) throws(CatalogError) {
        var definition = try globalIndex(name)
        if let throughput {
            definition.throughputHistory.note(from: definition.throughput, to: throughput, at: nowMilliseconds)
            definition.throughput = throughput
        }
        if let onDemand {
            definition.onDemandThroughput = .changing(definition.onDemandThroughput, by: onDemand)
        }
        set(definition)
    }

    private mutating func deleteIndex(_ name: Text) throws(CatalogError) {
        guard let index = table.index(named: name) else { throw .indexNotFound(name) }
        guard index.isGlobal else { throw .indexNotGlobal(name) }
        // The one that is being created may be given up.
        if index.status == .active { try checkNoIndexInProgress() }
        set(SettingName.index(name), to: nil)
    }

    /// The index as the changes before this one leave it.
    private func globalIndex(_ name: Text) throws(CatalogError) -> IndexDefinition {
        guard
            let definition = entry[SettingName.index(name)].flatMap({
                IndexDefinition(name: name, isGlobal: true, $0)
            })
        else { throw .indexNotFound(name) }
        return definition
    }

    private func checkNoIndexInProgress() throws(CatalogError) {
        guard table.deletingIndexes.isEmpty, table.indexes.allSatisfy({ $0.status == .active }) else {
            throw .otherIndexInProgress
        }
    }

    // MARK: Replicas

    private mutating func createReplica(in region: Text, _ overrides: ReplicaOverrides) throws(CatalogError) {
        try checkRemote(region)
        guard !hasNamesake(region), entry[SettingName.replica(region)] == nil else {
            throw .replicaExists(region: region)
        }
        set(SettingName.replica(region), to: Replica.encoded(status: .creating, created: version))
        // A replica begins anew, whatever an earlier one of the region was, or one that another region makes at the same time.
        set(SettingName.overrides(region), to: overrides.encoded())
        if entry.mentions(SettingName.protection(region)) { set(SettingName.protection(region), to: nil) }
    }

    private mutating func deleteReplica(in region: Text) throws(CatalogError) {
        try checkRemote(region)
        let replica = try replica(in: region)
        guard !replica.isDeletionProtected else { throw .replicaProtected(region: region) }
        if let id = configuration.id(of: region) {
            try table.checkIsNoRecentSource(id, configuration, at: nowMilliseconds)
        }
        entry.setReplica(in: region, status: .deleting, version: version)
    }

    private func replica(in region: Text) throws(CatalogError) -> Replica {
        guard let replica = table.replicas.first(where: { $0.region == region }) else {
            throw .replicaNotFound(region: region)
        }
        return replica
    }

    private func checkRemote(_ region: Text) throws(CatalogError) {
        guard configuration.id(of: region) != nil else { throw .unknownRegion(region) }
        guard region != configuration.name else { throw .localRegion(region) }
    }
}

extension CatalogEntry {
    /// The settings of a new table with one replica, that of `region`.
    init(creating specification: TableSpecification, in region: Text, version: Version, at nowMilliseconds: UInt64) {
        self.init(uuid: TableUUID(createdBy: version), name: specification.name)
        func settings() -> [(Text, AttributeMap?)] {
            let foundation = TableFoundation(
                keySchema: specification.keySchema, localIndexes: specification.indexes.filter { !$0.isGlobal })
            let billing = TableSettings(
                billingMode: specification.billingMode, throughput: specification.throughput,
                payPerRequestSinceMilliseconds: specification.billingMode == .payPerRequest ? nowMilliseconds : nil)
            return [
                (SettingName.table, foundation.encoded()),
                (SettingName.billing, billing.encodedBilling()),
                (SettingName.onDemand, specification.onDemandThroughput?.encoded()),
                (SettingName.warm, specification.warmThroughput?.encoded()),
                (SettingName.protection(region), specification.isDeletionProtected ? [:] : nil),
                (SettingName.tableClass, specification.tableClass?.encoded()),
                (SettingName.encryption, specification.isEncryptionRequested ? [:] : nil),
                (SettingName.stream, specification.streamViewType?.encoded()),
                (SettingName.replica(region), Replica.encoded(status: .active, created: version)),
            ]
        }
        for case (let name, let value?) in settings() { set(name, to: value, version: version) }
        for index in specification.indexes where index.isGlobal {
            set(SettingName.index(index.name), to: index.encoded(withName: false), version: version)
        }
    }
}

extension Table {
    /// Throws where this region's replica cannot be deleted now.
    func checkDeletable(_ configuration: RegionConfiguration, at nowMilliseconds: UInt64) throws(CatalogError) {
        guard status == .active else { throw .replicaInUse(table: name) }
        guard !isDeletionProtected else { throw .deletionProtected(name) }
        guard indexes.allSatisfy({ $0.status == .active }) else { throw .indexInProgress(table: name) }
        try checkIsNoRecentSource(configuration.region, configuration, at: nowMilliseconds)
        // The last replica that holds the items does not go while another one waits for a transfer from it.
        let others = replicas.filter { $0.region != configuration.name }
        guard others.contains(where: { $0.status == .active }) || !others.contains(where: { $0.status == .creating })
        else { throw .replicaInUse(table: name) }
    }

    /// Throws where the table is not in a state in which `changes` can be made.
    func checkChangeable(by changes: [TableChange]) throws(CatalogError) {
        guard status == .active else { throw .tableInUse(name) }
        guard let replica = replicas.first(where: { [.creating, .deleting].contains($0.status) }) else { return }
        // Time to live is every replica's, so it has to wait for one that is being created; in the service with another error.
        if case .setTimeToLive? = changes.first, replica.status == .creating {
            throw .replicaBeingAdded(region: replica.region)
        }
        throw .tableInUse(name)
    }

    /// Throws where that region has added another replica of the table less than
    /// ``RegionConfiguration/sourceReplicaProtectionMilliseconds`` ago, and the replica is still there.
    fileprivate func checkIsNoRecentSource(
        _ region: RegionID, _ configuration: RegionConfiguration, at nowMilliseconds: UInt64
    ) throws(CatalogError) {
        guard configuration.sourceReplicaProtectionMilliseconds > 0 else { return }
        let name = configuration.name(of: region)
        for replica in replicas where replica.region != name && replica.status != .deleting {
            let end = replica.created.stamp.milliseconds + configuration.sourceReplicaProtectionMilliseconds
            guard replica.created.origin.region != region || nowMilliseconds >= end else { throw .recentSource }
        }
    }
}

extension StreamViewType {
    /// The value of the setting `stream`.
    fileprivate func encoded() -> AttributeMap { ["view": .string(Text(rawValue))] }
}

extension TableClass {
    /// The value of the setting `class`.
    fileprivate func encoded() -> AttributeMap { ["class": .string(Text(rawValue))] }
}
