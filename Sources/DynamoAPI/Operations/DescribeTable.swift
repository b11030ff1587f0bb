import AWSProtocol
import Expressions
import RegionStore

/// Shows a table: its settings, state, size, indexes and replicas.
struct DescribeTable: Operation {
    static let name: StaticString = "DescribeTable"
    static let shape = Shape.structure("DescribeTableInput", .init("TableName", .nameOfTable))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.describedTable(reference)
        let sizes = try TableDescription.Sizes(of: table, in: environment)
        return TableDescription(table, sizes: sizes, in: environment).response("Table")
    }
}
