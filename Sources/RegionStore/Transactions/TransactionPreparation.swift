/// What the steps of a transaction would do, before anything is changed, and what speaks against it.
struct TransactionPreparation {
    /// Those that can be carried out.
    private var prepared: [Step] = []
    /// For each step why it cannot be carried out; nil where it can.
    private var reasons: [ItemWriteError?] = []
    private var demands: [(step: Int, demand: WriteDemand)] = []

    /// A step that can be carried out.
    enum Step {
        case write(PreparedWrite)
        /// Of an item that stays as it is: its size, and what reading it takes where the table has limits.
        case check(size: Int, WriteDemand?)

        fileprivate var demand: WriteDemand? {
            switch self {
            case .write(let write): write.demand
            case .check(_, let demand): demand
            }
        }

        /// The size of the larger of the item before and after.
        var byteCount: Int {
            switch self {
            case .write(let write): max(write.change.oldSize, write.change.newSize)
            case .check(let size, _): size
            }
        }

        fileprivate var changesLog: Bool {
            if case .write(let write) = self { !write.changesNothing } else { false }
        }
    }

    mutating func add(_ step: Step) {
        if let demand = step.demand { demands.append((reasons.count, demand)) }
        prepared.append(step)
        reasons.append(nil)
    }

    /// Adds a step that cannot be carried out.
    ///
    /// - Parameter demand: what it takes nevertheless.
    mutating func add(_ error: ItemWriteError, _ demand: WriteDemand?) throws(TransactionError) {
        if case .storage(let what) = error { throw .storage(what) }
        if let demand { demands.append((reasons.count, demand)) }
        reasons.append(error)
    }

    /// Every step, once all can be carried out and there is capacity for all of them together.
    ///
    /// A step that cannot be carried out costs what the others do, as in the service, unless one of them finds no capacity.
    ///
    /// - Parameter take: takes capacity, or says which demand finds whose used up.
    func steps(
        taking take: ([WriteDemand]) -> (position: Int, resource: ThrottledResource)?
    ) throws(TransactionError) -> [Step] {
        let wanted = demands.map(\.demand)
        guard prepared.count == reasons.count else {
            let isThrottled = reasons.contains { if case .throttled = $0 { true } else { false } }
            if !isThrottled, !wanted.isEmpty { _ = take(wanted) }
            throw .cancelled(reasons)
        }
        if !wanted.isEmpty, let refusal = take(wanted) {
            var reasons = reasons
            reasons[demands[refusal.position].step] = .throttled(refusal.resource)
            throw .cancelled(reasons)
        }
        return prepared
    }

    /// For each step its place among the changes that are logged; a transaction of one change needs no mark.
    var bounds: [ChangeRecord.TransactionBounds?] {
        let count = prepared.count { $0.changesLog }
        var index: UInt16 = 0
        return prepared.map { step in
            guard count > 1, step.changesLog else { return nil }
            defer { index += 1 }
            return .init(index: index, count: UInt16(clamping: count))
        }
    }
}
