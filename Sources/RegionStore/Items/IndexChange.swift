import ItemModel

/// What a change of an item does to one index.
struct IndexChange {
    let index: SecondaryIndex
    /// Where in the `indexes` keyspace; nil where the item has no entry in the index, before it or after it.
    let oldKey: [UInt8]?
    let newKey: [UInt8]?
    /// The binary form of the entry after the change.
    let newEntry: [UInt8]
    let oldSize: Int
    let newSize: Int

    /// Nil where the index stays as it is.
    ///
    /// - Parameter isSameItem: whether the two items are equal, which spares comparing the entries of an index that holds whole items.
    init?(of index: SecondaryIndex, from old: OldItem?, to new: EncodedItem?, isSameItem: Bool, in table: Table) {
        let oldKey = old?.item.flatMap { index.storageKey(of: $0, in: table) }
        let newKey = new.flatMap { index.storageKey(of: $0.item, in: table) }
        guard oldKey != nil || newKey != nil else { return nil }
        if index.definition.projection == .all {
            guard oldKey != newKey || !isSameItem else { return nil }
            newEntry = newKey == nil ? [] : new?.bytes ?? []
            oldSize = oldKey == nil ? 0 : old?.size ?? 0
            newSize = newKey == nil ? 0 : new?.size ?? 0
        } else {
            let oldEntry = oldKey == nil ? nil : old?.item.map { index.projected($0, in: table) }
            let entry = newKey == nil ? nil : new.map { index.projected($0.item, in: table) }
            guard oldKey != newKey || oldEntry != entry else { return nil }
            newEntry = entry?.encoded() ?? []
            oldSize = oldEntry?.sizeInBytes ?? 0
            newSize = entry?.sizeInBytes ?? 0
        }
        self.index = index
        self.oldKey = oldKey
        self.newKey = newKey
    }

    /// By how much the count of the index's entries changes.
    var entryCountDifference: Int { (newKey == nil ? 0 : 1) - (oldKey == nil ? 0 : 1) }

    /// What is reported of it.
    var effect: ItemWriteResult.IndexEffect {
        var sizes: [Int] = []
        if let oldKey, oldKey != newKey { sizes.append(oldSize) }
        if newKey != nil { sizes.append(max(newSize, oldKey == newKey ? oldSize : 0)) }
        return .init(index: index.name, isGlobal: index.isGlobal, entrySizes: sizes)
    }
}
