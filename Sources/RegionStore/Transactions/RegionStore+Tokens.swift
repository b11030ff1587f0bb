import ItemModel
import KeyValueStore

/// The tokens of transactions, which are as durable as what the transactions have changed.
extension RegionStore {
    /// What is known of a token.
    enum TokenUsage {
        case unused
        /// By the same request.
        case same
        case other
    }

    /// Whether a token was used in the ten minutes before `nowMilliseconds`, with what is pending.
    func usage(of token: Transaction.Token, at nowMilliseconds: UInt64) throws(TransactionError) -> TokenUsage {
        guard let entry = try tokenEntry(token.name), !entry.isExpired(at: nowMilliseconds) else { return .unused }
        return entry.fingerprint == token.fingerprint ? .same : .other
    }

    /// Notes that a token's transaction was carried out, and forgets some that have expired: more than come, so that they do not grow
    /// without bound.
    func remember(_ token: Transaction.Token, at nowMilliseconds: UInt64) throws(TransactionError) {
        let replaced = try tokenEntry(token.name)
        try forgetExpiredTokens(at: nowMilliseconds, limit: 4)
        if let replaced { pending.batch.delete(Layout.tokenTimeKey(replaced.time, token.name), in: Layout.meta) }
        let entry = TokenEntry(time: nowMilliseconds, fingerprint: token.fingerprint)
        pending.tokens[token.name] = entry
        pending.batch.put(Layout.tokenKey(token.name), entry.encoded(), in: Layout.meta)
        pending.batch.put(Layout.tokenTimeKey(nowMilliseconds, token.name), [], in: Layout.meta)
    }

    private func forgetExpiredTokens(at nowMilliseconds: UInt64, limit: Int) throws(TransactionError) {
        var expired: [(time: UInt64, name: Text)] = []
        do {
            let range = KeyRange(prefix: Layout.MetaKey.tokenTimePrefix)
            try store.visit(range, in: Layout.meta, direction: .forward) { key, _ in
                var reader = ByteReader(Array(key.dropFirst(Layout.MetaKey.tokenTimePrefix.count)))
                let time = try reader.readUInt64()
                guard expired.count < limit, TokenEntry(time: time, fingerprint: []).isExpired(at: nowMilliseconds)
                else { return false }
                let name = try reader.readBytes(count: reader.remainingCount)
                expired.append((time, Text(String(decoding: name, as: UTF8.self))))
                return true
            }
        } catch {
            throw .storage("\(error)")
        }
        for (time, name) in expired {
            pending.batch.delete(Layout.tokenTimeKey(time, name), in: Layout.meta)
            // One that was used anew since the last commit stays.
            if pending.tokens[name] == nil, try tokenEntry(name)?.time == time {
                pending.batch.delete(Layout.tokenKey(name), in: Layout.meta)
            }
        }
    }

    private func tokenEntry(_ name: Text) throws(TransactionError) -> TokenEntry? {
        if let entry = pending.tokens[name] { return entry }
        do {
            return try store.value(for: Layout.tokenKey(name), in: Layout.meta).map { bytes in
                try TokenEntry(decoding: bytes)
            }
        } catch {
            throw .storage("\(error)")
        }
    }
}

/// What is stored of a token: milliseconds since the Unix epoch of its transaction (8) · fingerprint to the end.
struct TokenEntry: Hashable {
    let time: UInt64
    let fingerprint: [UInt8]

    init(time: UInt64, fingerprint: [UInt8]) {
        self.time = time
        self.fingerprint = fingerprint
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        time = try reader.readUInt64()
        fingerprint = Array(bytes[reader.offset...])
    }

    func encoded() -> [UInt8] { Layout.bigEndian(time) + fingerprint }

    func isExpired(at nowMilliseconds: UInt64) -> Bool {
        nowMilliseconds >= time && nowMilliseconds - time >= Transaction.Token.validityMilliseconds
    }
}
