import ItemModel
import RegionStore

/// A transaction on its way to the writer, and what a client is told of it: TransactWriteItems' and that of ExecuteTransaction's writes.
struct TransactionSubmission: Sendable {
    /// The tables as the request names them, one for each step.
    let references: [TableReference]
    let transaction: Transaction
    /// Whether a failed condition's reason holds the item, for each step.
    let returnsItem: [Bool]
    /// What a failed condition is called, for each step.
    let failureCodes: [CancellationReason.Code]

    /// Has the writer carry the transaction out.
    ///
    /// - Parameter respond: makes the response of what was done, on any thread.
    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion,
        respond: @escaping @Sendable (TransactionOutcome) -> APIResponse
    ) {
        environment.submit(.transact(transaction), \.transact, completion) { [self] result in
            switch result {
            case .success(let outcome):
                chargeReads(outcome, in: environment)
                return respond(outcome)
            case .failure(let error): return fault(error, in: environment).response
            }
        }
    }

    /// Takes what the answer to a repeated transaction says that it took: it reads the items.
    private func chargeReads<Gateway: RegionAccess>(_ outcome: TransactionOutcome, in environment: Environment<Gateway>)
    {
        guard case .repeated = outcome else { return }
        for (step, capacity) in zip(transaction.steps, capacities(outcome, sumsTables: false)) {
            environment.charge(capacity, forReading: step.table)
        }
    }

    private func fault<Gateway: RegionAccess>(
        _ error: TransactionError, in environment: Environment<Gateway>
    ) -> DynamoFault {
        switch error {
        case .duplicateItem: return .multipleOperationsOnItem
        case .tokenMismatch: return .idempotentParameterMismatch
        case .storage(let cause): return .internalError(cause)
        case .cancelled(let errors):
            var reasons: [CancellationReason] = []
            for (index, error) in errors.enumerated() {
                guard let error else {
                    reasons.append(.none)
                    continue
                }
                if case .throttled(let resource) = error {
                    let fault = environment.writeFault(resource, of: transaction.steps[index].table)
                    reasons.append(CancellationReason(throttled: fault))
                    continue
                }
                do throws(DynamoFault) {
                    reasons.append(try reason(error, of: index))
                } catch {
                    return error
                }
            }
            return .transactionCancelled(reasons)
        }
    }

    /// Throws where the table is gone.
    private func reason(_ error: ItemWriteError, of index: Int) throws(DynamoFault) -> CancellationReason {
        switch error {
        case .tableNotFound: throw .tableNotFound
        case .conditionFailed(let stored):
            let item = returnsItem[index] ? try stored?.checkedItem() : nil
            guard failureCodes[index] != .duplicateItem else {
                return CancellationReason(
                    code: .duplicateItem, message: "Duplicate primary key exists in table", item: item)
            }
            return CancellationReason(
                code: .conditionalCheckFailed, message: "The conditional request failed", item: item)
        case .itemCollectionTooLarge:
            return CancellationReason(
                code: .itemCollectionTooLarge, message: DynamoFault.itemCollectionTooLarge.message)
        case .expression, .itemTooLarge, .indexKeyInvalid, .indexKeyTooLarge, .throttled, .storage:
            return CancellationReason(DynamoFault(error, returnsItem: false, isUpdate: isUpdate(index)))
        }
    }

    private func isUpdate(_ index: Int) -> Bool {
        if case .write(let write) = transaction.steps[index] { write.isUpdate } else { false }
    }

    /// What the transaction took of each table, in the order in which the request names them first, or else for each step.
    func capacities(_ outcome: TransactionOutcome, sumsTables: Bool = true) -> [ConsumedCapacity] {
        var capacities: [ConsumedCapacity] = []
        func add(to reference: TableReference, _ kind: ConsumedCapacity.Kind, _ body: (inout ConsumedCapacity) -> Void)
        {
            let place = !sumsTables ? nil : capacities.firstIndex { $0.tableName == reference.given }
            if place == nil { capacities.append(ConsumedCapacity(reference.given, kind)) }
            body(&capacities[place ?? capacities.count - 1])
        }
        switch outcome {
        case .done(let results):
            for (reference, result) in zip(references, results) {
                add(to: reference, .transactionalWrite) { $0.addWrite(result) }
            }
        case .repeated(let sizes):
            for (reference, size) in zip(references, sizes) {
                add(to: reference, .transactionalRead) {
                    $0.addTable(ConsumedCapacity.readUnits(size, isConsistent: true))
                }
            }
        }
        return capacities
    }
}
