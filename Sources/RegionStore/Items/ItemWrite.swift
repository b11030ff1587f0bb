public import Expressions
public import ItemModel

/// One write of one item: what PutItem, UpdateItem and DeleteItem ask for, already validated against the table's keys.
public struct ItemWrite: Sendable {
    public let table: Table
    public let action: Action
    /// Evaluated against the item as it stands, or against an empty one where there is none.
    public let condition: Condition?

    public enum Action: Sendable {
        /// Replaces the item with these attributes, its key among them.
        case put(Item)
        /// Changes the item of this key, or makes one.
        case update(key: Item, UpdateExpression)
        /// Removes the item of this key.
        case delete(key: Item)
    }

    public init(table: Table, action: Action, condition: Condition? = nil) {
        self.table = table
        self.action = action
        self.condition = condition
    }
}

/// What a write did.
public struct ItemWriteResult: Sendable {
    /// The item before the write.
    public let old: Item?
    /// The item after the write; nil after a delete.
    public let new: Item?
    /// Of an update: which attributes it touched, for `UPDATED_OLD` and `UPDATED_NEW`.
    public let updated: UpdatedItem?
    /// By DynamoDB's rules, in bytes; zero where there is no item.
    public let oldSize: Int
    public let newSize: Int
    /// The index entries written and removed: what the write costs beside the table's own units, in the indexes' order.
    public let indexEffects: [IndexEffect]
    /// The size of the item's collection after the write, in bytes; nil in a table without local indexes.
    public internal(set) var collectionByteCount: Int?

    /// What a write did to one index.
    public struct IndexEffect: Sendable, Hashable {
        public let index: Text
        public let isGlobal: Bool
        /// The size of each entry that was written or removed, in bytes: two when a key changed, one otherwise.
        public let entrySizes: [Int]
    }
}

/// Why a write was refused; nothing has changed then.
public enum ItemWriteError: Error, Sendable {
    /// The condition is false; the item that it was evaluated against.
    case conditionFailed(Item?)
    /// An expression does not fit the item, with DynamoDB's text.
    case expression(ExpressionError)
    /// The item would be larger than 400 KB, or nest deeper than any request may.
    case itemTooLarge(isUpdate: Bool)
    /// An attribute that is an index's key has another type than the index says, or is empty.
    case indexKeyInvalid(index: Text, attribute: Text, expected: AttributeValue.Kind, found: AttributeValue)
    /// An attribute that is an index's key is longer than a key's may be.
    case indexKeyTooLarge(KeySchema.Part)
    /// The items of this partition key would be larger, with their entries in local indexes, than
    /// ``RegionConfiguration/maximumItemCollectionByteCount``.
    case itemCollectionTooLarge
    /// Nothing is left of the capacity of the table or of an index that the write would change.
    case throttled(ThrottledResource)
    /// The table is gone, or was made anew, since the request began.
    case tableNotFound
    /// The store failed: nothing more can be written until the process has started anew.
    case storage(String)
}
