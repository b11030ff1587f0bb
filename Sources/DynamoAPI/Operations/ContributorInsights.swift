import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Tells that nobody counts which keys of a table or index are used most.
struct DescribeContributorInsights: Operation {
    static let name: StaticString = "DescribeContributorInsights"
    static let shape = Shape.structure(
        "DescribeContributorInsightsInput", .required("TableName", .nameOfTable), .init("IndexName", .indexName))

    private let target: InsightsTarget

    var accesses: [Access] { [target.access(Self.name)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        target = try InsightsTarget(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        try target.response(in: environment)
    }
}

/// Takes a request to count nothing; one to count is refused.
struct UpdateContributorInsights: Operation {
    static let name: StaticString = "UpdateContributorInsights"
    static let coverage = OperationCoverage.partial(
        "the action ENABLE is refused: nothing counts the keys that are used")
    static let shape = Shape.structure(
        "UpdateContributorInsightsInput",
        .required("TableName", .nameOfTable),
        .init("IndexName", .indexName),
        .required("ContributorInsightsAction", .oneOf("ENABLE", "DISABLE")),
        .init("ContributorInsightsMode", .oneOf("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS")))

    private let target: InsightsTarget

    var accesses: [Access] { [target.access(Self.name)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        target = try InsightsTarget(request)
        guard request["ContributorInsightsAction"]?.isString("DISABLE") ?? false else {
            throw .invalidParameters("ContributorInsightsAction ENABLE is not supported")
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        try target.response(in: environment)
    }
}

/// Lists the tables and indexes whose keys are counted: none.
struct ListContributorInsights: Operation {
    static let name: StaticString = "ListContributorInsights"
    static let shape = Shape.structure(
        "ListContributorInsightsInput",
        .init("TableName", .nameOfTable),
        .init("NextToken", .string),
        .init("MaxResults", Shape(.integer, Shape.Constraints(maximum: 100))))

    private let reference: TableReference?

    var accesses: [Access] { [Access(Self.name, reference.map(Access.Resource.table) ?? .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try request["TableName"].map { name throws(DynamoFault) in try TableReference(name.text) }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        if let reference { _ = try environment.describedTable(reference) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("ContributorInsightsSummaries")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}

/// The table or index that insights are asked about.
private struct InsightsTarget: Sendable {
    private let reference: TableReference
    private let index: Text?

    init(_ request: JSONValue) throws(DynamoFault) {
        reference = try TableReference(request)
        index = request["IndexName"]?.text
    }

    func access(_ action: StaticString) -> Access {
        Access(action, index.map { .index(reference, $0) } ?? .table(reference))
    }

    func response<Gateway: RegionAccess>(in environment: Environment<Gateway>) throws(DynamoFault) -> APIResponse {
        let table = try environment.describedTable(reference)
        if let index, table.index(named: index) == nil {
            throw .resourceNotFound("Requested resource not found: Index: \(index) not found")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("TableName", table.name.string)
        if let index { writer.member("IndexName", index.string) }
        writer.member("ContributorInsightsStatus", "DISABLED")
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
