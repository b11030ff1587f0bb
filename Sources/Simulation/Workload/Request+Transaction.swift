import ItemModel
import RegionStore

/// What a simulated client does with TransactWriteItems.
extension Request {
    /// Carries out a transaction of this request's keys, in its table and in the next one that the region has.
    func transact(
        at region: SimulatedRegion, _ table: Table, _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        guard let store = region.store else { return completion(.failed) }
        positions = []
        let steps = steps(table, in: store.reader)
        let transaction = Transaction(steps.compactMap(\.transactionStep))
        guard transaction.steps.count == steps.count else { return completion(.failed) }
        let isTaken = region.submit(.transact(transaction)) { [self] outcome in
            origin = store.origin
            for observer in region.world.observers { observer.answered(steps, outcome, by: region) }
            switch outcome.transact {
            case .success(.done(let results)):
                positions = results.compactMap(\.change?.position)
                completion(.answered)
            case .success(.repeated): completion(.answered)
            case .failure(let error): completion(error.isConditionFailed ? .refusedByCondition : .failed)
            case nil: completion(.failed)
            }
        }
        if !isTaken { return refuseOverload(completion) }
        if region.world.hooks.answersBeforeCommit { completion(.answered) }
    }

    private func steps(_ table: Table, in reader: RegionReader<SimulatedStore>) -> [ClientStep] {
        var steps: [ClientStep] = []
        for (index, key) in ([key] + others).enumerated() {
            switch (mark >> UInt64(index * 2)) & 7 {
            case 0:
                // One that is never true where there is an item: some transactions have to fail.
                steps.append(step(key, .check, on: table, if: .isNew))
            case 1: steps.append(step(key, .delete, on: table))
            case 2, 3:
                steps.append(step(key, .update(.drawn(by: mark, attempt: attempt)), on: table, if: .drawn(by: mark)))
            default: steps.append(step(key, .put(item(key)), on: table))
            }
        }
        if let (table, key) = stranger(reader) { steps.append(step(key, .put(item(key)), on: table)) }
        return steps
    }

    /// An item of another table of the scenario, if the region has one.
    private func stranger(_ reader: RegionReader<SimulatedStore>) -> (Table, Item)? {
        for plan in group.world.scenario.tables where plan.name != group.table.name {
            guard let table = reader.table(named: Text(plan.name)), table.status == .active else { continue }
            var key: Item = ["pk": .string(Text("shared/\(mark % 50)"))]
            if plan.hasSortKey { key["sk"] = .number(Number(Int(mark % 10))) }
            return (table, key)
        }
        return nil
    }
}

extension TransactionError {
    fileprivate var isConditionFailed: Bool {
        guard case .cancelled(let reasons) = self else { return false }
        return reasons.contains { if case .conditionFailed = $0 { true } else { false } }
    }
}
