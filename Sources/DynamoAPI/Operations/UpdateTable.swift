import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Changes a table: its capacity, stream, class or protection, its global indexes or its replicas; one kind of change a call.
struct UpdateTable: Operation {
    static let name: StaticString = "UpdateTable"
    static let shape = Shape.structure(
        "UpdateTableInput",
        .init("AttributeDefinitions", .attributeDefinitions),
        .init("TableName", .nameOfTable),
        .init("BillingMode", .billingMode),
        .init("ProvisionedThroughput", .provisionedThroughput),
        .init("GlobalSecondaryIndexUpdates", .list(.indexUpdate)),
        .init("StreamSpecification", .streamSpecification),
        .init("SSESpecification", .sseSpecification),
        .init("ReplicaUpdates", .list(.replicaUpdate, atLeast: 1)),
        .init("TableClass", .tableClass),
        .init("DeletionProtectionEnabled", .boolean),
        .init("MultiRegionConsistency", .oneOf("EVENTUAL", "STRONG")),
        .init("GlobalTableWitnessUpdates", .list(.witnessUpdate, atLeast: 1, atMost: 1)),
        .init("OnDemandThroughput", .onDemandThroughput),
        .init("WarmThroughput", .warmThroughput),
        .init("GlobalTableSettingsReplicationMode", .settingsReplicationMode),
        .init("DisassociationProtectionEnabled", .boolean),
        .init("VectorIndexUpdates", .list(.structure("VectorIndexUpdate"))))

    static let coverage = OperationCoverage.partial(
        "without VectorIndexUpdates, Disassociate, MultiRegionConsistency STRONG and SSESpecification with a customer's key"
    )

    private let reference: TableReference
    private let update: TableUpdate

    var accesses: [Access] {
        [Access(Self.name, .table(reference))]
            + update.furtherActions.map { Access($0, .table(reference)) }
    }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        update = try TableUpdate(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.describedTable(reference)
        if let mode = update.settingsReplicationMode {
            // A group of this account shares its settings in the one way that it can.
            guard !table.isGlobal else {
                throw .invalidParameters("GlobalTableSettingsReplicationMode cannot be changed on a global table")
            }
            environment.changeLocalSettings(
                of: table.name, .setSettingsReplicationMode(mode), missing: .tableNotFound(table.name), completion
            ) {
                TableDescription($0.table, status: .updating, in: environment).response("TableDescription")
            }
            return nil
        }
        let changes = try update.changes(of: table, in: environment.gateway.regionName)
        environment.changeCatalog(of: table.name, .updateTable(table.name, changes), completion) { changed in
            TableDescription(changed, status: .updating, removed: update.removedMaxima, in: environment)
                .response("TableDescription")
        }
        return nil
    }
}

extension Shape {
    fileprivate static let indexUpdate = Shape.structure(
        "GlobalSecondaryIndexUpdate",
        Member(
            "Update",
            .structure(
                "UpdateGlobalSecondaryIndexAction",
                .required("IndexName", .indexName),
                Member("ProvisionedThroughput", .provisionedThroughput),
                Member("OnDemandThroughput", .onDemandThroughput),
                Member("WarmThroughput", .warmThroughput))),
        Member("Create", .globalIndex),
        Member("Delete", .structure("DeleteGlobalSecondaryIndexAction", .required("IndexName", .indexName))))

    fileprivate static let replicaUpdate = Shape.structure(
        "ReplicationGroupUpdate",
        Member("Create", .replica),
        Member("Update", .replica),
        Member("Delete", .structure("DeleteReplicationGroupMemberAction", .required("RegionName", .string))),
        Member(
            "Disassociate",
            .structure(
                "DisassociateReplicationGroupMemberAction",
                .required("RegionName", .string),
                .required("DisassociationMode", .oneOf("WAIT_FOR_REPLICATION")))))

    private static let replica = Shape.structure(
        "ReplicationGroupMemberAction",
        .required("RegionName", .string),
        Member("KMSMasterKeyId", .string),
        Member("ProvisionedThroughputOverride", .readCapacityOverride),
        Member("OnDemandThroughputOverride", .maximumReadOverride),
        Member(
            "GlobalSecondaryIndexes",
            .list(
                .structure(
                    "ReplicaGlobalSecondaryIndex",
                    .required("IndexName", .indexName),
                    Member("ProvisionedThroughputOverride", .readCapacityOverride),
                    Member("OnDemandThroughputOverride", .maximumReadOverride)),
                atLeast: 1)),
        Member("TableClassOverride", .tableClass))

    private static let readCapacityOverride = Shape.structure(
        "ProvisionedThroughputOverride", Member("ReadCapacityUnits", .long(atLeast: 1)))

    private static let maximumReadOverride = Shape.structure(
        "OnDemandThroughputOverride", Member("MaxReadRequestUnits", .long))

    fileprivate static let witnessUpdate = Shape.structure(
        "GlobalTableWitnessGroupUpdate",
        Member("Create", .structure("CreateGlobalTableWitnessGroupMemberAction", .required("RegionName", .string))),
        Member("Delete", .structure("DeleteGlobalTableWitnessGroupMemberAction", .required("RegionName", .string))))
}
