import AWSProtocol
import Expressions

/// Tells clients that discover endpoints which one to use.
struct DescribeEndpoints: Operation {
    static let name: StaticString = "DescribeEndpoints"
    static let shape = Shape.structure("DescribeEndpointsRequest")

    var accesses: [Access] { [Access(Self.name, .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {}

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let serviceHost = "dynamodb.\(environment.gateway.regionName).amazonaws.com"
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Endpoints")
        writer.beginArray()
        writer.beginObject()
        writer.member("Address", environment.configuration.endpointAddress ?? serviceHost)
        writer.member("CachePeriodInMinutes", 1440)
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
