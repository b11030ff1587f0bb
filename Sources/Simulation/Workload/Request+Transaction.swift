import Expressions
import ItemModel
import RegionStore

/// What a simulated client does with TransactWriteItems.
extension Request {
    /// Carries out a transaction of this request's keys, in its table and in the next one that the region has.
    func transact(
        at region: SimulatedRegion, _ table: Table, _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        let isTaken = region.submitBounded { [self] store, now in
            var outcome = FinishedRequest.Outcome.answered
            let before = store.lastPosition
            (origin, positions) = (store.origin, [])
            do throws(TransactionError) {
                _ = try store.transact(Transaction(steps(table, in: store)), at: now)
                var position = before
                while position < store.lastPosition {
                    position = position.successor
                    positions.append(position)
                }
            } catch {
                outcome = error.isConditionFailed ? .refusedByCondition : .failed
            }
            return { completion(outcome) }
        }
        if !isTaken { return completion(.failed) }
        if region.world.hooks.answersBeforeCommit { completion(.answered) }
    }

    private func steps(_ table: Table, in store: SimulatedRegion.Store) -> [Transaction.Step] {
        var steps: [Transaction.Step] = []
        for (index, key) in ([key] + others).enumerated() {
            switch (mark >> UInt64(index * 2)) & 7 {
            case 0:
                // One that is never true where there is an item: some transactions have to fail.
                steps.append(.check(table: table, key: key, condition: RequestExpressions.isAbsent))
            case 1: steps.append(.write(ItemWrite(table: table, action: .delete(key: key))))
            case 2, 3:
                guard let update = RequestExpressions.increment(marking: Int(truncatingIfNeeded: mark >> 1)) else {
                    break
                }
                steps.append(.write(ItemWrite(table: table, action: .update(key: key, update))))
            default: steps.append(.write(ItemWrite(table: table, action: .put(item(key)))))
            }
        }
        if let (table, key) = stranger(store) {
            steps.append(.write(ItemWrite(table: table, action: .put(item(key)))))
        }
        return steps
    }

    /// An item of another table of the scenario, if the region has one.
    private func stranger(_ store: SimulatedRegion.Store) -> (Table, Item)? {
        for plan in group.world.scenario.tables where plan.name != group.table.name {
            guard let table = store.reader.table(named: Text(plan.name)), table.status == .active else { continue }
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
