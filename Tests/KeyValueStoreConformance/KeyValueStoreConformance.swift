public import KeyValueStore

/// The contract of `KeyValueStore` as checks, the same for every implementation.
///
/// A test target names its store and runs `rules` as arguments of one test. Reading order: this file, then `Reading`,
/// `Batches`, `Snapshots` and `RandomBatches`.
public enum KeyValueStoreConformance<Store: KeyValueStore> {
    /// Makes a new, empty store with `conformanceKeyspaces`.
    public typealias Factory = () throws -> Store

    /// One thing that the contract asks for.
    public struct Rule: Sendable, CustomStringConvertible {
        /// The rule as a sentence.
        public let description: String
        /// Throws or records an issue where the store breaks it.
        public let check: @Sendable (Factory) throws -> Void

        init(_ description: String, _ check: @escaping @Sendable (Factory) throws -> Void) {
            self.description = description
            self.check = check
        }
    }

    public static var rules: [Rule] {
        readingRules + rangeRules + batchRules + snapshotRules + randomRules
    }
}

/// The keyspaces of every store that is checked.
public let conformanceKeyspaces = [
    Keyspace(index: 0, name: "alpha"),
    Keyspace(index: 1, name: "beta"),
    Keyspace(index: 2, name: "gamma"),
]

let alpha = conformanceKeyspaces[0]
let beta = conformanceKeyspaces[1]
let gamma = conformanceKeyspaces[2]

/// A key and its value, as a visit yields them.
public struct Entry: Equatable, Sendable, CustomStringConvertible {
    public var key: [UInt8]
    public var value: [UInt8]

    public init(_ key: [UInt8], _ value: [UInt8]) {
        self.key = key
        self.value = value
    }

    init(_ key: String, _ value: String) {
        self.init(Array(key.utf8), Array(value.utf8))
    }

    public var description: String {
        "\(String(decoding: key, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))"
    }
}

extension KeyValueReader {
    /// Everything that a visit of `range` yields.
    public func entries(
        _ range: KeyRange = KeyRange(from: [], to: nil), in keyspace: Keyspace, _ direction: Direction = .forward
    ) throws -> [Entry] {
        var entries: [Entry] = []
        try visit(range, in: keyspace, direction: direction) { key, value in
            entries.append(Entry(key, value))
            return true
        }
        return entries
    }

    func text(_ key: String, in keyspace: Keyspace = alpha) throws -> String? {
        try value(for: Array(key.utf8), in: keyspace).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension KeyValueStore {
    /// Commits one batch, made by `fill`.
    func commit(_ durability: Durability = .buffered, _ fill: (inout WriteBatch) -> Void) throws {
        var batch = WriteBatch()
        fill(&batch)
        try commit(batch, durability: durability)
    }
}

extension WriteBatch {
    mutating func put(_ key: String, _ value: String, in keyspace: Keyspace = alpha) {
        put(Array(key.utf8), Array(value.utf8), in: keyspace)
    }

    mutating func delete(_ key: String, in keyspace: Keyspace = alpha) {
        delete(Array(key.utf8), in: keyspace)
    }

    mutating func deleteRange(_ lower: String, _ upper: String?, in keyspace: Keyspace = alpha) {
        deleteRange(KeyRange(lower, upper), in: keyspace)
    }
}

extension KeyRange {
    init(_ lower: String, _ upper: String?) {
        self.init(from: Array(lower.utf8), to: upper.map { Array($0.utf8) })
    }
}
