/// Finds where a page of the log may end: not between two changes of one transaction.
///
/// A transaction's changes stand side by side in its origin's log. In the log of a region that received them they do
/// too, without those that did not concern it, so that the last one of them may be missing: the transaction ends with
/// whatever is not of it.
struct TransactionCut {
    /// Where the transaction of the last entry begins, while more of its changes may follow.
    private var start: LogPosition?

    /// Whether the last entry may not be a page's last.
    var isOpen: Bool { start != nil }

    /// Takes the next entry; nil for one that the page is not about.
    ///
    /// - Returns: whether it belongs to the same transaction as the entry before.
    mutating func take(_ header: ChangeRecord.Header?) -> Bool {
        let previous = start
        start = header?.transaction?.isLast == false ? header?.transactionStart : nil
        guard let previous else { return false }
        return header?.transactionStart == previous
    }
}
