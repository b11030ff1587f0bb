/// What the commands since the last commit have written to the `items` keyspace, by key.
///
/// Mostly it is a handful, and looking through that is faster than hashing, let alone making a hash table for each commit.
struct PendingItems {
    /// In the order of the first writes; nil for a key removed.
    private var entries: [(key: [UInt8], value: [UInt8]?)] = []
    /// The places of the keys, once there are many.
    private var places = LookupTable<[UInt8], Int>()

    private static let searchedCount = 12

    /// What was written under `key`: nil where nothing was, a nil within for a key that was removed.
    subscript(key: [UInt8]) -> [UInt8]?? { place(of: key).map { entries[$0].value } }

    /// Puts a value under a key, or removes the key where `value` is nil.
    mutating func set(_ key: [UInt8], to value: [UInt8]?) {
        if let place = place(of: key) {
            entries[place].value = value
            return
        }
        entries.append((key, value))
        if entries.count == Self.searchedCount + 1 {
            for (place, entry) in entries.enumerated() { places[entry.key] = place }
        } else if entries.count > Self.searchedCount {
            places[key] = entries.count - 1
        }
    }

    private func place(of key: [UInt8]) -> Int? {
        entries.count > Self.searchedCount ? places[key] : entries.firstIndex { $0.key == key }
    }
}
