import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Enables or disables the expiry of a table's items, in every region.
struct UpdateTimeToLive: Operation {
    static let name: StaticString = "UpdateTimeToLive"
    static let shape = Shape.structure(
        "UpdateTimeToLiveInput",
        .required("TableName", .nameOfTable),
        .required(
            "TimeToLiveSpecification",
            .structure(
                "TimeToLiveSpecification",
                .required("Enabled", .boolean),
                .required("AttributeName", .string(length: 1...255)))))

    private let reference: TableReference
    private let isEnabled: Bool
    private let attribute: Text

    var accesses: [Access] { [Access(Self.name, .table(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try TableReference(request)
        let specification = request["TimeToLiveSpecification"]
        isEnabled = specification?["Enabled"]?.isTrue ?? false
        attribute = specification?["AttributeName"]?.text ?? ""
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let table = try environment.describedTable(reference)
        guard table.status == .active else { throw .tableNotFound(reference.name) }
        let change = TableChange.setTimeToLive(attribute: attribute, isEnabled: isEnabled)
        environment.changeCatalog(of: table.name, .updateTable(table.name, [change]), completion) {
            [attribute, isEnabled] _ in
            var writer = JSONWriter()
            writer.beginObject()
            writer.name("TimeToLiveSpecification")
            writer.beginObject()
            writer.name("Enabled")
            writer.bool(isEnabled)
            writer.member("AttributeName", attribute.string)
            writer.endObject()
            writer.endObject()
            return APIResponse(body: writer.bytes)
        }
        return nil
    }
}
