import AWSProtocol
import Expressions
import RegionStore

/// Removes the policy of this region's replica of a table, or of its stream.
struct DeleteResourcePolicy: Operation {
    static let name: StaticString = "DeleteResourcePolicy"
    static let shape = Shape.structure(
        "DeleteResourcePolicyInput",
        .required("ResourceArn", .resourceARN),
        .init("ExpectedRevisionId", .string(length: 1...255)))

    private let reading: PolicyReading

    var accesses: [Access] { [Access(Self.name, .resource(reading.resource))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reading = try PolicyReading(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard try reading.resource.table(for: Self.name, in: environment) != nil else { throw reading.missing }
        environment.changeLocalSettings(
            of: reading.resource.table,
            .removePolicy(resource: reading.key, expected: reading.expectation),
            missing: reading.missing, unexpected: reading.unexpected, completion
        ) {
            PolicyReading.response(revision: $0.policyRevision)
        }
        return nil
    }
}
