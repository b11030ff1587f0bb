import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Carries out up to a hundred PartiQL statements, all of them or none; either all read, or all write and check.
struct ExecuteTransaction: Operation {
    static let name: StaticString = "ExecuteTransaction"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "ExecuteTransactionInput",
        .required(
            "TransactStatements",
            .list(
                .structure(
                    "ParameterizedStatement",
                    .required("Statement", .statement),
                    .init("Parameters", .statementParameters),
                    .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure)),
                atLeast: 1, atMost: 100)),
        .init("ClientRequestToken", RequestToken.shape),
        .init("ReturnConsumedCapacity", .returnConsumedCapacity))

    private let statements: [Statement]
    private let token: Transaction.Token?
    private let capacityLevel: CapacityLevel

    var accesses: [Access] { statements.map(\.access) }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        var statements: [Statement] = []
        for element in request["TransactStatements"]?.elements.map(\.self) ?? [] {
            statements.append(try Statement(element))
        }
        let readCount = statements.count { $0.isRead }
        guard readCount == 0 || readCount == statements.count else {
            throw .validation("The entire transaction must consist of either read statements or write statements")
        }
        if let index = statements.firstIndex(where: { $0.content.source.index != nil }) {
            throw .validation(
                """
                Validation failed in TransactStatements[\(index)]: Reads on indices are not supported within transactions.
                """)
        }
        guard !statements.contains(where: \.returnsSomething) else {
            throw .validation("Unsupported operation: RETURNING is not supported in ExecuteTransaction")
        }
        guard readCount > 0 || statements.reduce(0, { $0 + $1.payloadByteCount }) <= Transaction.maximumByteCount else {
            throw .transactionPayloadTooLarge
        }
        self.statements = statements
        token = RequestToken.read(request, covering: request["TransactStatements"])
        capacityLevel = CapacityLevel(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        var tables: [Table] = []
        for statement in statements { tables.append(try environment.table(statement.reference)) }
        guard !statements.allSatisfy(\.isRead) else {
            return try TransactionRead.answer(try reads(of: tables), capacityLevel, sumsTables: false, in: environment)
        }
        let submission = TransactionSubmission(
            references: statements.map(\.reference), transaction: Transaction(try steps(in: tables), token: token),
            returnsItem: statements.map(\.returnsItemOnFailure),
            failureCodes: statements.map { $0.isInsert ? .duplicateItem : .conditionalCheckFailed })
        submission.run(in: environment, completion: completion) { [self] outcome in
            response(submission.capacities(outcome, sumsTables: false))
        }
        return nil
    }

    private func reads(of tables: [Table]) throws(DynamoFault) -> [TransactionRead] {
        var reads: [TransactionRead] = []
        for (statement, table) in zip(statements, tables) {
            guard case .select(let select) = statement.content else {
                throw .internalError("a statement that writes among those that read")
            }
            reads.append(
                try statement.read(
                    select, of: table,
                    orElse:
                        "Select statements within ExecuteTransaction must specify the primary key in the where clause.")
            )
        }
        return reads
    }

    private func steps(in tables: [Table]) throws(DynamoFault) -> [Transaction.Step] {
        try zip(statements, tables).enumerated().map { index, pair throws(DynamoFault) in
            let step: Transaction.Step?
            do throws(DynamoFault) {
                step = try pair.0.step(in: pair.1)
            } catch {
                throw .transactionCancelled(by: error, of: index, among: statements.count)
            }
            guard let step else { throw .internalError("no step of a statement that writes") }
            return step
        }
    }

    private func response(_ capacities: [ConsumedCapacity]) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Responses")
        // What writes has nothing to answer.
        writer.beginArray()
        writer.endArray()
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            writer.beginArray()
            for capacity in capacities { capacity.write(to: &writer, level: capacityLevel) }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}

extension Statement {
    /// The read of the one item that a SELECT in a batch or a transaction is about.
    ///
    /// - Parameter message: what is wrong where it is about more.
    func read(
        _ select: PartiQLStatement.Select, of table: Table, orElse message: String
    ) throws(DynamoFault) -> TransactionRead {
        guard select.source.index == nil, select.order.isEmpty else { throw .validation(message) }
        let key: Item
        do throws(ExpressionError) {
            key = try PartiQLKeys(of: select.condition, schema: table.keySchema.conditionSchema).item()
        } catch {
            throw .validation(message)
        }
        try table.keySchema.checkKey(key)
        return TransactionRead(
            reference: reference, key: key, projection: nil, filter: select.condition, columns: select.columns)
    }
}
