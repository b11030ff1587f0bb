import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Returns the policy of this region's replica of a table, or of its stream.
struct GetResourcePolicy: Operation {
    static let name: StaticString = "GetResourcePolicy"
    static let shape = Shape.structure("GetResourcePolicyInput", .required("ResourceArn", .resourceARN))

    private let reading: PolicyReading

    var accesses: [Access] { [Access(Self.name, .resource(reading.resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reading = try PolicyReading(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard let table = try reading.resource.table(for: Self.name, in: environment) else { throw reading.missing }
        guard let policy = reading.policy(in: table.localSettings) else {
            throw .policyNotFound(
                "Resource-based policy not found for the provided ResourceArn: \(reading.resource.arn)")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("Policy", policy.document.string)
        writer.member("RevisionId", String(policy.revision))
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
