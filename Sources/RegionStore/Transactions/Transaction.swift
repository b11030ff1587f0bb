public import Expressions
public import ItemModel

/// Up to a hundred writes and checks of different items, of which all take effect or none does: what TransactWriteItems asks for.
///
/// It is one command of the region's one writer, so nothing comes between its conditions and its writes: two transactions never
/// conflict, and neither do a transaction and a write. `TransactionConflict` is for services that lock items; here whoever comes
/// second sees what the first has done.
public struct Transaction: Sendable {
    public let steps: [Step]
    public let token: Token?
    /// Whether two steps are about one item.
    let hasDuplicates: Bool

    /// One action of a transaction.
    public enum Step: Sendable {
        case write(ItemWrite)
        case check(ItemCheck)

        public var table: Table {
            switch self {
            case .write(let write): write.table
            case .check(let check): check.table
            }
        }

        /// The item's key in the `items` keyspace, by the table as the request knew it.
        var key: [UInt8]? {
            switch self {
            case .write(let write): write.key
            case .check(let check): check.key
            }
        }
    }

    /// What a client names a transaction by, so that it can ask for it again without its being carried out twice.
    public struct Token: Sendable, Hashable {
        public let name: Text
        /// A digest of what the client asked for: another under the same name is refused.
        public let fingerprint: [UInt8]

        public init(name: Text, fingerprint: [UInt8]) {
            self.name = name
            self.fingerprint = fingerprint
        }

        /// For how long a token is remembered after its transaction, in milliseconds.
        ///
        /// Source: AWS developer guide, "Amazon DynamoDB Transactions: idempotency".
        public static var validityMilliseconds: UInt64 { 10 * 60_000 }
    }

    public init(_ steps: [Step], token: Token? = nil) {
        self.steps = steps
        self.token = token
        let keys = steps.compactMap(\.key)
        hasDuplicates = Set(keys).count < keys.count
    }

    /// The bound on what the request of a transaction holds, and on what one of reads returns, in bytes.
    ///
    /// What a transaction changes may be a hundred items of 400 KB: a link ships them in one message.
    public static var maximumByteCount: Int { 4 << 20 }
}

/// A condition on an item that a transaction leaves as it is.
public struct ItemCheck: Sendable {
    public let table: Table
    public let condition: Condition
    /// The item's key in the `items` keyspace; nil where its attributes do not fit the table's schema.
    let key: [UInt8]?

    /// - Parameter keyAttributes: say which item is meant.
    public init(table: Table, key keyAttributes: Item, condition: Condition) {
        self.table = table
        self.condition = condition
        key = table.storageKey(of: keyAttributes)
    }
}

/// What a transaction did.
public enum TransactionOutcome: Sendable {
    /// One result for each step; of a check with the item's size before and after.
    case done([ItemWriteResult])
    /// Its token was used before, by the same request: nothing was done again. For each step the size of the larger of its item before
    /// and after the first time.
    case repeated(sizes: [Int])
}

/// Why a transaction was refused; nothing has changed then.
public enum TransactionError: Error, Sendable {
    /// For each step why it cannot be carried out, nil where it can; at least one is not nil.
    case cancelled([ItemWriteError?])
    /// Two steps are about one item.
    case duplicateItem
    /// The token was used for something else less than ten minutes ago.
    case tokenMismatch
    /// The store failed: nothing more can be written until the process has started anew.
    case storage(String)
}
