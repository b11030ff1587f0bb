import AWSProtocol
import ItemModel
import RegionStore

/// What an UpdateTable request asks for, and the changes of the catalog that this comes to for the table as it stands.
///
/// The service takes one kind of change a call; only billing mode, capacities, capacities of indexes and the stream go together.
struct TableUpdate: Sendable {
    /// What `GlobalTableSettingsReplicationMode` is to be; it comes alone.
    let settingsReplicationMode: Text?
    private let replicas: ReplicaUpdates?
    private let billingMode: BillingMode?
    private let throughput: Throughput?
    private let onDemandThroughput: OnDemandChange?
    private let stream: CapacityReading.StreamRequest?
    private let tableClass: TableClass?
    private let isEncryptionRequested: Bool?
    private let isDeletionProtected: Bool?
    private let warmThroughput: WarmRequest?
    private let indexes: [IndexUpdate]
    private let attributeDefinitions: [KeyAttribute]

    /// One element of `GlobalSecondaryIndexUpdates`.
    private enum IndexUpdate: Sendable {
        case create(IndexDefinition)
        case update(name: Text, Throughput?, OnDemandChange?, WarmRequest?)
        case delete(name: Text)
    }

    /// The parameter `WarmThroughput`, which takes the table to be checked.
    private struct WarmRequest: Sendable {
        let read: Int?
        let write: Int?

        init(_ json: JSONValue) {
            read = json["ReadUnitsPerSecond"]?.integer
            write = json["WriteUnitsPerSecond"]?.integer
        }

        func throughput(over current: WarmThroughput, of owner: String) throws(DynamoFault) -> WarmThroughput {
            try CapacityReading.warmThroughput(read: read, write: write, over: current, of: owner)
        }
    }

    /// The parameters that have to be alone in a request, with what the service calls such a change.
    private static let exclusive: [(parameter: StaticString, change: String)] = [
        ("ReplicaUpdates", "Replica modification"),
        ("SSESpecification", "Server-Side Encryption modification"),
        ("TableClass", "TableClass modification"),
        ("DeletionProtectionEnabled", "DeletionProtection modification"),
        ("WarmThroughput", "WarmThroughput"),
        ("GlobalTableSettingsReplicationMode", "Settings replication mode modification"),
        ("DisassociationProtectionEnabled", "Disassociation protection modification"),
        ("VectorIndexUpdates", "Vector index modification"),
    ]

    private static let combinable: [StaticString] = [
        "BillingMode", "ProvisionedThroughput", "StreamSpecification", "OnDemandThroughput",
        "GlobalSecondaryIndexUpdates",
    ]

    init(_ request: JSONValue) throws(DynamoFault) {
        try Self.checkTogether(request)
        try Self.checkSupported(request)
        settingsReplicationMode = try CapacityReading.settingsReplicationMode(
            request["GlobalTableSettingsReplicationMode"])
        var schema = try SchemaReading(request)
        attributeDefinitions = schema.definitions
        replicas = try request["ReplicaUpdates"].map { json throws(DynamoFault) in try ReplicaUpdates(json) }
        billingMode = CapacityReading.billingMode(request["BillingMode"])
        throughput = request["ProvisionedThroughput"].map { CapacityReading.throughput($0) }
        onDemandThroughput = try CapacityReading.onDemandThroughput(request["OnDemandThroughput"])
        stream = try CapacityReading.stream(request["StreamSpecification"])
        tableClass = CapacityReading.tableClass(request["TableClass"])
        isEncryptionRequested = try CapacityReading.encryption(request["SSESpecification"])
        warmThroughput = request["WarmThroughput"].map { WarmRequest($0) }
        isDeletionProtected = request["DeletionProtectionEnabled"]?.isTrue
        indexes = try Self.indexUpdates(request["GlobalSecondaryIndexUpdates"], &schema, billingMode)
        if billingMode == .payPerRequest, throughput != nil { throw .capacityOnDemand }
        if billingMode == .provisioned, throughput == nil {
            throw .invalidParameters("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        }
    }

    /// Throws where the request has no change, or several that do not go together.
    private static func checkTogether(_ request: JSONValue) throws(DynamoFault) {
        let exclusive = exclusive.filter { request[$0.parameter] != nil }
        // An empty list of changes is none; of the others, none is a list.
        let combinable = combinable.filter { name in
            request[name].map { $0.kind != .array || $0.count > 0 } ?? false
        }
        if let first = exclusive.first {
            let others = exclusive.count + combinable.count - 1
            let isWarm = first.parameter.description == "WarmThroughput"
            guard others == 0 || isWarm && others == 1 && request[indexUpdates] != nil else {
                throw notAlone(first.change)
            }
            if isWarm { try checkWarmOnly(request[indexUpdates]) }
            return
        }
        guard !combinable.isEmpty else {
            throw .validation(
                """
                At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
                SSESpecification or ReplicaUpdates or TableClass is required
                """)
        }
        func has(_ name: StaticString) -> Bool { combinable.contains { $0.description == name.description } }
        let others = combinable.filter { !["OnDemandThroughput", "BillingMode"].contains($0.description) }
        guard !has("OnDemandThroughput") || others.isEmpty else {
            throw .invalidParameters(
                "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
        }
        // Capacities of indexes go together with the table's; an index to create or to delete does not.
        let changesIndexes = request[indexUpdates]?.elements.contains { $0["Update"] == nil } ?? false
        if changesIndexes, has("StreamSpecification") {
            throw .invalidParameters("You cannot create or delete index while changing stream status")
        }
        if changesIndexes, has("ProvisionedThroughput") || has("BillingMode") {
            throw .invalidParameters("You cannot create or delete index while updating table IOPS")
        }
        if has("StreamSpecification"), has("ProvisionedThroughput") {
            throw .invalidParameters("You cannot modify stream status while updating table IOPS")
        }
    }

    private static let indexUpdates: StaticString = "GlobalSecondaryIndexUpdates"

    /// The warm throughput of a table goes together with that of its indexes, and with nothing else of them.
    private static func checkWarmOnly(_ updates: JSONValue?) throws(DynamoFault) {
        for element in updates?.elements.map({ $0 }) ?? [] {
            guard element["Create"] == nil else {
                throw .invalidParameters(
                    "Create global secondary index cannot be specified when updating WarmThroughput")
            }
            guard let update = element["Update"], element["Delete"] == nil, update["ProvisionedThroughput"] == nil,
                update["OnDemandThroughput"] == nil
            else { throw notAlone("WarmThroughput") }
        }
    }

    private static func notAlone(_ change: String) -> DynamoFault {
        .invalidParameters("\(change) must be the only operation in the request")
    }

    /// Throws for what the service has and this does not.
    private static func checkSupported(_ request: JSONValue) throws(DynamoFault) {
        if request["GlobalTableWitnessUpdates"] != nil,
            !(request["MultiRegionConsistency"]?.isString("STRONG") ?? false)
        {
            throw .validation(
                "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.")
        }
        if request["MultiRegionConsistency"]?.isString("STRONG") ?? false {
            throw .invalidParameters("MultiRegionConsistency STRONG is not supported")
        }
        for parameter: StaticString in ["DisassociationProtectionEnabled", "VectorIndexUpdates"]
        where request[parameter] != nil {
            throw .invalidParameters("\(parameter) is not supported")
        }
    }

    private static func indexUpdates(
        _ json: JSONValue?, _ schema: inout SchemaReading, _ billingMode: BillingMode?
    ) throws(DynamoFault) -> [IndexUpdate] {
        guard let json else { return [] }
        var updates: [IndexUpdate] = []
        var names: Set<Text> = []
        for element in json.elements {
            let actions = (element["Create"], element["Update"], element["Delete"])
            switch actions {
            case (let create?, nil, nil): updates.append(.create(try schema.globalIndex(create, billingMode)))
            case (nil, let update?, nil):
                updates.append(
                    .update(
                        name: update["IndexName"]?.text ?? "",
                        update["ProvisionedThroughput"].map { CapacityReading.throughput($0) },
                        try CapacityReading.onDemandThroughput(
                            update["OnDemandThroughput"], of: update["IndexName"]?.text),
                        update["WarmThroughput"].map { WarmRequest($0) }))
            case (nil, nil, let delete?): updates.append(.delete(name: delete["IndexName"]?.text ?? ""))
            case (nil, nil, nil):
                throw .invalidParameters(
                    """
                    One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
                    GlobalSecondaryIndexUpdate.Delete must not be null
                    """)
            default:
                throw .invalidParameters(
                    "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
            }
            let name = (actions.0 ?? actions.1 ?? actions.2)?["IndexName"]?.text ?? ""
            guard names.insert(name).inserted else {
                throw .invalidParameters(
                    "Only one global secondary index update per index is allowed simultaneously. Index: \(name)")
            }
        }
        let onlineCount = updates.count { if case .update = $0 { false } else { true } }
        guard onlineCount <= 1 else {
            throw .limitExceeded(
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
        }
        return updates
    }
}

extension TableUpdate {
    /// What a caller has to be allowed besides changing the table.
    var furtherActions: [StaticString] { replicas?.furtherActions ?? [] }

    /// The maxima of on-demand capacity that it takes away.
    var removedMaxima: RemovedMaxima {
        var removed = RemovedMaxima(table: onDemandThroughput)
        for case .update(let name, _, let change?, _) in indexes { removed.indexes.append((name, change)) }
        return removed
    }

    /// What has to change of `table`, checked against its settings.
    ///
    /// - Parameter region: the region that is asked.
    func changes(of table: Table, in region: Text) throws(DynamoFault) -> [TableChange] {
        if let replicas {
            guard table.status != .creating else {
                throw .validation(
                    """
                    Create/Update/Delete of replica is not allowed while the replica is being added to table with name: \
                    \(table.name) in region \(region)
                    """)
            }
            return try replicas.changes(of: table, in: region)
        }
        if let tableClass { return [.setTableClass(tableClass)] }
        if let warmThroughput {
            let current = CapacityReading.currentWarmThroughput(table.warmThroughput, table.sharedThroughput)
            var changes = [TableChange.setWarmThroughput(try warmThroughput.throughput(over: current, of: "table"))]
            for update in indexes { changes += try self.changes(update, of: table, table.billingMode) }
            return changes
        }
        if let isEncryptionRequested { return [.setEncryptionRequested(isEncryptionRequested)] }
        if let isDeletionProtected { return [.setDeletionProtection(isDeletionProtected)] }
        let mode = billingMode ?? table.billingMode
        var changes = try capacityChanges(of: table, mode)
        switch stream {
        case .enable(let viewType): changes.append(.enableStream(viewType))
        case .disable: changes.append(.disableStream)
        case nil: break
        }
        for update in indexes { changes += try self.changes(update, of: table, mode) }
        return changes
    }

    private func capacityChanges(of table: Table, _ mode: BillingMode) throws(DynamoFault) -> [TableChange] {
        var changes: [TableChange] = []
        if let throughput {
            guard mode == .provisioned else { throw .capacityOnDemand }
            try CapacityReading.check(throughput)
            guard table.sharedThroughput != throughput || table.billingMode != mode else {
                throw Self.unchanged(throughput, "table", "table")
            }
            if table.billingMode != mode { try checkIndexCapacities(of: table) }
            changes.append(.setBilling(.provisioned, throughput))
            changes += Self.keepingWarm(table, throughput)
        } else if billingMode == .payPerRequest, table.billingMode != .payPerRequest {
            changes.append(.setBilling(.payPerRequest, nil))
            changes += Self.keepingWarm(table, nil)
            for index in table.indexes where index.isGlobal {
                let (warm, old) = (index.definition.warmThroughput, index.definition.throughput)
                guard let kept = CapacityReading.keptWarmThroughput(warm, from: old, to: nil) else { continue }
                changes.append(.setIndexWarmThroughput(name: index.name, kept))
            }
        }
        if let onDemandThroughput {
            try CapacityReading.check(onDemandThroughput, mode)
            changes.append(.changeOnDemandThroughput(onDemandThroughput))
        }
        return changes
    }

    private static func keepingWarm(_ table: Table, _ throughput: Throughput?) -> [TableChange] {
        CapacityReading.keptWarmThroughput(table.warmThroughput, from: table.sharedThroughput, to: throughput)
            .map { [.setWarmThroughput($0)] } ?? []
    }

    /// A table that becomes provisioned needs capacity for each of its global indexes.
    private func checkIndexCapacities(of table: Table) throws(DynamoFault) {
        for index in table.indexes where index.isGlobal {
            let isGiven = indexes.contains { update in
                if case .update(index.name, .some, _, _) = update { true } else { false }
            }
            guard isGiven else {
                throw .invalidParameters("ProvisionedThroughput must be specified for index: \(index.name)")
            }
        }
    }

    private func changes(
        _ update: IndexUpdate, of table: Table, _ mode: BillingMode
    ) throws(DynamoFault) -> [TableChange] {
        switch update {
        case .create(let definition):
            try SchemaReading.checkThroughput(of: definition, mode, isCreation: false)
            try SchemaReading.checkNotRedefined(attributeDefinitions, by: definition.keySchema, of: table)
            guard table.indexes.count(where: \.isGlobal) < SchemaReading.maximumGlobalIndexCount else {
                throw .invalidParameters("GlobalSecondaryIndex count exceeds the per-table limit of 20")
            }
            try SchemaReading.checkProjectedCount(of: table.indexes.map(\.definition) + [definition])
            return [.createIndex(definition)]
        case .update(let name, let throughput, let onDemandThroughput, let warm):
            let old = table.index(named: name)?.definition
            if let throughput {
                guard mode == .provisioned else { throw .capacityOnDemand }
                try CapacityReading.check(throughput, of: name)
                guard old?.throughput != throughput || table.billingMode != mode else {
                    throw Self.unchanged(throughput, "index \(name)", "index")
                }
            }
            if let onDemandThroughput { try CapacityReading.check(onDemandThroughput, mode) }
            var changes: [TableChange] = []
            if throughput != nil || onDemandThroughput != nil || warm == nil {
                changes.append(.updateIndex(name: name, throughput, onDemandThroughput))
            }
            if let old, let throughput,
                let kept = CapacityReading.keptWarmThroughput(
                    old.warmThroughput, from: old.throughput, to: throughput)
            {
                changes.append(.setIndexWarmThroughput(name: name, kept))
            }
            if let warm {
                let current = CapacityReading.currentWarmThroughput(old?.warmThroughput, old?.throughput)
                changes.append(
                    .setIndexWarmThroughput(
                        name: name, try warm.throughput(over: current, of: "index \(name)")))
            }
            return changes
        case .delete(let name): return [.deleteIndex(name: name)]
        }
    }

    private static func unchanged(_ throughput: Throughput, _ owner: String, _ kind: String) -> DynamoFault {
        .validation(
            """
            The provisioned throughput for the \(owner) will not change. The requested value equals the current value. \
            Current ReadCapacityUnits provisioned for the \(kind): \(throughput.read). Requested ReadCapacityUnits: \
            \(throughput.read). Current WriteCapacityUnits provisioned for the \(kind): \(throughput.write). Requested \
            WriteCapacityUnits: \(throughput.write). Refer to the Amazon DynamoDB Developer Guide for current limits and how \
            to request higher limits.
            """)
    }
}
