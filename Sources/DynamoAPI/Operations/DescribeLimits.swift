import AWSProtocol
import Expressions

/// Tells the service's default quotas of provisioned capacity, none of which is enforced on an account.
struct DescribeLimits: Operation {
    static let name: StaticString = "DescribeLimits"
    static let shape = Shape.structure("DescribeLimitsInput")

    var accesses: [Access] { [Access(Self.name, .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {}

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("AccountMaxReadCapacityUnits", 80_000)
        writer.member("AccountMaxWriteCapacityUnits", 80_000)
        writer.member("TableMaxReadCapacityUnits", 40_000)
        writer.member("TableMaxWriteCapacityUnits", 40_000)
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
