import ItemModel
import KeyValueStore

/// The tokens of transactions, in the `meta` keyspace, which are as durable as what the transactions have changed.
struct TransactionTokens {
    /// Those that the commands since the last commit have used.
    private var pending = LookupTable<Text, TokenEntry>()

    /// Behind which key the next expired token stands: those before it are removed, if only by what is pending.
    private var removedUpTo: [UInt8]?

    /// How many expired tokens each use of a token removes at the most: more than one, so that they become fewer.
    private static let removalLimit = 4

    /// What is known of a token.
    enum Usage {
        case unused
        /// By the same request: for each step the size of the larger of its item before and after.
        case same(sizes: [Int])
        case other
    }

    /// Whether a token was used in the ten minutes before `nowMilliseconds`, with what is pending.
    func usage(
        of token: Transaction.Token, at nowMilliseconds: UInt64, in store: some KeyValueReader
    ) throws(TransactionError) -> Usage {
        guard let entry = try entry(token.name, store), !entry.isExpired(at: nowMilliseconds) else { return .unused }
        return entry.fingerprint == token.fingerprint ? .same(sizes: entry.sizes.map(Int.init)) : .other
    }

    /// Notes that a token's transaction was carried out, and removes some tokens that have expired.
    ///
    /// - Parameter sizes: for each step what reading its item takes when the request comes again.
    mutating func use(
        _ token: Transaction.Token, sizes: [Int], at nowMilliseconds: UInt64, in store: some KeyValueReader,
        into batch: inout WriteBatch
    ) throws(TransactionError) {
        let replaced = try entry(token.name, store)
        try removeExpired(at: nowMilliseconds, store, into: &batch)
        if let replaced { batch.delete(Layout.tokenTimeKey(replaced.time, token.name), in: Layout.meta) }
        let entry = TokenEntry(
            time: nowMilliseconds, sizes: sizes.map(UInt32.init(clamping:)), fingerprint: token.fingerprint)
        // A clock that was set back puts tokens before those that have expired.
        if let removedUpTo, Layout.tokenTimeKey(nowMilliseconds, "").lexicographicallyPrecedes(removedUpTo) {
            self.removedUpTo = nil
        }
        pending[token.name] = entry
        batch.put(Layout.tokenKey(token.name), entry.encoded(), in: Layout.meta)
        batch.put(Layout.tokenTimeKey(nowMilliseconds, token.name), [], in: Layout.meta)
    }

    private mutating func removeExpired(
        at nowMilliseconds: UInt64, _ store: some KeyValueReader, into batch: inout WriteBatch
    ) throws(TransactionError) {
        var expired: [(time: UInt64, name: Text)] = []
        do {
            var range = KeyRange(prefix: Layout.MetaKey.tokenTimePrefix)
            if let removedUpTo { range.lower = removedUpTo + [0] }
            try store.visit(range, in: Layout.meta, direction: .forward) { key, _ in
                var reader = ByteReader(Array(key.dropFirst(Layout.MetaKey.tokenTimePrefix.count)))
                let time = try reader.readUInt64()
                guard expired.count < Self.removalLimit,
                    TokenEntry.isExpired(time, at: nowMilliseconds)
                else { return false }
                let name = try reader.readBytes(count: reader.remainingCount)
                expired.append((time, Text(String(decoding: name, as: UTF8.self))))
                return true
            }
        } catch {
            throw .storage("\(error)")
        }
        for (time, name) in expired {
            let key = Layout.tokenTimeKey(time, name)
            batch.delete(key, in: Layout.meta)
            removedUpTo = key
            // One that was used anew since the last commit stays.
            if pending[name] == nil, try entry(name, store)?.time == time {
                batch.delete(Layout.tokenKey(name), in: Layout.meta)
            }
        }
    }

    private func entry(_ name: Text, _ store: some KeyValueReader) throws(TransactionError) -> TokenEntry? {
        if let entry = pending[name] { return entry }
        do {
            return try store.value(for: Layout.tokenKey(name), in: Layout.meta).map { try TokenEntry(decoding: $0) }
        } catch {
            throw .storage("\(error)")
        }
    }

    /// Notes that everything pending is in the store.
    mutating func committed() { pending.removeAll() }
}

/// What is stored of a token: milliseconds since the Unix epoch of its transaction (8) · number of steps (2) · for each the size of its
/// item (4) · fingerprint to the end.
struct TokenEntry: Hashable {
    let time: UInt64
    let sizes: [UInt32]
    let fingerprint: [UInt8]

    init(time: UInt64, sizes: [UInt32], fingerprint: [UInt8]) {
        self.time = time
        self.sizes = sizes
        self.fingerprint = fingerprint
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        time = try reader.readUInt64()
        var sizes: [UInt32] = []
        for _ in 0..<(try reader.readUInt16()) { sizes.append(try reader.readUInt32()) }
        self.sizes = sizes
        fingerprint = Array(bytes[reader.offset...])
    }

    func encoded() -> [UInt8] {
        Layout.bigEndian(time) + Layout.bigEndian(UInt16(clamping: sizes.count))
            + sizes.flatMap { Layout.bigEndian($0) } + fingerprint
    }

    func isExpired(at nowMilliseconds: UInt64) -> Bool { Self.isExpired(time, at: nowMilliseconds) }

    /// Whether a token of that time is no longer remembered.
    static func isExpired(_ time: UInt64, at nowMilliseconds: UInt64) -> Bool {
        nowMilliseconds >= time && nowMilliseconds - time >= Transaction.Token.validityMilliseconds
    }
}
