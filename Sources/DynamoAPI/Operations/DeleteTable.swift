import AWSProtocol
import Expressions
import RegionStore

/// Deletes this region's replica of a table with its data.
struct DeleteTable: Operation {
    static let name: StaticString = "DeleteTable"
    static let shape = Shape.structure("DeleteTableInput", .init("TableName", .nameOfTable))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard reference.isLocal(region: environment.gateway.regionName, accountID: environment.configuration.accountID)
        else { throw .tableNotFound(reference.name) }
        environment.changeCatalog(of: reference.name, .deleteTable(reference.name), completion) { table in
            TableDescription(table, status: .deleting, in: environment).response("TableDescription")
        }
        return nil
    }
}
