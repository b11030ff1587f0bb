import ItemModel

/// The order in which the service lists names that it keeps in a hash set: that of Java's `HashSet` of strings.
///
/// Sources: OpenJDK, `java.util.HashMap`; Java SE API, `String.hashCode`.
enum HashSetOrder {
    /// The names in that order, each once.
    static func of(_ names: [Text]) -> [Text] {
        var seen: Set<Text> = []
        let distinct = names.filter { seen.insert($0).inserted }
        // A table doubles once more than three quarters of it are taken; within a bucket entries stay as they came.
        var bucketCount: UInt32 = 16
        while distinct.count * 4 > Int(bucketCount) * 3 { bucketCount *= 2 }
        let buckets = distinct.enumerated().map { (bucket: hash($1) & (bucketCount - 1), place: $0, name: $1) }
        return buckets.sorted { ($0.bucket, $0.place) < ($1.bucket, $1.place) }.map(\.name)
    }

    private static func hash(_ name: Text) -> UInt32 {
        let code = name.string.utf16.reduce(0 as UInt32) { $0 &* 31 &+ UInt32($1) }
        return code ^ (code >> 16)
    }
}
