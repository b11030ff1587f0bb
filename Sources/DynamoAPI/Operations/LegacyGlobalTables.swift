import AWSProtocol
import Expressions
import ItemModel
import RegionStore

// The operations of global tables version 2017.11.29, which today's service only refuses: there is no such table.

/// Refused: version 2017.11.29 makes no tables any more.
struct CreateGlobalTable: Operation {
    static let name: StaticString = "CreateGlobalTable"
    static let shape = Shape.structure(
        "CreateGlobalTableInput",
        .required("GlobalTableName", .globalTableName),
        .required("ReplicationGroup", .list(.structure("Replica", .init("RegionName", .string)))))

    private let table: Text

    var accesses: [Access] { [Access(Self.name, .tableNamed(table))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["GlobalTableName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        throw LegacyGlobalTables.unsupported
    }
}

/// Finds no table of version 2017.11.29.
struct UpdateGlobalTable: Operation {
    static let name: StaticString = "UpdateGlobalTable"
    static let shape = Shape.structure(
        "UpdateGlobalTableInput",
        .required("GlobalTableName", .globalTableName),
        .required(
            "ReplicaUpdates",
            .list(
                .structure(
                    "ReplicaUpdate",
                    .init("Create", .structure("CreateReplicaAction", .required("RegionName", .string))),
                    .init("Delete", .structure("DeleteReplicaAction", .required("RegionName", .string)))))))

    private let table: Text

    var accesses: [Access] { [Access(Self.name, .tableNamed(table))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["GlobalTableName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        throw .globalTableNotFound(LegacyGlobalTables.missing(table))
    }
}

/// Finds no table of version 2017.11.29.
struct DescribeGlobalTable: Operation {
    static let name: StaticString = "DescribeGlobalTable"
    static let shape = Shape.structure(
        "DescribeGlobalTableInput", .required("GlobalTableName", .globalTableName))

    private let table: Text

    var accesses: [Access] { [Access(Self.name, .tableNamed(table))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["GlobalTableName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        throw .globalTableNotFound("Global table not found: \(LegacyGlobalTables.missing(table))")
    }
}

/// Finds no table of version 2017.11.29.
struct DescribeGlobalTableSettings: Operation {
    static let name: StaticString = "DescribeGlobalTableSettings"
    static let shape = Shape.structure(
        "DescribeGlobalTableSettingsInput", .required("GlobalTableName", .globalTableName))

    private let table: Text

    var accesses: [Access] { [Access(Self.name, .tableNamed(table))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["GlobalTableName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        throw .globalTableNotFound(LegacyGlobalTables.missing(table))
    }
}

/// Finds no table of version 2017.11.29.
struct UpdateGlobalTableSettings: Operation {
    static let name: StaticString = "UpdateGlobalTableSettings"
    static let shape = Shape.structure(
        "UpdateGlobalTableSettingsInput",
        .required("GlobalTableName", .globalTableName),
        .init("GlobalTableBillingMode", .billingMode),
        .init("GlobalTableProvisionedWriteCapacityUnits", .long(atLeast: 1)),
        .init("GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", .autoScalingSettings),
        .init(
            "GlobalTableGlobalSecondaryIndexSettingsUpdate",
            .list(
                .structure(
                    "GlobalTableGlobalSecondaryIndexSettingsUpdate",
                    .required("IndexName", .indexName),
                    .init("ProvisionedWriteCapacityUnits", .long(atLeast: 1)),
                    .init("ProvisionedWriteCapacityAutoScalingSettingsUpdate", .autoScalingSettings)),
                atLeast: 1, atMost: 20)),
        .init(
            "ReplicaSettingsUpdate",
            .list(
                .structure(
                    "ReplicaSettingsUpdate",
                    .required("RegionName", .string),
                    .init("ReplicaProvisionedReadCapacityUnits", .long(atLeast: 1)),
                    .init("ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", .autoScalingSettings),
                    .init("ReplicaGlobalSecondaryIndexSettingsUpdate", .replicaIndexSettings),
                    .init("ReplicaTableClass", .tableClass)),
                atLeast: 1, atMost: 50)))

    private let table: Text

    var accesses: [Access] { [Access(Self.name, .tableNamed(table))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["GlobalTableName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        throw .globalTableNotFound(LegacyGlobalTables.missing(table))
    }
}

/// Lists the tables of version 2017.11.29: none.
struct ListGlobalTables: Operation {
    static let name: StaticString = "ListGlobalTables"
    static let shape = Shape.structure(
        "ListGlobalTablesInput",
        .init("ExclusiveStartGlobalTableName", .globalTableName),
        .init("Limit", .integer(atLeast: 1)),
        .init("RegionName", .string))

    var accesses: [Access] { [Access(Self.name, .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {}

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("GlobalTables")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}

/// What the service says of version 2017.11.29.
private enum LegacyGlobalTables {
    static let unsupported = DynamoFault.invalidParameters(
        """
        DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version \
        2019.11.21, instead of version 2017.11.29 (Legacy).
        """)

    static func missing(_ table: Text) -> String { "Global table with name: '\(table)' does not exist." }
}

extension Shape {
    fileprivate static let globalTableName = Shape.string(length: 3...255, .name)

    fileprivate static let replicaIndexSettings = Shape.list(
        .structure(
            "ReplicaGlobalSecondaryIndexSettingsUpdate",
            .required("IndexName", .indexName),
            Member("ProvisionedReadCapacityUnits", .long(atLeast: 1)),
            Member("ProvisionedReadCapacityAutoScalingSettingsUpdate", .autoScalingSettings)),
        atLeast: 1, atMost: 20)
}
