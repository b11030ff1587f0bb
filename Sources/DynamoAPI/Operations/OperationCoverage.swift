/// How much of one of DynamoDB's operations there is here.
///
/// The article `Operations` of the documentation says the same in the same words; a test compares them.
public enum OperationCoverage: Sendable, Equatable {
    /// Every parameter has the service's effect.
    case complete
    /// It works; what is missing, in a few words.
    case partial(String)
    /// It is refused, whatever the request says; why, in a few words.
    case refused(String)
}

/// The two services that one endpoint answers for.
public enum DynamoService: String, Sendable, CaseIterable {
    case dynamoDB = "DynamoDB_20120810"
    case streams = "DynamoDBStreams_20120810"

    /// What the service's model qualifies the names of exceptions and structures with.
    static let namespace: StaticString = "com.amazonaws.dynamodb.v20120810"

    /// What requests to the operation of that name have in `X-Amz-Target`.
    func target(of operation: StaticString) -> String { "\(rawValue).\(operation)" }
}

/// One of DynamoDB's operations, and how much of it there is.
public struct OperationDescription: Sendable, Equatable {
    public let service: DynamoService
    public let name: String
    public let coverage: OperationCoverage
}
