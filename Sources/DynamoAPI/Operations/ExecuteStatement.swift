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

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
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
        guard let write = try statement.write(in: table) else {
            throw .internalError("no write of a statement that writes")
        }
        environment.submit(.write(write), \.write, completion) { [self] result in
            switch result {
            case .success(let result): response(to: result)
            case .failure(let error):
                environment.fault(error, of: write) { statement.fault($0, isUpdate: write.isUpdate) }.response
            }
        }
        return nil
    }

    private func response(to result: ItemWriteResult) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Items")
        writer.beginArray()
        do throws(DynamoFault) {
            if let item = try statement.returned(of: result), !item.isEmpty { writer.item(item) }
        } catch {
            return error.response
        }
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
