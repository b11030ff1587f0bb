import AWSProtocol
import Expressions
import RegionStore

/// Tells whether point-in-time recovery was asked for.
struct DescribeContinuousBackups: Operation {
    static let name: StaticString = "DescribeContinuousBackups"
    static let coverage = OperationCoverage.partial("tells what was asked for; no backup is taken")
    static let shape = Shape.structure("DescribeContinuousBackupsInput", .required("TableName", .nameOfTable))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.backedUpTable(reference)
        return ContinuousBackupsDescription(
            recovery: table.localSettings.recovery, nowMilliseconds: environment.gateway.nowMilliseconds()
        ).response
    }
}

extension Environment {
    /// The table that a request on backups names.
    func backedUpTable(_ reference: TableReference) throws(DynamoFault) -> Table {
        guard reference.isLocal(region: gateway.regionName, accountID: configuration.accountID),
            let table = gateway.reader.table(named: reference.name), table.status == .active
        else { throw .backupTableNotFound(reference.name) }
        return table
    }
}
