import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Writes and checks up to a hundred items, all of them or none.
struct TransactWriteItems: Operation {
    static let name: StaticString = "TransactWriteItems"
    static let shape = Shape.structure(
        "TransactWriteItemsInput",
        .required("TransactItems", .list(.transactWriteItem, atLeast: 1, atMost: 100)),
        .init("ReturnConsumedCapacity", .returnConsumedCapacity),
        .init("ReturnItemCollectionMetrics", .returnItemCollectionMetrics),
        .init("ClientRequestToken", RequestToken.shape))

    private let actions: [TransactionAction]
    private let token: Transaction.Token?
    private let capacityLevel: CapacityLevel
    private let returnsCollectionMetrics: Bool

    var accesses: [Access] { actions.map(\.access) }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        var actions: [TransactionAction] = []
        for element in request["TransactItems"]?.elements.map(\.self) ?? [] {
            actions.append(try TransactionAction(element, expressions))
        }
        guard actions.reduce(0, { $0 + $1.payloadByteCount }) <= Transaction.maximumByteCount else {
            throw .transactionPayloadTooLarge
        }
        self.actions = actions
        token = RequestToken.read(request, covering: request["TransactItems"])
        capacityLevel = CapacityLevel(request)
        returnsCollectionMetrics = ItemCollectionMetrics.areWanted(by: request)
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        var tables: [Table] = []
        for action in actions { tables.append(try environment.table(action.reference)) }
        let submission = TransactionSubmission(
            references: actions.map(\.reference), transaction: Transaction(try steps(in: tables), token: token),
            returnsItem: actions.map(\.returnsItem),
            failureCodes: actions.map { _ in .conditionalCheckFailed })
        submission.run(in: environment, completion: completion) { [self, tables] outcome in
            response(submission.capacities(outcome), submission.transaction, tables)
        }
        return nil
    }

    /// The actions as the region carries them out; throws what speaks against the first that does not fit its table's schema.
    private func steps(in tables: [Table]) throws(DynamoFault) -> [Transaction.Step] {
        for (action, table) in zip(actions, tables) { try action.checkKeysAreNotEmpty(in: table) }
        return try zip(actions, tables).enumerated().map { index, pair throws(DynamoFault) in
            do throws(DynamoFault) {
                return try pair.0.step(in: pair.1)
            } catch {
                throw .transactionCancelled(by: error, of: index, among: actions.count)
            }
        }
    }

    private func response(
        _ capacities: [ConsumedCapacity], _ transaction: Transaction, _ tables: [Table]
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        if returnsCollectionMetrics { writeCollectionMetrics(transaction, tables, to: &writer) }
        if capacityLevel != .none {
            writer.name("ConsumedCapacity")
            writer.beginArray()
            for capacity in capacities { capacity.write(to: &writer, level: capacityLevel) }
            writer.endArray()
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    /// The collections that were written to, by table, each once.
    private func writeCollectionMetrics(_ transaction: Transaction, _ tables: [Table], to writer: inout JSONWriter) {
        var collections: [(name: Text, metrics: [ItemCollectionMetrics])] = []
        for (index, step) in transaction.steps.enumerated() {
            guard case .write(let write) = step, ItemCollectionMetrics.exist(for: write.table) else { continue }
            let name = actions[index].reference.given
            let metrics = ItemCollectionMetrics(of: write.action.item, in: write.table)
            if let place = collections.firstIndex(where: { $0.name == name }) {
                guard !collections[place].metrics.contains(where: { $0.key == metrics.key }) else { continue }
                collections[place].metrics.append(metrics)
            } else {
                collections.append((name, [metrics]))
            }
        }
        guard !collections.isEmpty else { return }
        writer.name("ItemCollectionMetrics")
        writer.beginObject()
        for collection in collections {
            writer.name(text: collection.name)
            writer.beginArray()
            for metrics in collection.metrics { metrics.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }
}
