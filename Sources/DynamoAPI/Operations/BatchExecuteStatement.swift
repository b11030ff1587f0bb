import AWSProtocol
import Expressions
import ItemModel
import KeyValueStore
import RegionStore

/// Carries out up to 25 PartiQL statements about one item each, of which each succeeds or fails by itself; either all read or all write.
struct BatchExecuteStatement: Operation {
    static let name: StaticString = "BatchExecuteStatement"
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "BatchExecuteStatementInput",
        .required(
            "Statements",
            .list(
                .structure(
                    "BatchStatementRequest",
                    .required("Statement", .statement),
                    .init("Parameters", .statementParameters),
                    .init("ConsistentRead", .boolean),
                    .init("ReturnValuesOnConditionCheckFailure", .returnValuesOnConditionCheckFailure)),
                atLeast: 1, atMost: 25)),
        .init("ReturnConsumedCapacity", .returnConsumedCapacity))

    private let elements: [Element]
    private let capacityLevel: CapacityLevel

    /// A statement, or why it is none.
    private struct Element: Sendable {
        let statement: Result<Statement, DynamoFault>
        let isConsistent: Bool
    }

    var accesses: [Access] { elements.compactMap { (try? $0.statement.get())?.access } }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        var elements: [Element] = []
        for json in request["Statements"]?.elements.map(\.self) ?? [] {
            let statement: Result<Statement, DynamoFault>
            do throws(DynamoFault) {
                statement = .success(try Statement(json))
            } catch {
                statement = .failure(error)
            }
            elements.append(Element(statement: statement, isConsistent: json["ConsistentRead"]?.isTrue ?? false))
        }
        let kinds = elements.compactMap { try? $0.statement.get().isRead }
        guard kinds.allSatisfy({ $0 == kinds.first }) else {
            throw .validation("The entire batch must consist of either read statements or write statements")
        }
        self.elements = elements
        capacityLevel = CapacityLevel(request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let plans = elements.map { plan($0, in: environment) }
        var seen = BatchKeys()
        for plan in plans {
            switch plan {
            case .fault: break
            case .read(_, let read, let table, _): try seen.insert(read.key, of: table)
            case .write(_, let write):
                if let key = write.table.keySchema.key(of: write.action.item) { try seen.insert(key, of: write.table) }
            }
        }
        guard plans.contains(where: { if case .write = $0 { true } else { false } }) else {
            return try response(plans.map { plan throws(DynamoFault) in try answer(plan, in: environment) })
        }
        let writes = plans.compactMap { if case .write(_, let write) = $0 { write } else { nil } }
        environment.submit(.batch(writes), \.batch, completion) { [self] results in
            var results = results[...]
            return response(
                plans.map { plan in
                    guard case .write = plan else { return answer(plan, nil, in: environment) }
                    return answer(plan, results.popFirst(), in: environment)
                })
        }
        return nil
    }

    // MARK: Plans

    /// What is to be done for one statement.
    private enum Plan: Sendable {
        case fault(Statement?, DynamoFault)
        case read(Statement, TransactionRead, Table, isConsistent: Bool)
        case write(Statement, ItemWrite)
    }

    private func plan<Gateway: RegionAccess>(_ element: Element, in environment: Environment<Gateway>) -> Plan {
        let statement: Statement
        switch element.statement {
        case .failure(let fault): return .fault(nil, fault)
        case .success(let found): statement = found
        }
        do throws(DynamoFault) {
            let table = try environment.table(statement.reference)
            switch statement.content {
            case .select(let select):
                let read = try statement.read(
                    select, of: table,
                    orElse: """
                        Select statements within BatchExecuteStatement must specify the primary key in the where clause.
                        """)
                return .read(statement, read, table, isConsistent: element.isConsistent)
            case .exists: throw .validation("Unsupported operation: EXISTS is only supported in ExecuteTransaction")
            case .insert, .update, .delete:
                guard let write = try statement.write(in: table) else {
                    throw .internalError("no write of a statement that writes")
                }
                return .write(statement, write)
            }
        } catch {
            return .fault(statement, error)
        }
    }

    // MARK: Answers

    /// What is told of one statement.
    private struct Answer {
        var table: Text?
        var fault: DynamoFault?
        var item: JSONWriter?
        var capacity: ConsumedCapacity?
    }

    private func answer<Gateway: RegionAccess>(
        _ plan: Plan, _ result: Result<ItemWriteResult, ItemWriteError>?, in environment: Environment<Gateway>
    ) -> Answer {
        switch (plan, result) {
        case (.fault(let statement, let fault), _): return Answer(table: statement?.reference.given, fault: fault)
        case (.write(let statement, let write), .failure(let error)):
            return Answer(
                table: statement.reference.given,
                fault: environment.fault(error, of: write) { statement.fault($0, isUpdate: write.isUpdate) })
        case (.write(let statement, _), .success(let result)):
            var answer = Answer(table: statement.reference.given)
            do throws(DynamoFault) {
                if let item = try statement.returned(of: result), !item.isEmpty {
                    var writer = JSONWriter()
                    writer.item(item)
                    answer.item = writer
                }
            } catch {
                answer.fault = error
            }
            var capacity = ConsumedCapacity(statement.reference.given)
            capacity.addWrite(result)
            answer.capacity = capacity
            return answer
        case (.write, nil), (.read, _): return Answer(fault: .internalError("no result of a statement"))
        }
    }

    private func answer<Gateway: RegionAccess>(
        _ plan: Plan, in environment: Environment<Gateway>
    ) throws(DynamoFault) -> Answer {
        guard case .read(let statement, let read, let table, let isConsistent) = plan else {
            return answer(plan, nil, in: environment)
        }
        var answer = Answer(table: statement.reference.given)
        if let fault = environment.readFault(of: table) {
            answer.fault = fault
            return answer
        }
        let item: StoredItem?
        do throws(KeyValueStoreError) {
            item = try environment.gateway.reader.item(read.key, in: table)
        } catch {
            throw .internalError("\(error)")
        }
        var capacity = ConsumedCapacity(statement.reference.given)
        capacity.addTable(
            ConsumedCapacity.readUnits(try item?.binaryItem.checkedSize() ?? 0, isConsistent: isConsistent))
        environment.charge(capacity, forReading: table)
        answer.capacity = capacity
        if let item, try read.isWanted(item) {
            var writer = JSONWriter()
            try SelectedColumns.write(item.binaryItem, read.columns, to: &writer)
            answer.item = writer
        }
        return answer
    }

    private func response(_ answers: [Answer]) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Responses")
        writer.beginArray()
        for answer in answers {
            writer.beginObject()
            if let fault = answer.fault {
                writer.name("Error")
                StatementError(fault).write(to: &writer)
            }
            if let table = answer.table { writer.member("TableName", table.string) }
            if let item = answer.item {
                writer.name("Item")
                writer.text(of: item)
            }
            writer.endObject()
        }
        writer.endArray()
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            writer.beginArray()
            for capacity in answers.compactMap(\.capacity) { capacity.write(to: &writer, level: capacityLevel) }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(
            body: writer.bytes, internalCause: answers.lazy.compactMap(\.fault?.internalCause).first)
    }
}
