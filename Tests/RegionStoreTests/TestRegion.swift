import Expressions
import HybridClock
public import ItemModel
import KeyValueStore
import TestSupport

@testable import RegionStore

/// One region over an in-memory disk, with the short words that tests are written in.
final class TestRegion {
    static let names: [Text] = ["us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1"]
    /// A moment that no test depends on, in milliseconds since the epoch.
    static let start: UInt64 = 1_700_000_000_000

    let configuration: RegionConfiguration
    private(set) var disk: InMemoryStore
    private(set) var store: RegionStore<InMemoryStore>
    /// The physical clock; only the test moves it.
    var now = TestRegion.start

    /// - Parameter number: 1 for us-east-1, and so on in the order of ``names``.
    init(_ number: UInt16 = 1, seed: UInt64? = nil, change: (inout RegionConfiguration) -> Void = { _ in }) throws {
        var configuration = RegionConfiguration(
            region: RegionID(rawValue: number),
            regions: Self.names.enumerated().map {
                .init(id: RegionID(rawValue: UInt16($0.offset + 1)), name: $0.element)
            })
        change(&configuration)
        self.configuration = configuration
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        var generator = SplitMix64(seed: seed ?? UInt64(number))
        store = try RegionStore(opening: disk, configuration: configuration, using: &generator)
    }

    /// A region whose disk holds what `image` writes.
    init(opening image: WriteBatch, configuration: RegionConfiguration, mark: LogMarkReading = .notKept) throws {
        self.configuration = configuration
        disk = InMemoryStore(keyspaces: Layout.keyspaces)
        try disk.commit(image, durability: .synced)
        var generator = SplitMix64(seed: 99)
        store = try RegionStore(opening: disk, configuration: configuration, mark: mark, using: &generator)
    }

    /// A batch that writes all that the disk holds.
    func image() throws -> WriteBatch {
        var batch = WriteBatch()
        for keyspace in Layout.keyspaces {
            try disk.visit(KeyRange(from: [], to: nil), in: keyspace, direction: .forward) { key, value in
                batch.put(key, value, in: keyspace)
                return true
            }
        }
        return batch
    }

    var reader: RegionReader<InMemoryStore> { store.reader }
    var name: Text { configuration.name }
    var origin: Origin { store.origin }

    func commit() throws { try store.commit() }

    /// Ends the process without warning and starts it anew on what the disk kept.
    func restart(losingUnsynced: Bool = false) throws {
        if losingUnsynced { disk.crash() } else { disk.close() }
        try reopen()
    }

    /// Starts the process anew on what a disk that was closed or crashed has kept.
    func reopen() throws {
        disk = try disk.reopen()
        var generator = SplitMix64(seed: 99)
        store = try RegionStore(opening: disk, configuration: configuration, using: &generator)
    }

    // MARK: Tables

    @discardableResult
    func createTable(
        _ name: Text = "T", key: KeySchema = .partitionOnly, indexes: [IndexDefinition] = [],
        change: (inout TableSpecification) -> Void = { _ in }
    ) throws -> Table {
        var specification = TableSpecification(name: name, keySchema: key, indexes: indexes)
        change(&specification)
        let table = try store.createTable(specification, at: now)
        try commit()
        return table
    }

    @discardableResult
    func update(_ name: Text = "T", _ changes: TableChange...) throws -> Table {
        let table = try store.updateTable(name, changes, at: now)
        try commit()
        return table
    }

    /// The table as the last commit left it.
    func table(_ name: Text = "T") throws -> Table {
        guard let table = reader.table(named: name) else { throw CatalogError.tableNotFound(name) }
        return table
    }

    /// This region's replica of the table.
    func replica(_ name: Text = "T") throws -> LocalReplica {
        let table = try table(name)
        return LocalReplica(table: table.uuid, id: table.id)
    }

    /// Enters everything into new indexes.
    func backfill(limit: Int = 3) throws {
        while try store.backfillIndexes(limit: limit) { try commit() }
    }

    // MARK: Items

    @discardableResult
    func put(_ item: Item, in name: Text = "T", if condition: Condition? = nil) throws -> ItemWriteResult {
        try write(.put(item), in: name, if: condition)
    }

    @discardableResult
    func delete(_ key: Item, in name: Text = "T", if condition: Condition? = nil) throws -> ItemWriteResult {
        try write(.delete(key: key), in: name, if: condition)
    }

    @discardableResult
    func update(
        _ key: Item, _ expression: Text, _ values: AttributeMap = [:], in name: Text = "T",
        if condition: Condition? = nil
    ) throws -> ItemWriteResult {
        try write(.update(key: key, updating(expression, values)), in: name, if: condition)
    }

    /// Writes and commits.
    @discardableResult
    func write(_ action: ItemWrite.Action, in name: Text, if condition: Condition?) throws -> ItemWriteResult {
        let result = try store.write(ItemWrite(table: try table(name), action: action, condition: condition), at: now)
        try commit()
        return result
    }

    func item(_ key: Item, in name: Text = "T") throws -> Item? {
        try reader.item(key, in: try table(name)).map { try Item(decoding: $0.bytes) }
    }

    /// Every item of a table, in the order of its keys.
    func items(in name: Text = "T") throws -> [Item] {
        try reader.page(RangeRead(table: try table(name), range: .segment(number: 0, count: 1))).items.map {
            try $0.decoded()
        }
    }

    /// Every entry of an index, in its order.
    func entries(of index: Text, in name: Text = "T") throws -> [Item] {
        let table = try table(name)
        let read = RangeRead(table: table, index: table.index(named: index), range: .segment(number: 0, count: 1))
        return try reader.page(read).items.map { try $0.decoded() }
    }

    // MARK: Bytes

    /// Everything that the disk holds in a keyspace, in order.
    func contents(of keyspace: Keyspace) throws -> [[UInt8]] {
        var contents: [[UInt8]] = []
        try disk.visit(KeyRange(from: [], to: nil), in: keyspace, direction: .forward) { key, value in
            contents += [key, value]
            return true
        }
        return contents
    }

    /// Everything that the disk holds.
    func contents() throws -> [[[UInt8]]] { try Layout.keyspaces.map(contents) }

    /// The log as it stands.
    func log() throws -> [(entry: LogEntry, record: ChangeRecord)] {
        let contents = try contents(of: Layout.log)
        return try stride(from: 1, to: contents.count, by: 2).map { index in
            let entry = try LogEntry(decoding: contents[index])
            return (entry, try ChangeRecord(decoding: entry.record))
        }
    }

    /// The bytes of the log's keys and values.
    func logByteCount() throws -> UInt64 {
        UInt64(try contents(of: Layout.log).reduce(0) { $0 + $1.count })
    }

    /// How many tombstones the items hold.
    func tombstoneCount() throws -> Int {
        let contents = try contents(of: Layout.items)
        return try stride(from: 1, to: contents.count, by: 2)
            .count { try ItemValue(decoding: contents[$0]).isTombstone }
    }
}

extension KeySchema {
    static let partitionOnly = KeySchema(partition: [KeyAttribute(name: "pk", kind: .string)])
    static let sorted = KeySchema(
        partition: [KeyAttribute(name: "pk", kind: .string)], sort: [KeyAttribute(name: "sk", kind: .number)])
}

extension IndexDefinition {
    /// A global index over string attributes.
    static func global(
        _ name: Text, _ partition: Text..., sort: [Text] = [], projection: IndexProjection = .all
    ) -> IndexDefinition {
        IndexDefinition(
            name: name, isGlobal: true,
            keySchema: KeySchema(
                partition: partition.map { KeyAttribute(name: $0, kind: .string) },
                sort: sort.map { KeyAttribute(name: $0, kind: .string) }),
            projection: projection)
    }

    /// A local index over a string attribute, of a table with the partition key `pk`.
    static func local(_ name: Text, _ sort: Text, projection: IndexProjection = .all) -> IndexDefinition {
        IndexDefinition(
            name: name, isGlobal: false,
            keySchema: KeySchema(
                partition: [KeyAttribute(name: "pk", kind: .string)], sort: [KeyAttribute(name: sort, kind: .string)]),
            projection: projection)
    }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral text: String) { self = .string(Text(text)) }
    public init(integerLiteral integer: Int) { self = .number(Number(integer)) }
}

/// A condition with its values.
func when(_ expression: Text, _ values: AttributeMap = [:]) throws -> Condition {
    try ParsedCondition(parsing: expression).bind(to: Placeholders(names: nil, values: values.isEmpty ? nil : values))
}

/// An update with its values.
func updating(_ expression: Text, _ values: AttributeMap = [:]) throws -> UpdateExpression {
    try ParsedUpdate(parsing: expression).bind(to: Placeholders(names: nil, values: values.isEmpty ? nil : values))
}

/// An item of a string key and further attributes.
func item(_ key: String, _ rest: Item = [:]) -> Item {
    var item = rest
    item["pk"] = .string(Text(key))
    return item
}

/// The same as it is stored.
func image(_ key: String, _ rest: Item = [:]) -> BinaryItem { BinaryItem(item(key, rest).encoded()) }
