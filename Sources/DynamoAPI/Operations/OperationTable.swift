import AWSProtocol
import Expressions

/// One operation: a request that was decoded and checked as far as that goes without a table, and how it is carried out.
protocol Operation: Sendable {
    /// The operation's name in `X-Amz-Target`.
    static var name: StaticString { get }

    /// The service that the operation belongs to; DynamoDB itself unless said otherwise.
    static var service: DynamoService { get }

    /// How much of the operation there is; everything unless said otherwise.
    ///
    /// The documentation's article `Operations` has a line for each operation, and a test compares the two.
    static var coverage: OperationCoverage { get }

    /// What its requests look like.
    static var shape: Shape { get }

    /// Whether it reads an unknown number of items, or a large one.
    static var mayTakeLong: Bool { get }

    /// What the caller has to be allowed: every one of them.
    var accesses: [Access] { get }

    /// Decodes a request whose shape has been checked, and checks all that takes no table.
    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault)

    /// Carries the request out.
    ///
    /// - Returns: the response, or nil when `completion` gets it later.
    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse?
}

extension Operation {
    static var service: DynamoService { .dynamoDB }
    static var coverage: OperationCoverage { .complete }
    static var mayTakeLong: Bool { false }
}

/// Every operation there is.
///
/// To add one: a file with a type that is an `Operation`, a line here, one less in ``RefusedOperations``, and the line in the
/// documentation's article `Operations`.
enum OperationTable<Gateway: RegionAccess> {
    static var entries: [Entry] {
        [
            Entry(BatchExecuteStatement.self),
            Entry(BatchGetItem.self),
            Entry(BatchWriteItem.self),
            Entry(CreateGlobalTable.self),
            Entry(CreateTable.self),
            Entry(DeleteItem.self),
            Entry(DeleteResourcePolicy.self),
            Entry(DeleteTable.self),
            Entry(DescribeContinuousBackups.self),
            Entry(DescribeContributorInsights.self),
            Entry(DescribeEndpoints.self),
            Entry(DescribeGlobalTable.self),
            Entry(DescribeGlobalTableSettings.self),
            Entry(DescribeLimits.self),
            Entry(DescribeStream.self),
            Entry(DescribeTable.self),
            Entry(DescribeTableReplicaAutoScaling.self),
            Entry(DescribeTimeToLive.self),
            Entry(ExecuteStatement.self),
            Entry(ExecuteTransaction.self),
            Entry(GetItem.self),
            Entry(GetRecords.self),
            Entry(GetResourcePolicy.self),
            Entry(GetShardIterator.self),
            Entry(ListContributorInsights.self),
            Entry(ListGlobalTables.self),
            Entry(ListStreams.self),
            Entry(ListTables.self),
            Entry(ListTagsOfResource.self),
            Entry(PutItem.self),
            Entry(PutResourcePolicy.self),
            Entry(Query.self),
            Entry(Scan.self),
            Entry(TagResource.self),
            Entry(TransactGetItems.self),
            Entry(TransactWriteItems.self),
            Entry(UntagResource.self),
            Entry(UpdateContinuousBackups.self),
            Entry(UpdateContributorInsights.self),
            Entry(UpdateGlobalTable.self),
            Entry(UpdateGlobalTableSettings.self),
            Entry(UpdateItem.self),
            Entry(UpdateTable.self),
            Entry(UpdateTableReplicaAutoScaling.self),
            Entry(UpdateTimeToLive.self),
        ]
    }

    /// One operation as requests find it.
    struct Entry: Sendable {
        /// What requests to it have in `X-Amz-Target`.
        let target: String
        let description: OperationDescription
        let mayTakeLong: Bool
        private let shape: Shape
        let answer:
            @Sendable (
                _ request: JSONValue, Caller, Environment<Gateway>, @escaping Dispatcher<Gateway>.Completion
            ) throws(DynamoFault) -> APIResponse?

        init<Described: Operation>(_ operation: Described.Type) {
            target = operation.service.target(of: operation.name)
            description = OperationDescription(
                service: operation.service, name: operation.name.description, coverage: operation.coverage)
            mayTakeLong = operation.mayTakeLong
            shape = operation.shape
            answer = { request, caller, environment, completion throws(DynamoFault) in
                try Described.shape.check(request)
                let operation = try Described(request, environment.expressions)
                try environment.authorize(caller, operation.accesses)
                return try operation.run(in: environment, completion: completion)
            }
        }

        /// Throws where a value of the request has the wrong type.
        func checkTypes(_ request: JSONValue) throws(DynamoFault) {
            try shape.checkTypes(of: request)
        }
    }
}
