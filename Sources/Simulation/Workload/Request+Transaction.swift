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
        let transaction = Transaction(steps.compactMap(\.transactionStep), token: token)
        guard transaction.steps.count == steps.count else { return completion(.failed) }
        defer { repeatTransaction(transaction, steps, at: region) }
        let isTaken = region.submit(.transact(transaction)) { [self] outcome in
            origin = store.origin
            for observer in region.world.observers { observer.answered(steps, token, outcome, by: region) }
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

    /// Half of the transactions have a token, as SDKs give one to each.
    private var token: Transaction.Token? {
        mark >> 20 & 1 == 0
            ? nil : Transaction.Token(name: Text("t\(mark)"), fingerprint: withUnsafeBytes(of: mark) { Array($0) })
    }

    /// Asks for some transactions once more, as a client does that has no answer: at once, later, when the token is forgotten, or for
    /// something else by the same token.
    private func repeatTransaction(_ transaction: Transaction, _ steps: [ClientStep], at region: SimulatedRegion) {
        guard let token else { return }
        switch mark >> 21 & 15 {
        case 0, 1: repeatTransaction(transaction.steps, steps, token, at: region, after: .zero)
        case 2, 3: repeatTransaction(transaction.steps, steps, token, at: region, after: .seconds(3))
        case 4: repeatTransaction(transaction.steps, steps, token, at: region, after: .seconds(12 * 60))
        case 5:
            let other = Transaction.Token(name: token.name, fingerprint: [0])
            repeatTransaction(transaction.steps, steps, other, at: region, after: .seconds(1))
        default: break
        }
    }

    private func repeatTransaction(
        _ transactionSteps: [Transaction.Step], _ steps: [ClientStep], _ token: Transaction.Token,
        at region: SimulatedRegion, after delay: VirtualDuration
    ) {
        let end = VirtualTime.zero + VirtualDuration(region.world.scenario.duration)
        func ask() {
            _ = region.submit(.transact(Transaction(transactionSteps, token: token))) { outcome in
                for observer in region.world.observers { observer.answered(steps, token, outcome, by: region) }
            }
        }
        guard delay > .zero else { return ask() }
        guard region.world.now + delay < end else { return }
        region.world.schedule(after: delay) {
            guard region.isUp else { return }
            region.run(in: region.process) { ask() }
        }
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
