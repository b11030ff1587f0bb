import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Lists the tags of this region's replica of a table, ten at a time.
struct ListTagsOfResource: Operation {
    static let name: StaticString = "ListTagsOfResource"
    static let shape = Shape.structure(
        "ListTagsOfResourceInput", .required("ResourceArn", .resourceARN), .init("NextToken", .string))

    private let resource: ResourceReference
    /// How many tags the pages before had.
    private let start: Int

    private static let pageCount = 10
    private static let tokenPrefix = "tags-"

    var accesses: [Access] { [Access(Self.name, .resource(resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        resource = try ResourceReference(request)
        try resource.checkIsTable()
        guard let token = request["NextToken"]?.string else {
            start = 0
            return
        }
        guard token.hasPrefix(Self.tokenPrefix), let start = Int(token.dropFirst(Self.tokenPrefix.count)),
            (1...LocalSettings.maximumTagCount).contains(start)
        else { throw .validation("Invalid NextToken: \(token)") }
        self.start = start
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard let table = try resource.table(for: Self.name, in: environment) else {
            throw .resourceNotFound(arn: resource.arn)
        }
        let tags = table.localSettings.tags.dropFirst(start)
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Tags")
        writer.beginArray()
        for tag in tags.prefix(Self.pageCount) {
            writer.beginObject()
            writer.member("Key", tag.key.string)
            writer.member("Value", tag.value.string)
            writer.endObject()
        }
        writer.endArray()
        if tags.count > Self.pageCount { writer.member("NextToken", "\(Self.tokenPrefix)\(start + Self.pageCount)") }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
