import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Lists the names of the tables in byte order, a page at a time.
struct ListTables: Operation {
    static let name: StaticString = "ListTables"
    static let shape = Shape.structure(
        "ListTablesInput",
        .init("ExclusiveStartTableName", .string(length: 3...255, .name)),
        .init("Limit", .integer(atLeast: 1, atMost: 100)))

    private let start: Text?
    private let limit: Int

    var accesses: [Access] { [Access(Self.name, .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        start = request["ExclusiveStartTableName"]?.text
        limit = request["Limit"]?.integer ?? 100
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let names = environment.gateway.reader.tableNames(after: start, limit: limit + 1)
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("TableNames")
        writer.beginArray()
        for name in names.prefix(limit) { writer.string(name) }
        writer.endArray()
        if names.count > limit { writer.member("LastEvaluatedTableName", names[limit - 1].string) }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
