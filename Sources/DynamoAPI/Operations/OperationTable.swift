import Expressions

/// One operation: a request that was decoded and checked as far as that goes without a table, and how it is carried out.
protocol Operation: Sendable {
    /// The operation's name in `X-Amz-Target`.
    static var name: StaticString { get }

    /// What its requests look like.
    static var shape: Shape { get }

    /// Whether it reads an unknown number of items, or a large one.
    static var mayTakeLong: Bool { get }

    /// Decodes a request whose shape has been checked, and checks all that takes no table.
    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault)

    /// Carries the request out.
    ///
    /// - Returns: the response, or nil when `completion` gets it later.
    func run<Region: RegionAccess>(
        in environment: Environment<Region>, completion: @escaping Dispatcher<Region>.Completion
    ) throws(DynamoFault) -> APIResponse?
}

extension Operation {
    static var mayTakeLong: Bool { false }
}

/// Every operation there is.
enum OperationTable<Region: RegionAccess> {
    static var entries: [Entry] {
        [
            Entry(BatchGetItem.self),
            Entry(BatchWriteItem.self),
            Entry(CreateTable.self),
            Entry(DeleteItem.self),
            Entry(DeleteTable.self),
            Entry(DescribeEndpoints.self),
            Entry(DescribeLimits.self),
            Entry(DescribeTable.self),
            Entry(GetItem.self),
            Entry(ListTables.self),
            Entry(PutItem.self),
            Entry(Query.self),
            Entry(Scan.self),
            Entry(UpdateItem.self),
            Entry(UpdateTable.self),
        ]
    }

    /// One operation as requests find it.
    struct Entry: Sendable {
        let name: StaticString
        let mayTakeLong: Bool
        private let shape: Shape
        let answer:
            @Sendable (
                _ request: JSONValue, Environment<Region>, @escaping Dispatcher<Region>.Completion
            ) throws(DynamoFault) -> APIResponse?

        init<Described: Operation>(_ operation: Described.Type) {
            name = operation.name
            mayTakeLong = operation.mayTakeLong
            shape = operation.shape
            answer = { request, environment, completion throws(DynamoFault) in
                try ShapeCheck.check(request, against: Described.shape)
                return try Described(request, environment.expressions).run(in: environment, completion: completion)
            }
        }

        /// Throws where a value of the request has the wrong type.
        func checkTypes(_ request: JSONValue) throws(DynamoFault) {
            try ShapeCheck.checkTypes(of: request, against: shape)
        }
    }
}
