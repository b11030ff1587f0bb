import AWSProtocol
import Expressions
import RegionStore

/// Keeps whether point-in-time recovery is asked for.
struct UpdateContinuousBackups: Operation {
    static let name: StaticString = "UpdateContinuousBackups"
    static let coverage = OperationCoverage.partial("keeps what is asked for; no backup is taken")
    static let shape = Shape.structure(
        "UpdateContinuousBackupsInput",
        .required("TableName", .nameOfTable),
        .required(
            "PointInTimeRecoverySpecification",
            .structure(
                "PointInTimeRecoverySpecification",
                .required("PointInTimeRecoveryEnabled", .boolean),
                .init("RecoveryPeriodInDays", .integer(atLeast: 1, atMost: 35)))))

    private let reference: TableReference
    private let isEnabled: Bool
    private let days: Int?

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        let specification = request["PointInTimeRecoverySpecification"]
        isEnabled = specification?["PointInTimeRecoveryEnabled"]?.isTrue ?? false
        days = specification?["RecoveryPeriodInDays"]?.integer
        guard isEnabled || days == nil else {
            throw .validation(
                "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.backedUpTable(reference)
        environment.changeLocalSettings(
            of: table.name, .setRecovery(isEnabled: isEnabled, days: days),
            missing: .backupTableNotFound(table.name), completion
        ) {
            ContinuousBackupsDescription(
                recovery: $0.table.localSettings.recovery, nowMilliseconds: $0.nowMilliseconds
            ).response
        }
        return nil
    }
}
