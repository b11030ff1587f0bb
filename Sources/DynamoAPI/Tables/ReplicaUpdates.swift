import AWSProtocol
import ItemModel
import RegionStore

/// The parameter `ReplicaUpdates`: replicas to add, change or remove, with the service's rules for what goes into one call.
///
/// Source: AWS developer guide, "Managing global tables", and the service's answers.
struct ReplicaUpdates: Sendable {
    private let updates: [Update]

    /// One element, those that say the same as an earlier one left out.
    private enum Update: Sendable, Hashable {
        case create(region: Text, ReplicaOverrides)
        case update(region: Text, ReplicaOverrides)
        case delete(region: Text)
    }

    private static let actionNames: [StaticString] = ["Create", "Update", "Delete", "Disassociate"]

    init(_ json: JSONValue) throws(DynamoFault) {
        var updates: [Update] = []
        var seen: Set<Update> = []
        for element in json.elements {
            let given = Self.actionNames.filter { element[$0] != nil }
            guard given.count <= 1 else {
                throw .validation("Update table operation with more than one type of replica actions not allowed.")
            }
            let update = try Self.update(element)
            if seen.insert(update).inserted { updates.append(update) }
        }
        let isMembership = updates.map { update in
            if case .update = update { false } else { true }
        }
        guard isMembership.count(where: \.self) <= 1 else {
            throw .validation(
                "Update table operation with more than one create or delete replica actions not allowed")
        }
        self.updates = updates
    }

    private static func update(_ element: JSONValue) throws(DynamoFault) -> Update {
        // No table here has a customer managed key, and with one goes one for each replica.
        guard element["Create"]?["KMSMasterKeyId"] == nil, element["Update"]?["KMSMasterKeyId"] == nil else {
            throw .invalidParameters("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")
        }
        if let create = element["Create"] {
            return .create(region: create["RegionName"]?.text ?? "", try overrides(create))
        }
        if let update = element["Update"] {
            let overrides = try overrides(update)
            guard overrides != ReplicaOverrides() || update["OnDemandThroughputOverride"] != nil else {
                throw noActions
            }
            return .update(region: update["RegionName"]?.text ?? "", overrides)
        }
        if let delete = element["Delete"] { return .delete(region: delete["RegionName"]?.text ?? "") }
        if element["Disassociate"] != nil {
            throw .invalidParameters("Disassociation of a replica is not supported")
        }
        throw noActions
    }

    private static let noActions = DynamoFault.validation(
        "There are no actions specified in the Replica Update Action of the request.")

    private static func overrides(_ json: JSONValue) throws(DynamoFault) -> ReplicaOverrides {
        var overrides = ReplicaOverrides()
        overrides.readCapacityUnits = json["ProvisionedThroughputOverride"]?["ReadCapacityUnits"]?.integer
        overrides.maximumReadRequestUnits = try CapacityReading.overridingMaximum(
            json["OnDemandThroughputOverride"]?["MaxReadRequestUnits"], "MaxReadRequestUnits")
        overrides.tableClass = CapacityReading.tableClass(json["TableClassOverride"])
        if let indexes = json["GlobalSecondaryIndexes"] {
            for index in indexes.elements {
                overrides.indexReadCapacityUnits.append(
                    ReplicaOverrides.IndexRead(
                        index: index["IndexName"]?.text ?? "",
                        readCapacityUnits: index["ProvisionedThroughputOverride"]?["ReadCapacityUnits"]?.integer,
                        maximumReadRequestUnits: try CapacityReading.overridingMaximum(
                            index["OnDemandThroughputOverride"]?["MaxReadRequestUnits"], "MaxReadRequestUnits")))
            }
        }
        return overrides
    }

    /// What a caller has to be allowed for replicas that come and go.
    var furtherActions: [StaticString] {
        updates.compactMap { update in
            switch update {
            case .create: "CreateTableReplica"
            case .delete: "DeleteTableReplica"
            case .update: nil
            }
        }
    }

    /// What has to change of `table`.
    ///
    /// - Parameter region: the region that is asked.
    func changes(of table: Table, in region: Text) throws(DynamoFault) -> [TableChange] {
        var changes: [TableChange] = []
        for update in updates {
            switch update {
            case .create(let target, let overrides):
                try checkCanBeAdded(target, to: table, in: region)
                // Replicas follow a table by its stream, so a table without one gets it together with its first replica.
                if table.streamViewType == nil { changes.append(.enableStream(.newAndOldImages)) }
                changes.append(.createReplica(region: target, Self.merged(ReplicaOverrides(), overrides, in: table)))
            case .update(let target, let overrides):
                guard let replica = table.replicas.first(where: { $0.region == target }), table.isGlobal else {
                    throw .replicasNotInTable([target])
                }
                guard overrides.readCapacityUnits == nil || table.billingMode == .provisioned else {
                    throw .validation(
                        """
                        Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST
                        """)
                }
                let hasMaximum =
                    overrides.maximumReadRequestUnits != nil
                    || overrides.indexReadCapacityUnits.contains { $0.maximumReadRequestUnits != nil }
                if hasMaximum { try CapacityReading.check(OnDemandChange(read: .remove), table.billingMode) }
                changes.append(
                    .updateReplica(region: target, Self.merged(replica.overrides, overrides, in: table)))
            case .delete(let target): changes.append(.deleteReplica(region: target))
            }
        }
        return changes
    }

    /// A replica's writes could not keep up with fixed capacity, so the service wants it to scale; nothing scales here.
    private func checkCanBeAdded(_ target: Text, to table: Table, in region: Text) throws(DynamoFault) {
        guard target != region, !table.replicas.contains(where: { $0.region == target }) else { return }
        guard table.billingMode == .payPerRequest else {
            throw .validation("Table write capacity should either be Pay-Per-Request or AutoScaled.")
        }
    }

    /// `old` with what `new` says; an override equal to the table's own value is none, and one of an unknown index is ignored.
    private static func merged(
        _ old: ReplicaOverrides, _ new: ReplicaOverrides, in table: Table
    ) -> ReplicaOverrides {
        var merged = old
        if let units = new.readCapacityUnits {
            merged.readCapacityUnits = units == table.sharedThroughput?.read ? nil : units
        }
        if let units = new.maximumReadRequestUnits {
            let shared = table.sharedOnDemandThroughput?.maximumRead ?? -1
            merged.maximumReadRequestUnits = units == shared ? nil : units
        }
        if let tableClass = new.tableClass {
            merged.tableClass = tableClass == (table.sharedTableClass ?? .standard) ? nil : tableClass
        }
        for override in new.indexReadCapacityUnits {
            guard let index = table.index(named: override.index), index.isGlobal else { continue }
            let previous = merged.indexReadCapacityUnits.first { $0.index == override.index }
            merged.indexReadCapacityUnits.removeAll { $0.index == override.index }
            let read = override.readCapacityUnits ?? previous?.readCapacityUnits
            let maximum = override.maximumReadRequestUnits ?? previous?.maximumReadRequestUnits
            merged.indexReadCapacityUnits.append(
                ReplicaOverrides.IndexRead(
                    index: override.index,
                    readCapacityUnits: read == index.definition.throughput?.read ? nil : read,
                    maximumReadRequestUnits: maximum == index.definition.onDemandThroughput?.maximumRead ?? -1
                        ? nil : maximum
                ))
        }
        merged.indexReadCapacityUnits.sort { $0.index < $1.index }
        return merged
    }
}
