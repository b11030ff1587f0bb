public import Expressions
public import ItemModel

/// A stored item with its version, read where it lies.
public struct StoredItem: Sendable {
    public let version: Version
    /// The stored value: the binary item begins at ``itemOffset``.
    public let value: [UInt8]
    /// The item, where somebody has decoded it already.
    private let known: Item?

    init(version: Version, value: [UInt8], decoded: Item? = nil) {
        self.version = version
        self.value = value
        known = decoded
    }

    /// The item, decoded now unless it was before.
    public func decoded() throws(BinaryDecodingError) -> Item {
        if let known { return known }
        return try binaryItem.decoded()
    }

    /// The item's size by DynamoDB's rules.
    public func sizeInBytes() throws(BinaryDecodingError) -> Int {
        if let known { return known.sizeInBytes }
        return try binaryItem.sizeInBytes()
    }

    /// The item, read in place.
    public var binaryItem: BinaryItem { BinaryItem(value, in: Self.itemOffset..<value.count) }

    /// Where in ``value`` the binary item form begins: read it in place rather than copy it.
    public static var itemOffset: Int { ItemValue.headerByteCount }

    /// The binary item form, copied.
    public var bytes: [UInt8] { Array(value[Self.itemOffset...]) }
}

/// A read of a range of items or of index entries: what Query and Scan ask for, already validated.
public struct RangeRead: Sendable {
    public let table: Table
    /// Nil reads the table itself.
    public let index: SecondaryIndex?
    public let range: Range
    public var isForward = true
    /// Where to go on: the key of the table and, on an index, the index's key too.
    ///
    /// Need not exist.
    public var exclusiveStartKey: Item?
    /// How many items are evaluated at the most; at least 1.
    public var limit: Int?
    /// Evaluated on each item read; what is false of is counted but not returned.
    public var filter: Condition?
    /// Bytes evaluated at the most in one page; the item that reaches it, or the deleted one, is the page's last.
    public var byteLimit = 1 << 20
    /// On a local index: whether attributes that the index does not hold are read from the table.
    public var fetchesItem = false

    /// Which part of the table or of the index.
    public enum Range: Sendable {
        /// One partition's items, in the order of their sort keys.
        case partition(KeyCondition)
        /// Segment `number` of `count` equal parts of the hash range; 0 of 1 is everything.
        case segment(number: Int, count: Int)
    }

    public init(table: Table, index: SecondaryIndex? = nil, range: Range) {
        self.table = table
        self.index = index
        self.range = range
    }
}

/// One page of a range read.
public struct RangePage: Sendable {
    /// On an index just what the index holds, unless the items were fetched.
    public var items: [BinaryItem] = []
    /// How many items were evaluated.
    public var scannedCount = 0
    /// The sizes of all items evaluated, by DynamoDB's rules, and the bytes stored of the deleted ones among them.
    public var evaluatedByteCount = 0
    /// Of a local index whose items were fetched from the table: the size of each, for its own read units.
    public var fetchedSizes: [Int] = []
    /// The key to go on from; nil at the range's end.
    public var lastEvaluatedKey: Item?
}
