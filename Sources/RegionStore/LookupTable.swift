/// A hash table that can only be looked up.
///
/// The order of a hash table's entries differs from one process to the next; without a way to iterate over them it cannot reach an output.
struct LookupTable<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]

    init() {}

    /// Of several entries with one key the first counts.
    init(_ entries: some Sequence<(Key, Value)>) { values = Dictionary(entries) { first, _ in first } }

    subscript(key: Key) -> Value? {
        get { values[key] }
        _modify { yield &values[key] }
    }

    subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
        get { values[key, default: fallback()] }
        _modify { yield &values[key, default: fallback()] }
    }

    mutating func removeAll() {
        if !values.isEmpty { values = [:] }
    }
}

extension LookupTable: Sendable where Key: Sendable, Value: Sendable {}
