import CRocksDB
import KeyValueStore

/// A batch in the engine's own form: the bytes of its record in the write-ahead log.
///
/// Unchecked Sendable: whoever holds it is alone with what it points to.
struct EngineBatch: ~Copyable, @unchecked Sendable {
    private(set) var pointer: OpaquePointer
    private var byteCount = 0

    /// The longest key and value that the engine takes.
    ///
    /// It drops a longer one without a word, and with it the batch's atomicity.
    private static let keyByteCountMax = 8 << 20
    private static let valueByteCountMax = Int(UInt32.max)
    /// The size up to which a batch's memory is kept for the next one.
    private static let recycledByteCountMax = 4 << 20

    init() {
        pointer = rocksdb_writebatch_create()
    }

    deinit {
        rocksdb_writebatch_destroy(pointer)
    }

    mutating func put(_ key: [UInt8], _ value: [UInt8], _ family: OpaquePointer) throws(KeyValueStoreError) {
        try check(key)
        guard value.count <= Self.valueByteCountMax else {
            throw .engine("a value of \(value.count) bytes is too long")
        }
        byteCount += key.count + value.count
        withCharacters(key) { key, keyCount in
            withCharacters(value) { value, valueCount in
                rocksdb_writebatch_put_cf(pointer, family, key, keyCount, value, valueCount)
            }
        }
    }

    mutating func delete(_ key: [UInt8], _ family: OpaquePointer) throws(KeyValueStoreError) {
        try check(key)
        byteCount += key.count
        withCharacters(key) { key, keyCount in
            rocksdb_writebatch_delete_cf(pointer, family, key, keyCount)
        }
    }

    /// Deletes from `lower` to below `upper`: nothing where the bounds are not in order, which the engine would refuse.
    mutating func deleteRange(
        _ lower: [UInt8], _ upper: [UInt8], _ family: OpaquePointer
    ) throws(KeyValueStoreError) {
        try check(lower)
        try check(upper)
        guard lower.lexicographicallyPrecedes(upper) else { return }
        byteCount += lower.count + upper.count
        withCharacters(lower) { lower, lowerCount in
            withCharacters(upper) { upper, upperCount in
                rocksdb_writebatch_delete_range_cf(pointer, family, lower, lowerCount, upper, upperCount)
            }
        }
    }

    /// Empties the batch, and gives back the memory of an unusually large one.
    mutating func recycle() {
        if byteCount > Self.recycledByteCountMax {
            rocksdb_writebatch_destroy(pointer)
            pointer = rocksdb_writebatch_create()
        } else {
            rocksdb_writebatch_clear(pointer)
        }
        byteCount = 0
    }

    private func check(_ key: [UInt8]) throws(KeyValueStoreError) {
        guard key.count <= Self.keyByteCountMax else { throw .engine("a key of \(key.count) bytes is too long") }
    }
}

/// Lends `bytes` to the engine, which speaks of characters.
@inline(__always)
func withCharacters<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
    bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
}
