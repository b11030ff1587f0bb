import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Takes tags from this region's replica of a table; keys that it does not have are passed over.
struct UntagResource: Operation {
    static let name: StaticString = "UntagResource"
    static let shape = Shape.structure(
        "UntagResourceInput", .required("ResourceArn", .resourceARN),
        .required("TagKeys", .list(.string(length: 1...128))))

    private let resource: ResourceReference
    private let keys: [Text]

    var accesses: [Access] { [Access(Self.name, .resource(resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        resource = try ResourceReference(request)
        try resource.checkIsTable()
        keys = request["TagKeys"]?.elements.map(\.text) ?? []
        guard !keys.isEmpty else { throw .validation("Atleast one Tag Key needs to be provided as Input.") }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let missing = DynamoFault.resourceNotFound(arn: resource.arn)
        guard try resource.table(for: Self.name, in: environment) != nil else { throw missing }
        environment.changeLocalSettings(of: resource.table, .removeTags(keys: keys), missing: missing, completion) {
            _ in
            APIResponse(body: [])
        }
        return nil
    }
}
