package import ItemModel

/// What the `items` keyspace holds under a key: version (16) · flags (1) · binary item, which a tombstone has none of.
package struct ItemValue {
    package let version: Version
    package let isTombstone: Bool
    /// The whole value.
    package let bytes: [UInt8]

    static let headerByteCount = Version.byteCount + 1

    /// Bit 0 of the flags; the others are zero.
    private static let tombstoneFlag: UInt8 = 1

    /// Reads the header; the item stays as it is.
    package init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        version = try Version(from: &reader)
        let flags = try reader.readUInt8()
        guard flags & ~Self.tombstoneFlag == 0 else { throw .invalid("item flags", at: Version.byteCount) }
        isTombstone = flags & Self.tombstoneFlag != 0
        guard !isTombstone || bytes.count == Self.headerByteCount else {
            throw .invalid("tombstone with an item", at: Self.headerByteCount)
        }
        self.bytes = bytes
    }

    /// A tombstone where `item` is nil.
    static func encode(version: Version, item: [UInt8]?) -> [UInt8] {
        var writer = ByteWriter(capacity: headerByteCount + (item?.count ?? 0))
        version.encode(into: &writer)
        writer.append(item == nil ? tombstoneFlag : 0 as UInt8)
        if let item { writer.append(contentsOf: item) }
        return writer.bytes
    }

    /// The version of a tombstone; nil for an item.
    var tombstoneVersion: Version? { isTombstone ? version : nil }

    /// The binary item; nil for a tombstone.
    package var itemBytes: ArraySlice<UInt8>? { isTombstone ? nil : bytes[Self.headerByteCount...] }

    /// The binary item, read in place; of a tombstone an empty range, which is no item.
    var binaryItem: BinaryItem { BinaryItem(bytes, in: Self.headerByteCount..<bytes.count) }

    /// The item, decoded; nil for a tombstone.
    package func decodedItem() throws(BinaryDecodingError) -> Item? {
        guard !isTombstone else { return nil }
        return try binaryItem.decoded()
    }
}
