import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Tells whether a table's items expire, and by which attribute.
struct DescribeTimeToLive: Operation {
    static let name: StaticString = "DescribeTimeToLive"
    static let shape = Shape.structure("DescribeTimeToLiveInput", .init("TableName", .nameOfTable))

    private let reference: TableReference

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.describedTable(reference)
        guard table.status == .active else { throw .tableNotFound(reference.name) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("TimeToLiveDescription")
        writer.beginObject()
        writer.member("TimeToLiveStatus", table.expiryAttribute == nil ? "DISABLED" : "ENABLED")
        if let attribute = table.expiryAttribute { writer.member("AttributeName", attribute.string) }
        writer.endObject()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
