import Expressions
import ItemModel
import KeyValueStore

extension RegionReader {
    /// Reads one page of a table or of an index, as of one commit.
    ///
    /// - Throws: `KeyValueStoreError`.
    public func page(_ read: RangeRead) throws -> RangePage {
        guard let range = read.keyRange() else { return RangePage() }
        let snapshot = try store.snapshot()
        let keyspace = read.index == nil ? Layout.items : Layout.indexes
        var page = RangePage()
        try snapshot.visit(range, in: keyspace, direction: read.isForward ? .forward : .backward) { key, bytes in
            let found: BinaryItem
            if read.index == nil {
                guard let stored = try Self.storedItem(bytes) else {
                    // Without that a page could walk any number of deleted items.
                    page.evaluatedByteCount += key.count + bytes.count
                    guard page.evaluatedByteCount < read.byteLimit else {
                        page.lastEvaluatedKey = try read.table.decodedKey(key)
                        return false
                    }
                    return true
                }
                found = stored.binaryItem
            } else {
                found = BinaryItem(bytes)
            }
            page.evaluatedByteCount += try found.sizeInBytes()
            page.scannedCount += 1
            var item = found
            if read.fetchesItem, let key = read.table.storageKey(of: try read.position(of: found)),
                let bytes = try snapshot.value(for: key, in: Layout.items), let stored = try Self.storedItem(bytes)
            {
                item = stored.binaryItem
                page.fetchedSizes.append(try item.sizeInBytes())
            }
            if try read.filter?.evaluate(item.decoded()) ?? true { page.items.append(item) }
            guard page.evaluatedByteCount < read.byteLimit, page.scannedCount < read.limit ?? .max else {
                page.lastEvaluatedKey = try read.position(of: found)
                return false
            }
            return true
        }
        if read.isOfOneItem { page.lastEvaluatedKey = nil }
        return page
    }
}

extension RangeRead {
    /// Whether there is one item at the most, behind which nothing can stand.
    fileprivate var isOfOneItem: Bool {
        guard case .partition = range else { return false }
        return index == nil && table.keySchema.sort.isEmpty
    }

    /// The keys to visit; nil where the start key or a value does not fit the schema, so that nothing can be found.
    func keyRange() -> KeyRange? {
        var range: KeyRange
        switch self.range {
        case .partition(let condition):
            guard let found = partitionRange(condition) else { return nil }
            range = found
        case .segment(let number, let count):
            range = segmentRange(number: number, count: count)
        }
        if let exclusiveStartKey {
            let key =
                index.map { $0.storageKey(of: exclusiveStartKey, in: table) } ?? table.storageKey(of: exclusiveStartKey)
            guard let key else { return nil }
            if isForward {
                // The range may begin at the start key itself, as with a sort key that is at least the last page's last.
                let successor = key + [0]
                if range.lower.lexicographicallyPrecedes(successor) { range.lower = successor }
            } else if let upper = range.upper {
                range.upper = key.lexicographicallyPrecedes(upper) ? key : upper
            } else {
                range.upper = key
            }
        }
        if let upper = range.upper, !range.lower.lexicographicallyPrecedes(upper) { return nil }
        return range
    }

    private var prefix: [UInt8] { index.map { Layout.prefix($0.id) } ?? Layout.prefix(table.id) }

    private func segmentRange(number: Int, count: Int) -> KeyRange {
        /// The first hash of a segment: the hashes are divided into equal parts.
        func boundary(_ number: Int) -> UInt64 {
            UInt64(UInt128(number) * (UInt128(UInt64.max) + 1) / UInt128(count))
        }
        var range = KeyRange(prefix: prefix)
        if number > 0 { range.lower = prefix + Layout.bigEndian(boundary(number)) }
        if number + 1 < count { range.upper = prefix + Layout.bigEndian(boundary(number + 1)) }
        return range
    }

    private func partitionRange(
        _ condition: KeyCondition
    ) -> KeyRange? {
        var forms: [UInt8] = []
        for value in condition.partition {
            guard KeyEncoder.append(value, to: &forms) else { return nil }
        }
        var base = prefix + Layout.bigEndian(PartitionHash.hash(forms)) + forms
        for value in condition.sortPrefix {
            guard KeyEncoder.append(value, to: &base) else { return nil }
        }
        func form(_ value: AttributeValue) -> [UInt8]? {
            var bytes = base
            return KeyEncoder.append(value, to: &bytes) ? bytes : nil
        }
        let everything = KeyRange(prefix: base)
        switch condition.sortRange {
        case nil: return everything
        case .less(let value): return form(value).map { KeyRange(from: base, to: $0) }
        case .lessOrEqual(let value):
            return form(value).map { KeyRange(from: base, to: KeyRange.successor(ofPrefix: $0)) }
        case .greater(let value):
            return form(value).flatMap { KeyRange.successor(ofPrefix: $0) }.map {
                KeyRange(from: $0, to: everything.upper)
            }
        case .greaterOrEqual(let value): return form(value).map { KeyRange(from: $0, to: everything.upper) }
        case .between(let low, let high):
            guard let low = form(low), let high = form(high) else { return nil }
            return KeyRange(from: low, to: KeyRange.successor(ofPrefix: high))
        case .beginsWith(.string(let text)):
            KeyEncoder.appendPrefix(text, to: &base)
            return KeyRange(prefix: base)
        case .beginsWith(.binary(let bytes)):
            KeyEncoder.appendPrefix(bytes, to: &base)
            return KeyRange(prefix: base)
        case .beginsWith: return nil
        }
    }

    /// The key attributes from which the next page goes on after `item`.
    func position(of item: BinaryItem) throws(BinaryDecodingError) -> Item {
        var key = Item()
        for attribute in table.keySchema.attributes + (index?.definition.keySchema.attributes ?? []) {
            key[attribute.name] = try item.value(named: attribute.name)
        }
        return key
    }
}
