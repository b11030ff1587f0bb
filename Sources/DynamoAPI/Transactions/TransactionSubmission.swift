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
    func run<Region: RegionAccess>(
        in environment: Environment<Region>, completion: @escaping Dispatcher<Region>.Completion,
        respond: @escaping @Sendable (TransactionOutcome) -> APIResponse
    ) {
        environment.region.submit { [transaction] store, now -> Result<TransactionOutcome, TransactionError> in
            do throws(TransactionError) {
                return .success(
                    try store.transact(
                        transaction, at: now,
                        admission: environment.admission(
                            to: transaction.steps.lazy.map(\.table), at: now, .transactionalWrite)))
            } catch {
                return .failure(error)
            }
        } completion: { [self] result in
            switch result {
            case .done(.success(let outcome)):
                chargeReads(outcome, in: environment)
                completion(respond(outcome))
            case .done(.failure(let error)): completion(fault(error, in: environment).response)
            case .overloaded: completion(DynamoFault.overloaded.response)
            case .failed: completion(DynamoFault.internalError.response)
            }
        }
    }

    /// Takes what the answer to a repeated transaction says that it took: it reads the items.
    private func chargeReads<Region: RegionAccess>(_ outcome: TransactionOutcome, in environment: Environment<Region>) {
        guard case .repeated = outcome else { return }
        for (step, capacity) in zip(transaction.steps, capacities(outcome, sumsTables: false)) {
            environment.charge(capacity, forReading: step.table)
        }
    }

    private func fault<Region: RegionAccess>(
        _ error: TransactionError, in environment: Environment<Region>
    ) -> DynamoFault {
        switch error {
        case .duplicateItem: return .multipleOperationsOnItem
        case .tooLarge: return .transactionTooLarge
        case .tokenMismatch: return .idempotentParameterMismatch
        case .storage: return .internalError
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
                guard let reason = reason(error, of: index) else { return DynamoFault.tableNotFound }
                reasons.append(reason)
            }
            return .transactionCancelled(reasons)
        }
    }

    /// Nil where the table is gone.
    private func reason(_ error: ItemWriteError, of index: Int) -> CancellationReason? {
        switch error {
        case .tableNotFound: return nil
        case .conditionFailed(let item):
            guard failureCodes[index] != .duplicateItem else {
                return CancellationReason(
                    code: .duplicateItem, message: "Duplicate primary key exists in table",
                    item: returnsItem[index] ? item : nil)
            }
            return CancellationReason(
                code: .conditionalCheckFailed, message: "The conditional request failed",
                item: returnsItem[index] ? item : nil)
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
