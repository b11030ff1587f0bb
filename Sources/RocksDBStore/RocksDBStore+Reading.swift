import CRocksDB
import KeyValueStore

/// Reads, with the options of a snapshot or of the store itself.
extension RocksDBStore {
    func value(
        for key: [UInt8], in keyspace: Keyspace, _ readOptions: OpaquePointer
    ) throws(KeyValueStoreError) -> [UInt8]? {
        let family = family(of: keyspace)
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        var failure: UnsafeMutablePointer<CChar>?
        // The engine lends its block or memtable, so that the value is copied once.
        let pinned = withCharacters(key) { key, count in
            rocksdb_get_pinned_cf(database, readOptions, family, key, count, &failure)
        }
        guard let pinned else {
            if let failure { throw error(takeMessage(failure)) }
            return nil
        }
        defer { rocksdb_pinnableslice_destroy(pinned) }
        return copyValue(of: pinned)
    }

    func values(
        for keys: [[UInt8]], in keyspace: Keyspace, _ readOptions: OpaquePointer
    ) throws(KeyValueStoreError) -> [[UInt8]?] {
        guard keys.count > 1 else {
            guard let key = keys.first else { return [] }
            return [try value(for: key, in: keyspace, readOptions)]
        }
        let family = family(of: keyspace)
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }

        var keyBytes: [CChar] = []
        keyBytes.reserveCapacity(keys.reduce(0) { $0 + $1.count })
        for key in keys {
            key.withUnsafeBytes { keyBytes.append(contentsOf: $0.bindMemory(to: CChar.self)) }
        }
        var pinned = [OpaquePointer?](repeating: nil, count: keys.count)
        var failures = [UnsafeMutablePointer<CChar>?](repeating: nil, count: keys.count)
        keyBytes.withUnsafeBufferPointer { keyBytes in
            var starts: [UnsafePointer<CChar>?] = []
            starts.reserveCapacity(keys.count)
            var start = keyBytes.baseAddress
            for key in keys {
                starts.append(start)
                start = start?.advanced(by: key.count)
            }
            rocksdb_batched_multi_get_cf(
                database, readOptions, family, keys.count, starts, keys.map(\.count), &pinned, &failures, false)
        }
        defer { for case let value? in pinned { rocksdb_pinnableslice_destroy(value) } }
        let messages = failures.compactMap { $0.map(takeMessage) }
        if let message = messages.first { throw error(message) }
        return pinned.map { $0.map(copyValue(of:)) }
    }

    func visit(
        _ range: KeyRange, in keyspace: Keyspace, _ direction: Direction, snapshot: OpaquePointer?,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        if let upper = range.upper, !range.lower.lexicographicallyPrecedes(upper) { return }
        let family = family(of: keyspace)
        guard let pass = gate.enter() else { throw KeyValueStoreError.closed }
        defer { gate.leave(pass) }
        try withIterator(of: range, family, snapshot: snapshot) { iterator in
            switch direction {
            case .forward: rocksdb_iter_seek_to_first(iterator)
            case .backward: rocksdb_iter_seek_to_last(iterator)
            }
            while rocksdb_iter_valid(iterator) != 0 {
                var keyCount = 0
                let key = rocksdb_iter_key(iterator, &keyCount)
                var valueCount = 0
                let value = rocksdb_iter_value(iterator, &valueCount)
                guard try visitor(copy(key, keyCount), copy(value, valueCount)) else { return }
                guard !gate.isClosed else { throw KeyValueStoreError.closed }
                switch direction {
                case .forward: rocksdb_iter_next(iterator)
                case .backward: rocksdb_iter_prev(iterator)
                }
            }
            var failure: UnsafeMutablePointer<CChar>?
            rocksdb_iter_get_error(iterator, &failure)
            if let failure { throw error(takeMessage(failure)) }
        }
    }

    /// The highest key in `keyspace`.
    func lastKey(in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
        let iterator = rocksdb_create_iterator_cf(database, readOptions, family(of: keyspace))
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_last(iterator)
        guard rocksdb_iter_valid(iterator) != 0 else {
            var failure: UnsafeMutablePointer<CChar>?
            rocksdb_iter_get_error(iterator, &failure)
            if let failure { throw error(takeMessage(failure)) }
            return nil
        }
        var count = 0
        let key = rocksdb_iter_key(iterator, &count)
        return copy(key, count)
    }

    // MARK: -

    /// Lends an iterator that is bounded to `range`, whose bytes the engine reads until the iterator is gone.
    private func withIterator(
        of range: KeyRange, _ family: OpaquePointer, snapshot: OpaquePointer?, _ body: (OpaquePointer?) throws -> Void
    ) throws {
        let options = rocksdb_readoptions_create()
        defer { rocksdb_readoptions_destroy(options) }
        rocksdb_readoptions_set_verify_checksums(options, 1)
        if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot) }
        try range.lower.withUnsafeBytes { lower in
            if !lower.isEmpty {
                rocksdb_readoptions_set_iterate_lower_bound(
                    options, lower.baseAddress?.assumingMemoryBound(to: CChar.self), lower.count)
            }
            try (range.upper ?? []).withUnsafeBytes { upper in
                if !upper.isEmpty {
                    rocksdb_readoptions_set_iterate_upper_bound(
                        options, upper.baseAddress?.assumingMemoryBound(to: CChar.self), upper.count)
                }
                let iterator = rocksdb_create_iterator_cf(database, options, family)
                defer { rocksdb_iter_destroy(iterator) }
                try body(iterator)
            }
        }
    }
}

/// The bytes that a pinned value lends.
@inline(__always)
private func copyValue(of pinned: OpaquePointer) -> [UInt8] {
    var count = 0
    let bytes = rocksdb_pinnableslice_value(pinned, &count)
    return copy(bytes, count)
}

@inline(__always)
private func copy(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: bytes, count: count))
}
