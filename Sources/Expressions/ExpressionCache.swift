public import ItemModel
import Synchronization

/// Parsed expressions by their text, for any number of threads.
///
/// Bounded, with the second-chance policy: an expression used since the hand last passed it stays for another round. An
/// entry holds a text of at most 4 KB and its tree. Only expressions that parse are kept; parsing happens outside the
/// lock.
public final class ExpressionCache: Sendable {
    private let entries: Mutex<Entries>

    private enum Parsed: Sendable {
        case condition(ParsedCondition)
        case projection(ParsedProjection)
        case update(ParsedUpdate)
    }

    private struct Key: Hashable {
        let kind: ExpressionKind
        let text: Text
    }

    private struct Entry {
        let key: Key
        let parsed: Parsed
        var isUsed: Bool
    }

    private struct Entries {
        let capacity: Int
        var entries: [Entry] = []
        /// Where each key lies in `entries`.
        var indexes: [Key: Int] = [:]
        /// The next entry that may have to go.
        var hand = 0

        mutating func parsed(for key: Key) -> Parsed? {
            guard let index = indexes[key] else { return nil }
            entries[index].isUsed = true
            return entries[index].parsed
        }

        mutating func insert(_ parsed: Parsed, for key: Key) {
            guard indexes[key] == nil else { return }
            let entry = Entry(key: key, parsed: parsed, isUsed: false)
            guard entries.count == capacity else {
                indexes[key] = entries.count
                entries.append(entry)
                return
            }
            while entries[hand].isUsed {
                entries[hand].isUsed = false
                hand = (hand + 1) % capacity
            }
            indexes[entries[hand].key] = nil
            indexes[key] = hand
            entries[hand] = entry
            hand = (hand + 1) % capacity
        }
    }

    /// A cache of at most `capacity` expressions; at least one.
    public init(capacity: Int = 1_000) {
        entries = Mutex(Entries(capacity: max(capacity, 1)))
    }

    /// The number of expressions held.
    public var count: Int { entries.withLock { $0.entries.count } }

    /// The condition, filter or key-condition expression `text`.
    public func condition(
        _ text: Text, as kind: ExpressionKind = .condition
    ) throws(ExpressionError) -> ParsedCondition {
        let key = Key(kind: kind, text: text)
        if case .condition(let parsed) = cached(key) { return parsed }
        let parsed = try ParsedCondition(parsing: text, as: kind)
        keep(.condition(parsed), for: key)
        return parsed
    }

    /// The projection expression `text`.
    public func projection(_ text: Text) throws(ExpressionError) -> ParsedProjection {
        let key = Key(kind: .projection, text: text)
        if case .projection(let parsed) = cached(key) { return parsed }
        let parsed = try ParsedProjection(parsing: text)
        keep(.projection(parsed), for: key)
        return parsed
    }

    /// The update expression `text`.
    public func update(_ text: Text) throws(ExpressionError) -> ParsedUpdate {
        let key = Key(kind: .update, text: text)
        if case .update(let parsed) = cached(key) { return parsed }
        let parsed = try ParsedUpdate(parsing: text)
        keep(.update(parsed), for: key)
        return parsed
    }

    private func cached(_ key: Key) -> Parsed? { entries.withLock { $0.parsed(for: key) } }

    private func keep(_ parsed: Parsed, for key: Key) { entries.withLock { $0.insert(parsed, for: key) } }
}
