import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Tells that no replica of a global table scales, this region's included.
struct DescribeTableReplicaAutoScaling: Operation {
    static let name: StaticString = "DescribeTableReplicaAutoScaling"
    static let shape = Shape.structure(
        "DescribeTableReplicaAutoScalingInput", .required("TableName", .nameOfTable))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        AutoScalingDescription(try environment.globalTable(reference)).response
    }
}

/// Takes a request to scale nothing; one to scale is refused.
struct UpdateTableReplicaAutoScaling: Operation {
    static let name: StaticString = "UpdateTableReplicaAutoScaling"
    static let coverage = OperationCoverage.partial(
        "only AutoScalingDisabled is taken: capacity does not scale by itself")
    static let shape = Shape.structure(
        "UpdateTableReplicaAutoScalingInput",
        .init(
            "GlobalSecondaryIndexUpdates",
            .list(
                .structure(
                    "GlobalSecondaryIndexAutoScalingUpdate",
                    .init("IndexName", .indexName),
                    .init("ProvisionedWriteCapacityAutoScalingUpdate", .autoScalingSettings)),
                atLeast: 1)),
        .required("TableName", .nameOfTable),
        .init("ProvisionedWriteCapacityAutoScalingUpdate", .autoScalingSettings),
        .init(
            "ReplicaUpdates",
            .list(
                .structure(
                    "ReplicaAutoScalingUpdate",
                    .required("RegionName", .string),
                    .init(
                        "ReplicaGlobalSecondaryIndexUpdates",
                        .list(
                            .structure(
                                "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
                                .init("IndexName", .indexName),
                                .init("ProvisionedReadCapacityAutoScalingUpdate", .autoScalingSettings)))),
                    .init("ReplicaProvisionedReadCapacityAutoScalingUpdate", .autoScalingSettings)),
                atLeast: 1)))

    private let reference: TableReference
    private let regions: [Text]
    private let indexes: [Text]
    private let scales: Bool

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        var settings = [request["ProvisionedWriteCapacityAutoScalingUpdate"]]
        var indexes: [Text] = []
        func add(_ list: JSONValue?, _ member: StaticString) {
            for index in list.map({ Array($0.elements) }) ?? [] {
                settings.append(index[member])
                indexes.append(index["IndexName"]?.text ?? "")
            }
        }
        add(request["GlobalSecondaryIndexUpdates"], "ProvisionedWriteCapacityAutoScalingUpdate")
        let replicas = request["ReplicaUpdates"].map { Array($0.elements) } ?? []
        for replica in replicas {
            settings.append(replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"])
            add(replica["ReplicaGlobalSecondaryIndexUpdates"], "ProvisionedReadCapacityAutoScalingUpdate")
        }
        regions = replicas.map { $0["RegionName"]?.text ?? "" }
        self.indexes = indexes
        scales = settings.contains { $0.map { !($0["AutoScalingDisabled"]?.isTrue ?? false) } ?? false }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.globalTable(reference)
        let strangers = regions.filter { region in !table.replicas.contains { $0.region == region } }
        guard strangers.isEmpty else { throw .replicasNotInTable(strangers) }
        if let index = indexes.first(where: { table.index(named: $0) == nil }) {
            throw .resourceNotFound("Requested resource not found: Index: \(index) not found")
        }
        guard !scales else {
            throw .invalidParameters("AutoScaling is not supported: only AutoScalingDisabled true is accepted")
        }
        return AutoScalingDescription(table).response
    }
}

extension Environment {
    /// The table that a request on replicas' scaling names: one with replicas in other regions.
    fileprivate func globalTable(_ reference: TableReference) throws(DynamoFault) -> Table {
        guard let table = try? describedTable(reference), table.isGlobal else {
            throw .resourceNotFound("Global table with name: '\(reference.name)' does not exist.")
        }
        return table
    }
}

/// How the replicas of a table scale, those of all regions in the order of their names: none does.
private struct AutoScalingDescription {
    let table: Table

    init(_ table: Table) { self.table = table }

    var response: APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("TableAutoScalingDescription")
        writer.beginObject()
        writer.member("TableName", table.name.string)
        writer.member("TableStatus", table.status.rawValue)
        writer.name("Replicas")
        writer.beginArray()
        for replica in table.replicas.sorted(by: { $0.region < $1.region }) { write(replica, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    private func write(_ replica: Replica, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("RegionName", replica.region.string)
        writer.name("GlobalSecondaryIndexes")
        writer.beginArray()
        for index in table.indexes where index.isGlobal {
            writer.beginObject()
            writer.member("IndexName", index.name.string)
            writer.member("IndexStatus", index.status.rawValue)
            writeDisabled("ProvisionedReadCapacityAutoScalingSettings", to: &writer)
            writeDisabled("ProvisionedWriteCapacityAutoScalingSettings", to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writeDisabled("ReplicaProvisionedReadCapacityAutoScalingSettings", to: &writer)
        writeDisabled("ReplicaProvisionedWriteCapacityAutoScalingSettings", to: &writer)
        writer.member("ReplicaStatus", replica.status.rawValue)
        writer.endObject()
    }

    private func writeDisabled(_ name: StaticString, to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginObject()
        writer.name("AutoScalingDisabled")
        writer.bool(true)
        writer.endObject()
    }
}

extension Shape {
    /// How a capacity is to scale.
    static let autoScalingSettings = Shape.structure(
        "AutoScalingSettingsUpdate",
        Member("MinimumUnits", .long(atLeast: 1)),
        Member("MaximumUnits", .long(atLeast: 1)),
        Member("AutoScalingDisabled", .boolean),
        Member("AutoScalingRoleArn", .string(length: 1...1600)),
        Member(
            "ScalingPolicyUpdate",
            .structure(
                "AutoScalingPolicyUpdate",
                Member("PolicyName", .string(length: 1...256)),
                .required(
                    "TargetTrackingScalingPolicyConfiguration",
                    .structure(
                        "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
                        Member("DisableScaleIn", .boolean),
                        Member("ScaleInCooldown", .integer),
                        Member("ScaleOutCooldown", .integer),
                        .required("TargetValue", .double))))))
}
