public import Expressions
public import ItemModel

/// One write of one item: what PutItem, UpdateItem and DeleteItem ask for, already validated against the table's keys.
///
/// Making one does all that needs no stored state, on the caller's thread: key forms, and an item's binary form, size and limits.
public struct ItemWrite: Sendable {
    public let table: Table
    public let action: Action
    /// Evaluated against the item as it stands, or against an empty one where there is none.
    public let condition: Condition?
    /// The item's key in the `items` keyspace; nil where its attributes do not fit the table's schema.
    let key: [UInt8]?
    private let preparation: Preparation

    public enum Action: Sendable {
        /// Replaces the item with these attributes, its key among them.
        case put(Item)
        /// Changes the item of this key, or makes one.
        case update(key: Item, UpdateExpression)
        /// Removes the item of this key.
        case delete(key: Item)

        /// The key attributes, or the whole item, that say which item is meant.
        var keyAttributes: Item {
            switch self {
            case .put(let item): item
            case .update(let key, _), .delete(let key): key
            }
        }
    }

    /// What was found out of an action without the store.
    private enum Preparation: Sendable {
        /// The item, or why it cannot be in the table.
        case put(Result<EncodedItem, ItemWriteError>)
        case update
        /// The binary form of the key attributes alone.
        case delete(keyBytes: [UInt8])
    }

    public init(table: Table, action: Action, condition: Condition? = nil) {
        self.table = table
        self.action = action
        self.condition = condition
        key = table.storageKey(of: action.keyAttributes)
        switch action {
        case .put(let item):
            do throws(ItemWriteError) {
                preparation = .put(.success(try EncodedItem(item, for: table, isUpdate: false)))
            } catch {
                preparation = .put(.failure(error))
            }
        case .update: preparation = .update
        case .delete(let attributes):
            let keyAttributes = key == nil ? nil : table.keySchema.key(of: attributes)
            preparation = .delete(keyBytes: keyAttributes?.encoded() ?? [])
        }
    }

    /// Whether the condition or the action is evaluated against the item as it stands.
    var readsItem: Bool {
        if case .update = action { return true }
        return condition != nil
    }

    /// The binary form of a deletion's key attributes; nil for the other actions.
    var deletedKeyBytes: [UInt8]? {
        if case .delete(let bytes) = preparation { bytes } else { nil }
    }

    /// The item after the write; nil after a delete, and where an update makes none.
    ///
    /// - Parameters:
    ///   - old: the item as it stands, which only an update reads.
    ///   - current: the table as it is now: with other indexes than the request knew, an item has to be checked anew.
    func outcome(on old: Item?, in current: Table) throws(ItemWriteError) -> (EncodedItem?, UpdatedItem?) {
        switch (action, preparation) {
        case (.delete, _): return (nil, nil)
        case (.put, .put(let prepared)) where current === table || current.indexes == table.indexes:
            return (try prepared.get(), nil)
        case (.put(let item), _): return (try EncodedItem(item, for: current, isUpdate: false), nil)
        case (.update(let key, let update), _):
            let updated: UpdatedItem
            do {
                try update.checkLeavesKey(current.keySchema.attributes.map(\.name))
                if let old {
                    updated = try update.apply(to: old)
                } else if let made = try update.creating(fromKey: key) {
                    updated = made
                } else {
                    return (nil, nil)
                }
            } catch {
                throw .expression(error)
            }
            return (try EncodedItem(updated.item, for: current, isUpdate: true), updated)
        }
    }
}

/// What a write did.
public struct ItemWriteResult: Sendable {
    /// The item before the write, as it was stored.
    public let old: StoredItem?
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
    public let collectionByteCount: Int?
    /// Nil where nothing was changed.
    public let change: LoggedChange?

    /// What a write did to one index.
    public struct IndexEffect: Sendable, Hashable {
        public let index: Text
        public let isGlobal: Bool
        /// The size of each entry that was written or removed, in bytes: two when a key changed, one otherwise.
        public let entrySizes: [Int]
    }

    /// Nothing was written, and `size` is that of the item that was read.
    init(ofNothing size: Int) {
        (old, new, updated, collectionByteCount, change) = (nil, nil, nil, nil, nil)
        (oldSize, newSize, indexEffects) = (size, size, [])
    }

    init(_ change: ItemChange, logged: LoggedChange, updated: UpdatedItem?, collectionByteCount: Int?) {
        old = change.old?.result
        new = change.new?.item
        self.updated = updated
        oldSize = change.oldSize
        newSize = change.newSize
        indexEffects = change.indexChanges.map(\.effect)
        self.collectionByteCount = collectionByteCount
        self.change = logged
    }
}

/// Where a change stands.
public struct LoggedChange: Sendable, Hashable {
    /// In the log of the region that made it.
    public let position: LogPosition
    public let version: Version
}

/// Why a write was refused; nothing has changed then.
public enum ItemWriteError: Error, Sendable {
    /// The condition is false; the item that it was evaluated against.
    case conditionFailed(StoredItem?)
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
