import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Keeps a policy for this region's replica of a table, or for its stream.
struct PutResourcePolicy: Operation {
    static let name: StaticString = "PutResourcePolicy"
    static let coverage = OperationCoverage.partial("policies are kept and returned, not enforced")
    static let shape = Shape.structure(
        "PutResourcePolicyInput",
        .required("ResourceArn", .resourceARN),
        .required("Policy", .string),
        .init("ExpectedRevisionId", .string(length: 1...255)),
        .init("ConfirmRemoveSelfResourceAccess", .boolean))

    private let reading: PolicyReading
    private let document: Text

    var accesses: [Access] { [Access(Self.name, .resource(reading.resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reading = try PolicyReading(request)
        document = request["Policy"]?.text ?? ""
        try PolicyReading.check(document)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard try reading.resource.table(for: Self.name, in: environment) != nil else { throw reading.missing }
        environment.changeLocalSettings(
            of: reading.resource.table,
            .putPolicy(resource: reading.key, document: document, expected: reading.expectation),
            missing: reading.missing, unexpected: reading.unexpected, completion
        ) {
            PolicyReading.response(revision: $0.policyRevision)
        }
        return nil
    }
}
