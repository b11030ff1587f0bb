import Expressions
import ItemModel
import KeyValueStore
import Synchronization
import TestSupport
import Testing

@testable import RegionStore

@Suite struct PreparedWriteTests {
    /// A binary item that can be read in place but not decoded: its names are out of order.
    private static let undecodable: [UInt8] = [2, 2, 0x70, 0x6B, 2, 1, 0x61, 1, 0x6E, 1, 4]

    /// A region that stores such an item under the key `a`.
    private func damagedRegion(
        indexes: [IndexDefinition] = [], change: (inout TableSpecification) -> Void = { _ in }
    ) throws -> TestRegion {
        let region = try TestRegion()
        try region.createTable(indexes: indexes, change: change)
        try region.put(item("a"))
        let key = try #require(try region.table().storageKey(of: ["pk": "a"]))
        var batch = WriteBatch()
        batch.put(
            key, ItemValue.encode(version: .zero, item: Self.undecodable), in: Layout.items)
        try region.disk.commit(batch, durability: .synced)
        return region
    }

    @Test func `a write without condition decodes nothing of the item that it replaces`() throws {
        #expect(throws: BinaryDecodingError.self) { try Item(decoding: Self.undecodable) }
        for view in [nil, .newAndOldImages] as [StreamViewType?] {
            let region = try damagedRegion { $0.streamViewType = view }
            try region.update("T", .setTimeToLive(attribute: "expires", isEnabled: true))
            let result = try region.put(item("a", ["n": 1]))
            #expect(result.old?.bytes == Self.undecodable && result.oldSize == 5)
            #expect(throws: BinaryDecodingError.self) { try result.old?.decoded() }
            #expect(try region.items() == [item("a", ["n": 1])])
        }
        let region = try damagedRegion()
        #expect(try region.delete(["pk": "a"]).old?.bytes == Self.undecodable)
    }

    @Test func `a damaged item refuses the writes that have to decode it, and nothing else`() throws {
        let region = try damagedRegion()
        let condition = try when("attribute_exists(pk)")
        for write in [
            { try region.put(item("a"), if: condition) }, { try region.update(["pk": "a"], "SET n = :n", [":n": 1]) },
        ] as [() throws -> ItemWriteResult] {
            #expect {
                try write()
            } throws: {
                if case ItemWriteError.storage = $0 { true } else { false }
            }
        }
        try region.put(item("b"), if: when("attribute_not_exists(pk)"))
        let indexed = try damagedRegion(indexes: [.global("g", "color")])
        #expect(throws: ItemWriteError.self) { try indexed.put(item("a", ["color": "red"])) }
    }

    @Test func `an item is checked against the indexes that the table has when it is written`() throws {
        let region = try TestRegion()
        try region.createTable()
        let old = try region.table()
        func write(_ color: AttributeValue, to table: Table) throws {
            _ = try region.store.write(
                ItemWrite(table: table, action: .put(item("a", ["color": color]))), at: region.now)
            try region.commit()
        }
        try write(1, to: old)
        try region.delete(["pk": "a"])
        try region.update("T", .createIndex(.global("g", "color")))
        let indexed = try region.table()
        #expect(throws: ItemWriteError.self) { try write(1, to: old) }
        #expect(throws: ItemWriteError.self) { try write(1, to: indexed) }
        try write("red", to: old)
        try region.backfill()
        #expect(try region.entries(of: "g") == [item("a", ["color": "red"])])
        try region.update("T", .deleteIndex(name: "g"))
        try write(1, to: indexed)
        #expect(try region.items() == [item("a", ["color": 1])])
    }

    @Test func `an item that nests too deeply to be encoded is refused before that`() throws {
        let region = try TestRegion()
        try region.createTable()
        let deep = (0..<100).reduce("x" as AttributeValue) { value, _ in .list([value]) }
        for action in [
            .put(item("a", ["deep": deep])), .put(["deep": deep]), .delete(key: ["pk": deep]),
            .delete(key: ["deep": deep]),
        ] as [ItemWrite.Action] {
            #expect(throws: ItemWriteError.self) { try region.write(action, in: "T", if: nil) }
        }
    }

    @Test func `a log entry made at once has the bytes of one made of a record`() {
        for bounds in [nil, .init(index: 1, count: 3)] as [ChangeRecord.TransactionBounds?] {
            for payload in [0, 10, 200, 20_000].map({ [UInt8](repeating: 7, count: $0) }) {
                let record = ChangeRecord(
                    kind: .put, cause: .user, position: LogPosition(rawValue: 9), version: .zero, replaced: .zero,
                    table: TableUUID(high: 1, low: 2), transaction: bounds, payload: payload)
                #expect(record.encoded().count == record.encodedByteCount)
                #expect(
                    LogEntry.encode(record, outcome: .applied, oldImage: [1, 2])
                        == LogEntry.encode(record: record.encoded(), outcome: .applied, oldImage: [1, 2]))
            }
        }
    }

    @Test func `the writes of one transaction to one item collection all count`() throws {
        let region = try TestRegion()
        try region.createTable(key: .sorted, indexes: [.local("l", "color")])
        let items = (0..<4).map { number in item("a", ["sk": .number(Number(number)), "color": "red"]) }
        try region.transact(items.map { try region.step(.put($0)) })
        let last = try region.put(items[0])
        #expect(last.collectionByteCount == items.reduce(0) { $0 + 2 * $1.sizeInBytes })
    }
}

@Suite struct WriteAdmissionTests {
    /// Limits the tables of some names, and notes what it is asked.
    private final class Capacity: WriteAdmission {
        struct Log {
            var takes: [(demands: [WriteDemand], isTransaction: Bool, nowMilliseconds: UInt64)] = []
            var hasCapacity = true
            var refusal: (Int, ThrottledResource)?
        }
        let log = Mutex(Log())
        let limited: [Text]

        init(limiting limited: [Text]) { self.limited = limited }

        func isLimited(_ table: Table) -> Bool { limited.contains(table.name) }

        func hasCapacity(_ table: Table, at nowMilliseconds: UInt64) -> Bool { log.withLock { $0.hasCapacity } }

        func take(
            _ demands: [WriteDemand], isTransaction: Bool, at nowMilliseconds: UInt64
        ) -> (position: Int, resource: ThrottledResource)? {
            log.withLock {
                $0.takes.append((demands, isTransaction, nowMilliseconds))
                return $0.refusal
            }
        }

        var takes: [(demands: [WriteDemand], isTransaction: Bool, nowMilliseconds: UInt64)] {
            log.withLock { $0.takes }
        }
    }

    private func region(_ capacity: Capacity) throws -> TestRegion {
        let region = try TestRegion()
        try region.createTable("limited", indexes: [.global("g", "color")])
        try region.createTable("free")
        region.store.admission = capacity
        return region
    }

    @Test func `only writes to limited tables ask for capacity, each for what it takes at its time`() throws {
        let capacity = Capacity(limiting: ["limited"])
        let region = try region(capacity)
        try region.put(item("a"), in: "free")
        #expect(capacity.takes.isEmpty)
        let first = item("a", ["color": "red"])
        try region.put(first, in: "limited")
        let take = try #require(capacity.takes.first)
        #expect(!take.isTransaction && take.nowMilliseconds == region.now && take.demands.count == 1)
        #expect(take.demands.first?.newSize == first.sizeInBytes && take.demands.first?.oldSize == 0)
        #expect(take.demands.first?.indexEffects.map(\.entrySizes) == [[first.sizeInBytes]])
    }

    @Test func `a false condition takes what reading the item takes`() throws {
        let capacity = Capacity(limiting: ["limited"])
        let region = try region(capacity)
        try region.put(item("a"), in: "limited")
        #expect(throws: ItemWriteError.self) {
            try region.put(item("a", ["n": 1]), in: "limited", if: when("attribute_not_exists(pk)"))
        }
        let demand = try #require(capacity.takes.last?.demands.first)
        #expect(demand.oldSize == item("a").sizeInBytes && demand.newSize == demand.oldSize)
        #expect(demand.indexEffects.isEmpty)
    }

    @Test func `a write without capacity changes nothing`() throws {
        let capacity = Capacity(limiting: ["limited"])
        let region = try region(capacity)
        capacity.log.withLock { $0.hasCapacity = false }
        #expect(throws: ItemWriteError.self) { try region.put(item("a"), in: "limited") }
        capacity.log.withLock { ($0.hasCapacity, $0.refusal) = (true, (0, .index("g"))) }
        #expect {
            try region.put(item("a"), in: "limited")
        } throws: {
            if case ItemWriteError.throttled(.index("g")) = $0 { true } else { false }
        }
        #expect(!region.store.hasPendingChanges)
        #expect(try region.items(in: "limited").isEmpty)
    }

    @Test func `a transaction takes what all of its steps need at once, and the refused step is named`() throws {
        let capacity = Capacity(limiting: ["limited"])
        let region = try region(capacity)
        let check = ItemCheck(
            table: try region.table("limited"), key: ["pk": "x"], condition: try when("attribute_not_exists(pk)"))
        let steps = [
            try region.step(.put(item("a")), in: "free"), try region.step(.put(item("a")), in: "limited"),
            .check(check),
        ]
        try region.transact(steps)
        let take = try #require(capacity.takes.first)
        #expect(capacity.takes.count == 1 && take.isTransaction && take.demands.count == 2)
        capacity.log.withLock { $0.refusal = (1, .table) }
        let reasons = try region.refusal(steps)
        #expect(reasons.map { $0 == nil } == [true, true, false])
    }
}
