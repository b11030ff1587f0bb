public import ItemModel
public import KeyValueStore
import Synchronization

/// What the writer shows readers after each commit; the same for every kind of store, so that nothing of it is generic.
private final class PublishedState: Sendable {
    struct State {
        var catalog = CatalogSnapshot()
        var lastPosition = LogPosition.zero
        var logStart = LogPosition(rawValue: 1)
    }

    let state = Mutex(State())
}

/// What is committed in a region, for any number of threads beside the writer.
public final class RegionReader<Store: KeyValueStore>: Sendable {
    public let configuration: RegionConfiguration
    /// This region and incarnation.
    public let origin: Origin
    package let store: Store
    private let published = PublishedState()
    let decodedCatalog = DecodedCatalog()

    init(store: Store, configuration: RegionConfiguration, origin: Origin) {
        self.store = store
        self.configuration = configuration
        self.origin = origin
    }

    /// - Parameter catalog: nil leaves it as it is.
    func publish(catalog: CatalogSnapshot?, lastPosition: LogPosition, logStart: LogPosition) {
        published.state.withLock {
            if let catalog { $0.catalog = catalog }
            $0.lastPosition = lastPosition
            $0.logStart = logStart
        }
    }

    /// The tables as of the last commit.
    public var catalog: CatalogSnapshot { published.state.withLock { $0.catalog } }

    /// The last committed position of the change log.
    public var lastPosition: LogPosition { published.state.withLock { $0.lastPosition } }

    /// The lowest position still in the change log.
    public var logStart: LogPosition { published.state.withLock { $0.logStart } }

    /// The names of all regions of the topology, in the order of their numbers.
    public var regions: [Text] { configuration.regions.map(\.name) }

    /// The table of that name with a replica here.
    public func table(named name: Text) -> Table? { catalog.table(named: name) }

    /// At most `limit` names of tables above `name`, in byte order.
    public func tableNames(after name: Text?, limit: Int) -> [Text] {
        var names: [Text] = []
        for table in catalog.tables {
            if let name, table.name <= name { continue }
            guard names.count < limit else { break }
            names.append(table.name)
        }
        return names
    }

    /// How much a table holds, exactly, as of the last commit.
    public func statistics(of table: Table) throws(KeyValueStoreError) -> TableStatistics {
        try TableStatistics(under: Layout.countKey(table.id), in: store)
    }

    /// How much an index holds, exactly, as of the last commit.
    public func statistics(of index: SecondaryIndex) throws(KeyValueStoreError) -> TableStatistics {
        try TableStatistics(under: Layout.countKey(index.id), in: store)
    }

    /// The item that has these key attributes, as committed; nil also where they do not fit the table's key schema.
    public func item(_ key: Item, in table: Table) throws(KeyValueStoreError) -> StoredItem? {
        guard let key = table.storageKey(of: key), let bytes = try store.value(for: key, in: Layout.items) else {
            return nil
        }
        return try Self.storedItem(bytes)
    }

    /// The item that has these key attributes, where it is known without waiting for the disk.
    public func cachedItem(_ key: Item, in table: Table) throws(KeyValueStoreError) -> Cached<StoredItem> {
        guard let key = table.storageKey(of: key) else { return .known(nil) }
        switch try store.cachedValue(for: key, in: Layout.items) {
        case .known(nil): return .known(nil)
        case .known(let bytes?): return .known(try Self.storedItem(bytes))
        case .unknown: return .unknown
        }
    }

    /// Several items, all as of one commit; nil where there is none.
    public func items(_ keys: [Item], in table: Table) throws(KeyValueStoreError) -> [StoredItem?] {
        try items(keys.map { (table, $0) })
    }

    static func storedItem(_ bytes: [UInt8]) throws(KeyValueStoreError) -> StoredItem? {
        let value: ItemValue
        do {
            value = try ItemValue(decoding: bytes)
        } catch {
            throw .corruption("an item's value: \(error)")
        }
        return value.isTombstone ? nil : StoredItem(version: value.version, value: bytes)
    }
}

/// How much a table or an index holds.
public struct TableStatistics: Sendable, Hashable {
    public private(set) var itemCount: Int
    /// By DynamoDB's rules for item sizes.
    public private(set) var byteCount: Int

    init(itemCount: Int, byteCount: Int) {
        self.itemCount = itemCount
        self.byteCount = byteCount
    }

    /// What is stored under `key`; nothing counts as zero.
    init(under key: [UInt8], in store: some KeyValueReader) throws(KeyValueStoreError) {
        guard let bytes = try store.value(for: key, in: Layout.meta) else {
            (itemCount, byteCount) = (0, 0)
            return
        }
        var reader = ByteReader(bytes)
        do {
            itemCount = Int(clamping: try reader.readUInt64())
            byteCount = Int(clamping: try reader.readUInt64())
        } catch {
            throw .corruption("counts: \(error)")
        }
    }

    mutating func add(items: Int, bytes: Int) {
        itemCount += items
        byteCount += bytes
    }

    /// Both numbers, eight bytes each.
    func encoded() -> [UInt8] {
        Layout.bigEndian(UInt64(clamping: itemCount), UInt64(clamping: byteCount))
    }
}
