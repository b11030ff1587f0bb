import AWSProtocol
import Expressions
import RegionStore

/// Puts tags to this region's replica of a table; the answer has an empty body, as the service's.
struct TagResource: Operation {
    static let name: StaticString = "TagResource"
    static let shape = Shape.structure(
        "TagResourceInput", .required("ResourceArn", .resourceARN), .required("Tags", .tags))

    private let resource: ResourceReference
    private let tags: [Tag]

    var accesses: [Access] { [Access(Self.name, .resource(resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        resource = try ResourceReference(request)
        try resource.checkIsTable()
        guard let list = request["Tags"], list.count > 0 else {
            throw .validation("Atleast one Tag needs to be provided as Input.")
        }
        tags = try TagReading.tags(list)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let missing = DynamoFault.resourceNotFound(arn: resource.arn)
        guard try resource.table(for: Self.name, in: environment) != nil else { throw missing }
        environment.changeLocalSettings(of: resource.table, .putTags(tags), missing: missing, completion) { _ in
            APIResponse(body: [])
        }
        return nil
    }
}
