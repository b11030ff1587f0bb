import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Carries out one PartiQL statement: a read of any number of items, or a write of one.
struct ExecuteStatement: Operation {
    static let name: StaticString = "ExecuteStatement"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "ExecuteStatementInput",
        .required("Statement", .statement),
        .init("Parameters", .statementParameters),
        .init("ConsistentRead", .boolean),
        .init("NextToken", NextToken.shape),
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("Limit", .integer(atLeast: 1)),
        .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure))

    private let statement: Statement
    private let isConsistent: Bool
    private let nextToken: Text?
    private let limit: Int?
    private let capacityLevel: CapacityLevel

    var accesses: [Access] { [statement.access] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        statement = try Statement(request)
        isConsistent = request["ConsistentRead"]?.isTrue ?? false
        nextToken = request["NextToken"]?.text
        limit = request["Limit"]?.integer
        capacityLevel = CapacityLevel(request)
    }

    func run<Region: RegionAccess>(
        in environment: Environment<Region>, completion: @escaping Dispatcher<Region>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        switch statement.content {
        case .select(let select):
            return try StatementSelect(
                select, of: statement.content, reference: statement.reference, isConsistent: isConsistent,
                limit: limit, nextToken: nextToken, capacityLevel
            ).answer(in: environment)
        case .exists: throw .validation("Unsupported operation: EXISTS is only supported in ExecuteTransaction")
        case .insert, .update, .delete: break
        }
        let table = try environment.table(statement.reference)
        guard let write = try statement.write(in: table) else { throw .internalError }
        environment.region.submit { store, now in
            environment.run(write, in: store, at: now)
        } completion: { [self] result in
            switch result {
            case .done(.success(let result)): completion(response(to: result))
            case .done(.failure(let error)):
                completion(
                    environment.fault(error, of: write) { statement.fault($0, isUpdate: write.isUpdate) }.response)
            case .overloaded: completion(DynamoFault.overloaded.response)
            case .failed: completion(DynamoFault.internalError.response)
            }
        }
        return nil
    }

    private func response(to result: ItemWriteResult) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Items")
        writer.beginArray()
        if let item = statement.returned(of: result), !item.isEmpty { writer.item(item) }
        writer.endArray()
        if capacityLevel != .none {
            var capacity = ConsumedCapacity(statement.reference.given)
            capacity.addWrite(result)
            writer.name("ConsumedCapacity")
            capacity.write(to: &writer, level: capacityLevel)
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
