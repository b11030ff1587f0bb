import HybridClock
public import ItemModel

/// A table as this region knows it: settings that all replicas share, and what is this region's own.
///
/// Immutable: a change makes another. Requests pass it by reference, and what a request found at its start stays true for it.
public final class Table: Sendable {
    public let name: Text
    public let uuid: TableUUID
    /// The short number that this region's keys begin with.
    public let id: TableID
    /// When the table was created in this region, in milliseconds since the Unix epoch.
    public let createdMilliseconds: UInt64
    public let status: TableStatus
    public let keySchema: KeySchema
    /// Local indexes first, each kind in the order of the names.
    ///
    /// An index being deleted is not listed.
    public let indexes: [SecondaryIndex]
    /// Global indexes that were deleted and whose entries are still to be removed.
    public let deletingIndexes: [SecondaryIndex]
    public let billingMode: BillingMode
    /// This region's, with what its replica overrides.
    public let throughput: Throughput?
    public let onDemandThroughput: OnDemandThroughput?
    /// What all replicas share, without what any of them overrides.
    public let sharedThroughput: Throughput?
    public let sharedOnDemandThroughput: OnDemandThroughput?
    public let sharedTableClass: TableClass?
    public let throughputHistory: ThroughputHistory
    /// When the billing mode last became on-demand, in milliseconds since the Unix epoch; nil if never.
    public let payPerRequestSinceMilliseconds: UInt64?
    /// Nil when no stream is enabled.
    public let streamViewType: StreamViewType?
    /// When the current or the last stream was enabled here, in milliseconds since the Unix epoch: its label.
    ///
    /// Nil if there was none.
    public let streamLabelMilliseconds: UInt64?
    /// Nil until one was set; what was disabled is still there.
    public let timeToLive: TimeToLive?
    /// Nil until one was set.
    public let tableClass: TableClass?
    /// Whether encryption with the service's own key was asked for.
    public let isEncryptionRequested: Bool
    public let isDeletionProtected: Bool
    /// Nil until one was asked for.
    public let warmThroughput: WarmThroughput?
    /// What only this region's replica has.
    public let localSettings: LocalSettings
    /// Every region's replica, this region's included, in the order of creation.
    ///
    /// Just this region's on a regional table.
    public let replicas: [Replica]
    /// Whether another region has or has had a replica, whose older writes may yet come: deletions then leave tombstones.
    let keepsTombstones: Bool

    init(
        name: Text, uuid: TableUUID, id: TableID, in region: Text, createdMilliseconds: UInt64, status: TableStatus,
        keySchema: KeySchema,
        indexes: [SecondaryIndex], deletingIndexes: [SecondaryIndex], settings: TableSettings, local: LocalTableState,
        replicas: [Replica], keepsTombstones: Bool
    ) {
        self.name = name
        self.uuid = uuid
        self.id = id
        self.createdMilliseconds = createdMilliseconds
        self.status = status
        self.keySchema = keySchema
        self.indexes = indexes
        self.deletingIndexes = deletingIndexes
        billingMode = settings.billingMode
        let own = replicas.first { $0.region == region }?.overrides ?? ReplicaOverrides()
        throughput = settings.throughput.map { Throughput(read: own.readCapacityUnits ?? $0.read, write: $0.write) }
        onDemandThroughput = settings.onDemandThroughput(with: own)
        sharedThroughput = settings.throughput
        sharedOnDemandThroughput = settings.onDemandThroughput
        sharedTableClass = settings.tableClass
        throughputHistory = settings.throughputHistory
        payPerRequestSinceMilliseconds = settings.payPerRequestSinceMilliseconds
        streamViewType = settings.streamViewType
        streamLabelMilliseconds = local.streamLabelMilliseconds
        timeToLive = settings.timeToLive
        tableClass = own.tableClass ?? settings.tableClass
        isEncryptionRequested = settings.isEncryptionRequested
        isDeletionProtected = settings.isDeletionProtected
        warmThroughput = settings.warmThroughput
        localSettings = local.settings
        self.replicas = replicas
        self.keepsTombstones = keepsTombstones
    }

    /// The table that follows from a catalog entry and what is local of it; nil while no replica is here.
    convenience init?(_ entry: CatalogEntry, _ local: LocalTableState, in region: Text) {
        guard let id = local.tableID, let foundation = entry.foundation else { return nil }
        let indexes = entry.indexDefinitions(foundation).compactMap { definition -> SecondaryIndex? in
            guard let index = local.index(named: definition.name) else { return nil }
            return SecondaryIndex(
                definition: definition, id: index.id, status: index.needsBackfill ? .creating : .active)
        }
        let deletingIndexes = local.indexes.compactMap { index -> SecondaryIndex? in
            guard index.isDeleting,
                let definition = IndexDefinition(name: index.name, isGlobal: true, index.shape)
            else { return nil }
            return SecondaryIndex(definition: definition, id: index.id, status: .deleting)
        }
        self.init(
            name: entry.name, uuid: entry.uuid, id: id, in: region, createdMilliseconds: local.createdMilliseconds,
            status: local.isServing ? .active : .creating, keySchema: foundation.keySchema, indexes: indexes,
            deletingIndexes: deletingIndexes, settings: TableSettings(entry, in: region), local: local,
            replicas: entry.replicas, keepsTombstones: entry.mentionsReplica(besides: region))
    }

    /// The index of that name, if there is one.
    public func index(named name: Text) -> SecondaryIndex? { indexes.first { $0.name == name } }

    /// Whether another region has, or is getting or losing, a replica.
    public var isGlobal: Bool { replicas.count > 1 }

    /// The attribute by which items expire; nil while time to live is not enabled.
    public var expiryAttribute: Text? { timeToLive.flatMap { $0.isEnabled ? $0.attribute : nil } }

    /// Every key attribute of the table and its indexes once, in the order of first use: DescribeTable's attribute definitions.
    public var attributeDefinitions: [KeyAttribute] {
        var definitions: [KeyAttribute] = []
        for attribute in keySchema.attributes + (indexes + deletingIndexes).flatMap(\.definition.keySchema.attributes)
        where !definitions.contains(where: { $0.name == attribute.name }) {
            definitions.append(attribute)
        }
        return definitions
    }
}

/// The settings of a table that every replica shares.
struct TableSettings: Sendable, Hashable {
    var billingMode: BillingMode
    var throughput: Throughput?
    var onDemandThroughput: OnDemandThroughput?
    var payPerRequestSinceMilliseconds: UInt64?
    var streamViewType: StreamViewType?
    var timeToLive: TimeToLive?
    var tableClass: TableClass?
    var warmThroughput: WarmThroughput?
    var throughputHistory = ThroughputHistory()
    var isEncryptionRequested = false
    /// Of this region's replica.
    var isDeletionProtected = false

    /// The maxima of a replica that overrides something of them.
    fileprivate func onDemandThroughput(with overrides: ReplicaOverrides) -> OnDemandThroughput? {
        guard let maximum = overrides.maximumReadRequestUnits else { return onDemandThroughput }
        return OnDemandThroughput(
            maximumRead: maximum < 0 ? nil : maximum, maximumWrite: onDemandThroughput?.maximumWrite)
    }
}
