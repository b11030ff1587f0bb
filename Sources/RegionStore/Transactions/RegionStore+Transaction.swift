import Expressions
import HybridClock
import ItemModel
import KeyValueStore

extension RegionStore {
    /// Carries out a transaction: every step, or none.
    ///
    /// All conditions are evaluated, also after one is false, since each is reported to the client. The changes get
    /// positions side by side in the log, each marked with its place among them.
    ///
    /// - Throws: `TransactionError`; nothing has changed then.
    public func transact(
        _ transaction: Transaction, at nowMilliseconds: UInt64
    ) throws(TransactionError) -> TransactionOutcome {
        if let failure { throw .storage("\(failure)") }
        if let token = transaction.token {
            switch try tokens.usage(of: token, at: nowMilliseconds, in: store) {
            case .unused: break
            case .same(let sizes): return .repeated(sizes: sizes)
            case .other: throw .tokenMismatch
            }
        }
        guard !transaction.hasDuplicates else { throw .duplicateItem }
        var preparation = TransactionPreparation()
        for step in transaction.steps {
            do throws(ItemWriteError) {
                try preparation.add(prepare(step, at: nowMilliseconds))
            } catch {
                try preparation.add(error, admission?.demand(of: error, on: region.catalog[step.table.uuid]?.table))
            }
        }
        let steps = try preparation.steps { [admission] demands in
            admission?.take(demands, isTransaction: true, at: nowMilliseconds)
        }
        // Before anything is staged, as it may fail.
        if let token = transaction.token {
            try tokens.use(
                token, sizes: steps.map(\.byteCount), at: nowMilliseconds, in: store, into: &region.batch)
        }
        return .done(
            zip(steps, preparation.bounds).map { step, bounds in
                switch step {
                case .write(let write): region.stage(write, transaction: bounds, at: nowMilliseconds)
                case .check(let size, _): ItemWriteResult(ofNothing: size)
                }
            })
    }

    private func prepare(
        _ step: Transaction.Step, at nowMilliseconds: UInt64
    ) throws(ItemWriteError) -> TransactionPreparation.Step {
        switch step {
        case .write(let write): return .write(try prepare(write, at: nowMilliseconds))
        case .check(let check):
            let (table, isLimited) = try admit(check.table, at: nowMilliseconds)
            let size = try region.contents.evaluate(check, store)
            return .check(size: size, isLimited ? WriteDemand(ofReading: size, in: table) : nil)
        }
    }
}
