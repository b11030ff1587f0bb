import Expressions
import HybridClock
import ItemModel
import KeyValueStore

extension RegionStore {
    /// Carries out a transaction: every step, or none.
    ///
    /// All conditions are evaluated, also after one is false, since the client is told of each. The changes get positions side by side
    /// in the log, each marked with its place among them.
    ///
    /// - Parameter admission: who is asked for the capacity that each step takes; nil where nobody is.
    /// - Throws: `TransactionError`; nothing has changed then.
    public func transact(
        _ transaction: Transaction, at nowMilliseconds: UInt64, admission: (any WriteAdmission)? = nil
    ) throws(TransactionError) -> TransactionOutcome {
        if let failure { throw .storage("\(failure)") }
        if let token = transaction.token {
            switch try usage(of: token, at: nowMilliseconds) {
            case .unused: break
            case .same: return .repeated(sizes: try sizes(of: transaction.steps))
            case .other: throw .tokenMismatch
            }
        }
        let prepared = try prepare(transaction.steps, admission)
        // Before anything is staged, as it may fail.
        if let token = transaction.token { try remember(token, at: nowMilliseconds) }
        let count = prepared.reduce(0) { $0 + ($1.changesLog ? 1 : 0) }
        var index: UInt16 = 0
        var results: [ItemWriteResult] = []
        for step in prepared {
            switch step {
            case .write(let write):
                // A transaction of one change needs no mark.
                let bounds =
                    step.changesLog && count > 1
                    ? ChangeRecord.TransactionBounds(index: index, count: UInt16(clamping: count)) : nil
                results.append(stage(write, transaction: bounds, at: nowMilliseconds))
                if step.changesLog { index += 1 }
            case .check(_, let size):
                results.append(
                    ItemWriteResult(old: nil, new: nil, updated: nil, oldSize: size, newSize: size, indexEffects: []))
            }
        }
        return .done(results)
    }

    private enum PreparedStep {
        case write(PreparedWrite)
        case check(key: [UInt8], size: Int)

        var changesLog: Bool {
            if case .write(let write) = self { !write.changesNothing } else { false }
        }

        var key: [UInt8] {
            switch self {
            case .write(let write): write.key
            case .check(let key, _): key
            }
        }

        /// The size of the larger of the item before and after.
        var byteCount: Int {
            switch self {
            case .write(let write): max(write.old?.sizeInBytes ?? 0, write.new?.sizeInBytes ?? 0)
            case .check(_, let size): size
            }
        }
    }

    /// - Parameter admission: who is asked for what all steps take together, once each can be carried out. A step that cannot costs what
    ///   the others do, as in the service, unless one of them finds no capacity.
    private func prepare(
        _ steps: [Transaction.Step], _ admission: (any WriteAdmission)?
    ) throws(TransactionError) -> [PreparedStep] {
        var keys: Set<[UInt8]> = []
        for key in steps.compactMap(\.storageKey) where !keys.insert(key).inserted { throw .duplicateItem }
        var prepared: [PreparedStep] = []
        var reasons: [ItemWriteError?] = []
        var demands: [(step: Int, demand: WriteDemand)] = []
        for (index, step) in steps.enumerated() {
            do throws(ItemWriteError) {
                let (done, demand) = try prepare(step, admission)
                prepared.append(done)
                if let demand { demands.append((index, demand)) }
                reasons.append(nil)
            } catch {
                switch error {
                case .storage(let what): throw .storage(what)
                case .conditionFailed(let old):
                    if let demand = demand(ofLookAt: old, in: step.table, admission) { demands.append((index, demand)) }
                default: break
                }
                reasons.append(error)
            }
        }
        guard prepared.count == steps.count else {
            let isThrottled = reasons.contains { if case .throttled = $0 { true } else { false } }
            if !isThrottled { _ = admission?.take(demands.map(\.demand)) }
            throw .cancelled(reasons)
        }
        guard prepared.reduce(0, { $0 + $1.byteCount }) <= Transaction.maximumByteCount else { throw .tooLarge }
        if let refusal = admission?.take(demands.map(\.demand)) {
            reasons[demands[refusal.position].step] = .throttled(refusal.resource)
            throw .cancelled(reasons)
        }
        return prepared
    }

    private func prepare(
        _ step: Transaction.Step, _ admission: (any WriteAdmission)?
    ) throws(ItemWriteError) -> (PreparedStep, WriteDemand?) {
        switch step {
        case .write(let write):
            let prepared = try prepare(write, admission)
            return (.write(prepared), demand(of: prepared))
        case .check(let table, let key, let condition):
            // A check is a deletion's condition without the deletion.
            let checked = try prepare(
                ItemWrite(table: table, action: .delete(key: key), condition: condition), admission)
            let step = PreparedStep.check(key: checked.key, size: checked.old?.sizeInBytes ?? 0)
            return (step, demand(ofLookAt: checked.old, in: checked.table, admission))
        }
    }

    private func sizes(of steps: [Transaction.Step]) throws(TransactionError) -> [Int] {
        var sizes: [Int] = []
        for step in steps {
            do throws(ItemWriteError) {
                let item = try step.storageKey.flatMap { key throws(ItemWriteError) in try storedItem(key).1 }
                sizes.append(item?.sizeInBytes ?? 0)
            } catch {
                throw .storage("\(error)")
            }
        }
        return sizes
    }
}

extension Transaction.Step {
    /// Where the item lies, by the table as the request knew it.
    fileprivate var storageKey: [UInt8]? {
        switch self {
        case .write(let write): write.table.storageKey(of: write.key)
        case .check(let table, let key, _): table.storageKey(of: key)
        }
    }
}
