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

    func run<Region: RegionAccess>(
        in environment: Environment<Region>, completion: @escaping Dispatcher<Region>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        guard reading.resource.table(in: environment) != nil else { throw reading.missing }
        environment.changeLocalSettings(of: reading.resource.table, missing: reading.missing, completion) {
            [reading] settings, _, _ throws(DynamoFault) in
            try reading.remove(from: &settings)
        } response: { revision in
            PolicyReading.response(revision: revision)
        }
        return nil
    }
}
