import AWSProtocol
import Expressions
import RegionStore

/// Deletes this region's replica of a table with its data.
struct DeleteTable: Operation {
    static let name: StaticString = "DeleteTable"
    static let shape = Shape.structure("DeleteTableInput", .required("TableName", .tableName))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Region: RegionAccess>(
        in environment: Environment<Region>, completion: @escaping Dispatcher<Region>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard reference.isLocal(region: environment.region.regionName, accountID: environment.configuration.accountID)
        else { throw .tableNotFound(reference.name) }
        environment.changeCatalog(of: reference.name, completion) {
            [name = reference.name] store, now throws(CatalogError) in
            try store.deleteTable(name, at: now)
        } response: { table in
            TableDescription(table, status: .deleting, in: environment).response("TableDescription")
        }
        return nil
    }
}
