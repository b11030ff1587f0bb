import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Makes a table with its indexes; the answer says CREATING, as the service's does, though the table serves from then on.
struct CreateTable: Operation {
    static let name: StaticString = "CreateTable"
    static let shape = Shape.structure(
        "CreateTableInput",
        .required("AttributeDefinitions", .attributeDefinitions),
        .init("TableName", .nameOfTable),
        .required("KeySchema", .keySchema),
        .init(
            "LocalSecondaryIndexes",
            .list(
                .structure(
                    "LocalSecondaryIndex",
                    .required("IndexName", .indexName),
                    .required("KeySchema", .keySchema),
                    .required("Projection", .projection)))),
        .init("GlobalSecondaryIndexes", .list(.globalIndex)),
        .init("BillingMode", .billingMode),
        .init("ProvisionedThroughput", .provisionedThroughput),
        .init("StreamSpecification", .streamSpecification),
        .init("SSESpecification", .sseSpecification),
        .init("Tags", .tags),
        .init("TableClass", .tableClass),
        .init("DeletionProtectionEnabled", .boolean),
        .init("WarmThroughput", .warmThroughput),
        .init("ResourcePolicy", .string),
        .init("OnDemandThroughput", .onDemandThroughput),
        .init("GlobalTableSourceArn", .string(length: 1...1024)),
        .init("GlobalTableSettingsReplicationMode", .settingsReplicationMode),
        .init("VectorIndexes", .list(.structure("VectorIndex"))))

    static let coverage = OperationCoverage.partial(
        "without VectorIndexes, GlobalTableSourceArn and SSESpecification with a customer's key")

    private let specification: TableSpecification
    /// The table's resource policy.
    private let policy: Text?
    private let reference: TableReference

    var accesses: [Access] {
        var actions = [Self.name]
        if !specification.localSettings.tags.isEmpty { actions.append(TagResource.name) }
        if policy != nil { actions.append(PutResourcePolicy.name) }
        return actions.map { Access($0, .table(reference)) }
    }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        if request["GlobalTableSourceArn"] != nil {
            throw .invalidParameters("GlobalTableSourceArn is not supported: add the replica with UpdateTable")
        }
        let isEncryptionRequested = try CapacityReading.encryption(request["SSESpecification"]) ?? false
        if request["VectorIndexes"] != nil { throw .invalidParameters("VectorIndexes is not supported") }
        policy = request["ResourcePolicy"]?.text
        if let policy { try PolicyReading.check(policy) }
        let (mode, throughput) = try CapacityReading.billing(
            mode: CapacityReading.billingMode(request["BillingMode"]),
            throughput: request["ProvisionedThroughput"].map { CapacityReading.throughput($0) })
        var schema = try SchemaReading(request)
        let keys = try schema.keySchema(request["KeySchema"], for: .table)
        let indexes = try Self.indexes(request, &schema, keys, mode)
        try schema.checkAllUsed(hasIndexes: !indexes.isEmpty)
        var specification = TableSpecification(
            name: reference.name, keySchema: keys, indexes: indexes, billingMode: mode, throughput: throughput)
        specification.onDemandThroughput = try CapacityReading.initialOnDemandThroughput(
            request["OnDemandThroughput"], mode)
        if case .enable(let viewType) = try CapacityReading.stream(request["StreamSpecification"], isCreation: true) {
            specification.streamViewType = viewType
        }
        specification.tableClass = CapacityReading.tableClass(request["TableClass"])
        specification.isEncryptionRequested = isEncryptionRequested
        specification.isDeletionProtected = request["DeletionProtectionEnabled"]?.isTrue ?? false
        specification.warmThroughput = try CapacityReading.initialWarmThroughput(
            request["WarmThroughput"], throughput)
        specification.localSettings.settingsReplicationMode = try CapacityReading.settingsReplicationMode(
            request["GlobalTableSettingsReplicationMode"])
        if let tags = request["Tags"] { specification.localSettings.tags = try TagReading.tags(tags) }
        self.specification = specification
    }

    private static func indexes(
        _ request: JSONValue, _ schema: inout SchemaReading, _ keys: KeySchema, _ mode: BillingMode
    ) throws(DynamoFault) -> [IndexDefinition] {
        var indexes: [IndexDefinition] = []
        if let list = request["LocalSecondaryIndexes"] {
            guard list.count > 0 else { throw .invalidParameters("List of LocalSecondaryIndexes is empty") }
            guard list.count <= SchemaReading.maximumLocalIndexCount else {
                throw .invalidParameters("Number of LocalSecondaryIndexes exceeds per-table limit of 5")
            }
            for index in list.elements { indexes.append(try schema.localIndex(index, of: keys)) }
        }
        if let list = request["GlobalSecondaryIndexes"] {
            guard list.count > 0 else { throw .invalidParameters("List of GlobalSecondaryIndexes is empty") }
            guard list.count <= SchemaReading.maximumGlobalIndexCount else {
                throw .invalidParameters("GlobalSecondaryIndex count exceeds the per-table limit of 20")
            }
            for element in list.elements {
                let index = try schema.globalIndex(element, mode)
                try SchemaReading.checkThroughput(of: index, mode, isCreation: true)
                indexes.append(index)
            }
        }
        try schema.checkIndexes(indexes)
        return indexes
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard reference.isLocal(region: environment.gateway.regionName, accountID: environment.configuration.accountID)
        else { throw .tableNotFound(reference.name) }
        var specification = specification
        if let policy {
            specification.localSettings.policies = [
                ResourcePolicy(resource: "", document: policy, revision: environment.gateway.nowMilliseconds())
            ]
        }
        environment.changeCatalog(of: reference.name, .createTable(specification), completion) { table in
            TableDescription(table, status: .creating, in: environment).response("TableDescription")
        }
        return nil
    }
}

extension Shape {
    /// A global index of CreateTable, and the action of UpdateTable that creates one.
    static let globalIndex = Shape.structure(
        "GlobalSecondaryIndex",
        .required("IndexName", .indexName),
        .required("KeySchema", .keySchema),
        .required("Projection", .projection),
        Member("ProvisionedThroughput", .provisionedThroughput),
        Member("OnDemandThroughput", .onDemandThroughput),
        Member("WarmThroughput", .warmThroughput))
}
