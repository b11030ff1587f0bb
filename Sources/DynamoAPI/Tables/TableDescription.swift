import AWSProtocol
import ItemModel
import RegionStore

/// A table as DescribeTable and the operations that change tables show it.
///
/// What is absent on a regional table is absent here, not empty: clients tell global tables by it. The replica of the region that is
/// asked is not listed among the replicas. Source: AWS API reference, `TableDescription`, and what the service answers.
struct TableDescription {
    let table: Table
    let status: TableStatus
    let sizes: Sizes
    /// The table's ARN.
    let arn: String
    /// The region that is asked.
    let region: Text
    private let nowMilliseconds: UInt64
    /// Whether this answers a change that was just made, and not a question.
    private let isAnswerToChange: Bool
    /// What a change has taken away, which its answer shows as -1.
    private let removed: RemovedMaxima
    private let accountID: String

    /// How much a table and its indexes hold.
    struct Sizes {
        let table: TableStatistics?
        /// In the order of the table's indexes.
        let indexes: [(name: Text, statistics: TableStatistics)]

        static let none = Sizes(table: nil, indexes: [])

        private init(table: TableStatistics?, indexes: [(name: Text, statistics: TableStatistics)]) {
            self.table = table
            self.indexes = indexes
        }

        init<Gateway: RegionAccess>(of table: Table, in environment: Environment<Gateway>) throws(DynamoFault) {
            do {
                let reader = environment.gateway.reader
                self.table = try reader.statistics(of: table)
                indexes = try table.indexes.map { ($0.name, try reader.statistics(of: $0)) }
            } catch {
                throw .internalError("\(error)")
            }
        }
    }

    /// - Parameters:
    ///   - status: what is told in place of the table's own status.
    ///   - removed: the maxima that the change has taken away.
    ///   - sizes: nil reads them; after a change that was made, one that cannot be read counts as nothing.
    init<Gateway: RegionAccess>(
        _ table: Table, status: TableStatus? = nil, removed: RemovedMaxima = RemovedMaxima(), sizes: Sizes? = nil,
        in environment: Environment<Gateway>
    ) {
        self.table = table
        self.status = status ?? table.status
        self.sizes = sizes ?? (try? Sizes(of: table, in: environment)) ?? .none
        arn = environment.arn(of: table)
        region = environment.gateway.regionName
        nowMilliseconds = environment.gateway.nowMilliseconds()
        isAnswerToChange = status != nil
        self.removed = removed
        accountID = environment.configuration.accountID
    }

    /// Whether this answers CreateTable.
    private var isAnswerToCreation: Bool { isAnswerToChange && status == .creating }

    /// Settings of this region's replica that differ from the table's.
    private var overrides: ReplicaOverrides {
        table.replicas.first { $0.region == region }?.overrides ?? ReplicaOverrides()
    }

    /// The response of an operation that answers with nothing but the description.
    ///
    /// - Parameter name: the response's only member.
    func response(_ name: StaticString) -> APIResponse {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name(name)
        if isAnswerToChange, status == .deleting { writeDeleted(to: &writer) } else { write(to: &writer) }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    private func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeIdentity(to: &writer)
        writeCapacity(to: &writer)
        writeIndexes(to: &writer)
        writeStream(to: &writer)
        writeReplicas(to: &writer)
        if let tableClass = table.tableClass {
            writer.object("TableClassSummary", "TableClass", tableClass.rawValue)
        }
        writeEncryption(to: &writer)
        writer.name("DeletionProtectionEnabled")
        writer.bool(table.isDeletionProtected)
        writer.endObject()
    }

    /// What is left to tell of a table that was just deleted.
    private func writeDeleted(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("TableName", table.name.string)
        writer.member("TableStatus", status.rawValue)
        writer.throughputDescription(table.throughput, history: table.throughputHistory, at: nowMilliseconds)
        writer.member("TableSizeBytes", 0)
        writer.member("ItemCount", 0)
        writer.member("TableArn", arn)
        writer.member("TableId", replicaID)
        writeBillingMode(to: &writer)
        writer.name("DeletionProtectionEnabled")
        writer.bool(table.isDeletionProtected)
        writer.endObject()
    }

    private func writeIdentity(to writer: inout JSONWriter) {
        writer.name("AttributeDefinitions")
        writer.beginArray()
        for attribute in table.attributeDefinitions {
            writer.beginObject()
            writer.member("AttributeName", attribute.name.string)
            writer.member("AttributeType", attribute.kind.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.member("TableName", table.name.string)
        writer.name("KeySchema")
        writer.keySchema(table.keySchema)
        writer.member("TableStatus", status.rawValue)
        writer.name("CreationDateTime")
        writer.timestamp(milliseconds: table.createdMilliseconds)
        writer.member("TableSizeBytes", sizes.table?.byteCount ?? 0)
        writer.member("ItemCount", sizes.table?.itemCount ?? 0)
        writer.member("TableArn", arn)
        writer.member("TableId", replicaID)
    }

    /// The identity of the region's replica: as in the service, each region shows another one of the same table.
    private var replicaID: String {
        // Combining the hash of the region's name with the UUID keeps one region's identities as distinct as its tables are.
        let hash = Self.hash(region)
        return TableUUID(high: table.uuid.high ^ hash, low: table.uuid.low ^ hash.byteSwapped).description
    }

    private func writeCapacity(to writer: inout JSONWriter) {
        writer.throughputDescription(table.throughput, history: table.throughputHistory, at: nowMilliseconds)
        writeBillingMode(to: &writer)
        writer.onDemandThroughput(table.onDemandThroughput, readOverride: nil, removed: removed.table)
        if !isAnswerToCreation || table.warmThroughput != nil {
            writer.warmThroughput(
                table.warmThroughput, table.sharedThroughput, status: status == .active ? status : .updating)
        }
    }

    private func writeBillingMode(to writer: inout JSONWriter) {
        guard table.billingMode == .payPerRequest || table.payPerRequestSinceMilliseconds != nil else { return }
        writer.name("BillingModeSummary")
        writer.beginObject()
        writer.member("BillingMode", table.billingMode.rawValue)
        if let since = table.payPerRequestSinceMilliseconds, !isAnswerToChange || status == .deleting {
            writer.name("LastUpdateToPayPerRequestDateTime")
            writer.timestamp(milliseconds: since)
        }
        writer.endObject()
    }

    /// Writes what is said of the service's own key, where it was asked for.
    private func writeEncryption(to writer: inout JSONWriter) {
        guard table.isEncryptionRequested else { return }
        writer.name("SSEDescription")
        writer.beginObject()
        writer.member("Status", "ENABLED")
        writer.member("SSEType", "KMS")
        let key = TableUUID(high: Self.hash(region), low: Self.hash(Text(accountID))).description
        writer.member("KMSMasterKeyArn", "arn:aws:kms:\(region):\(accountID):key/\(key)")
        writer.endObject()
    }

    /// FNV-1a.
    private static func hash(_ text: Text) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private func writeStream(to writer: inout JSONWriter) {
        if let viewType = table.streamViewType {
            writer.name("StreamSpecification")
            writer.beginObject()
            writer.name("StreamEnabled")
            writer.bool(true)
            writer.member("StreamViewType", viewType.rawValue)
            writer.endObject()
        }
        if let created = table.streamLabelMilliseconds {
            let label = CivilTime(millisecondsSinceEpoch: created).iso8601Milliseconds
            writer.member("LatestStreamLabel", label)
            writer.member("LatestStreamArn", "\(arn)/stream/\(label)")
        }
    }
}

extension TableDescription {
    private func writeIndexes(to writer: inout JSONWriter) {
        let local = table.indexes.filter { !$0.isGlobal }
        let global = table.indexes.filter(\.isGlobal) + table.deletingIndexes
        if !local.isEmpty {
            writer.name("LocalSecondaryIndexes")
            writer.beginArray()
            for index in local { writeIndex(index, to: &writer) }
            writer.endArray()
        }
        if !global.isEmpty {
            writer.name("GlobalSecondaryIndexes")
            writer.beginArray()
            for index in global { writeIndex(index, to: &writer) }
            writer.endArray()
        }
    }

    private func writeIndex(_ index: SecondaryIndex, to writer: inout JSONWriter) {
        let definition = index.definition
        writer.beginObject()
        writer.member("IndexName", index.name.string)
        writer.name("KeySchema")
        writer.keySchema(definition.keySchema)
        writer.name("Projection")
        writer.projection(definition.projection)
        if index.isGlobal {
            let override = overrides.indexReadCapacityUnits.first { $0.index == index.name }
            writer.member("IndexStatus", status == .creating ? "CREATING" : index.status.rawValue)
            if index.status == .creating, status != .creating {
                writer.name("Backfilling")
                writer.bool(true)
            }
            let throughput = definition.throughput.map {
                Throughput(read: override?.readCapacityUnits ?? $0.read, write: $0.write)
            }
            writer.throughputDescription(throughput, history: definition.throughputHistory, at: nowMilliseconds)
            writer.onDemandThroughput(
                definition.onDemandThroughput, readOverride: override?.maximumReadRequestUnits,
                removed: removed.indexes.first { $0.name == index.name }?.change)
            if !isAnswerToCreation || definition.warmThroughput != nil {
                writer.warmThroughput(
                    definition.warmThroughput, definition.throughput,
                    status: isAnswerToCreation ? .updating : index.status)
            }
        }
        let held = index.status == .deleting ? nil : sizes.indexes.first { $0.name == index.name }?.statistics
        writer.member("IndexSizeBytes", held?.byteCount ?? 0)
        writer.member("ItemCount", held?.itemCount ?? 0)
        writer.member("IndexArn", "\(arn)/index/\(index.name)")
        writer.endObject()
    }

    private func writeReplicas(to writer: inout JSONWriter) {
        guard table.isGlobal else {
            if let mode = table.localSettings.settingsReplicationMode {
                writer.member("GlobalTableSettingsReplicationMode", mode.string)
            }
            return
        }
        writer.member("GlobalTableVersion", "2019.11.21")
        writer.member("GlobalTableSettingsReplicationMode", "ENABLED_WITH_OVERRIDES")
        writer.name("DisassociationProtectionEnabled")
        writer.bool(true)
        writer.name("Replicas")
        writer.beginArray()
        for replica in table.replicas where replica.region != region { writeReplica(replica, to: &writer) }
        writer.endArray()
    }

    private func writeReplica(_ replica: Replica, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("RegionName", replica.region.string)
        writer.member("ReplicaStatus", replica.status.rawValue)
        if let read = replica.overrides.readCapacityUnits {
            writer.object("ProvisionedThroughputOverride", "ReadCapacityUnits", read)
        }
        if let read = replica.overrides.maximumReadRequestUnits {
            writer.object("OnDemandThroughputOverride", "MaxReadRequestUnits", read)
        }
        writer.warmThroughput(table.warmThroughput, table.sharedThroughput, status: .active)
        writeReplicaIndexes(replica, to: &writer)
        if let tableClass = replica.overrides.tableClass ?? table.sharedTableClass {
            writer.object("ReplicaTableClassSummary", "TableClass", tableClass.rawValue)
        }
        writer.member("GlobalTableSettingsReplicationMode", "ENABLED_WITH_OVERRIDES")
        writer.endObject()
    }

    private func writeReplicaIndexes(_ replica: Replica, to writer: inout JSONWriter) {
        let indexes = table.indexes.filter(\.isGlobal)
        guard !indexes.isEmpty else { return }
        writer.name("GlobalSecondaryIndexes")
        writer.beginArray()
        for index in indexes {
            let override = replica.overrides.indexReadCapacityUnits.first { $0.index == index.name }
            writer.beginObject()
            writer.member("IndexName", index.name.string)
            if let read = override?.readCapacityUnits {
                writer.object("ProvisionedThroughputOverride", "ReadCapacityUnits", read)
            }
            if let read = override?.maximumReadRequestUnits {
                writer.object("OnDemandThroughputOverride", "MaxReadRequestUnits", read)
            }
            writer.warmThroughput(
                index.definition.warmThroughput, index.definition.throughput, status: .active)
            writer.endObject()
        }
        writer.endArray()
    }
}
