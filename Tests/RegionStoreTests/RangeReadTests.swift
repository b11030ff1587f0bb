import Expressions
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct RangeReadTests {
    let region: TestRegion

    init() throws {
        region = try TestRegion()
        try region.createTable(
            key: .sorted,
            indexes: [.local("by-s", "s", projection: .keysOnly), .global("by-color", "color", sort: ["s"])])
        for partition in ["a", "b"] {
            for sort in [-20, -3, 0, 1, 2, 10, 100] {
                try region.put([
                    "pk": .string(Text(partition)), "sk": .number(Number(sort)), "s": .string(Text("s\(sort)")),
                    "color": .string(sort % 2 == 0 ? "even" : "odd"), "x": .string(Text("x\(sort)")),
                ])
            }
        }
    }

    private func query(
        _ range: KeyCondition.SortRange? = nil, of partition: AttributeValue = "a",
        _ change: (inout RangeRead) -> Void = { _ in }
    ) throws -> RangePage {
        var read = RangeRead(
            table: try region.table(), range: try .partition(condition(partition: [partition], sortRange: range)))
        change(&read)
        return try region.reader.page(read)
    }

    private func sorts(_ page: RangePage) throws -> [Int] {
        try page.items.compactMap { item in
            guard case .number(let number) = try item.value(named: "sk") else { return nil }
            return number.intValue
        }
    }

    @Test func `a partition is read in the order of its sort keys, or against it`() throws {
        #expect(try sorts(query()) == [-20, -3, 0, 1, 2, 10, 100])
        #expect(try sorts(query { $0.isForward = false }) == [100, 10, 2, 1, 0, -3, -20])
        #expect(try query(of: "c").items.isEmpty)
    }

    @Test func `each comparison of the sort key finds its part of the partition`() throws {
        let cases: [(KeyCondition.SortRange, [Int])] = [
            (.less(1), [-20, -3, 0]), (.lessOrEqual(1), [-20, -3, 0, 1]), (.greater(1), [2, 10, 100]),
            (.greaterOrEqual(1), [1, 2, 10, 100]), (.between(-3, 2), [-3, 0, 1, 2]), (.between(3, 9), []),
            (.less(-20), []), (.greater(100), []), (.greaterOrEqual(100), [100]),
        ]
        for (range, expected) in cases {
            #expect(try sorts(query(range)) == expected, "\(range)")
            #expect(try sorts(query(range) { $0.isForward = false }) == expected.reversed(), "\(range) backward")
        }
    }

    @Test func `the equal sort key is found as a prefix of key attributes`() throws {
        let read = RangeRead(
            table: try region.table(), range: try .partition(condition(partition: ["a"], sortPrefix: [10])))
        #expect(try sorts(region.reader.page(read)) == [10])
    }

    /// Follows pages to the end.
    private func pages(_ first: RangeRead) throws -> [RangePage] {
        var (read, pages) = (first, [RangePage]())
        repeat {
            let page = try region.reader.page(read)
            pages.append(page)
            read.exclusiveStartKey = page.lastEvaluatedKey
        } while read.exclusiveStartKey != nil && pages.count < 100
        return pages
    }

    @Test(arguments: [1, 2, 3, 7, 8], [true, false])
    func `pages of any size hold every item once`(_ limit: Int, _ isForward: Bool) throws {
        for range in [nil, .between(-3, 10), .greaterOrEqual(0), .lessOrEqual(2)] as [KeyCondition.SortRange?] {
            var read = RangeRead(
                table: try region.table(), range: try .partition(condition(partition: ["a"], sortRange: range)))
            read.isForward = isForward
            let whole = try sorts(region.reader.page(read))
            read.limit = limit
            let pages = try pages(read)
            #expect(try pages.flatMap(sorts) == whole)
            #expect(pages.dropLast().allSatisfy { $0.scannedCount == limit })
        }
    }

    @Test(arguments: [true, false])
    func `a partition without sort key is one page, and pages of such a table go on behind the item they ended with`(
        _ isForward: Bool
    ) throws {
        try region.createTable("U")
        for name in ["a", "b", "c"] { try region.put(item(name), in: "U") }
        var read = RangeRead(table: try region.table("U"), range: try .partition(condition(partition: ["b"])))
        read.isForward = isForward
        read.limit = 1
        let first = try region.reader.page(read)
        #expect(first.items.count == 1)
        #expect(first.lastEvaluatedKey == nil)
        read.exclusiveStartKey = item("b")
        let second = try region.reader.page(read)
        #expect(second.items.isEmpty && second.lastEvaluatedKey == nil)
        var scan = RangeRead(table: try region.table("U"), range: .segment(number: 0, count: 1))
        scan.isForward = isForward
        scan.limit = 1
        #expect(try pages(scan).flatMap(\.items).count == 3)
    }

    @Test(arguments: [true, false])
    func `pages of an index hold every entry once`(_ isForward: Bool) throws {
        let table = try region.table()
        for (index, partition) in [("by-s", "a"), ("by-color", "odd"), ("by-color", "even")] as [(Text, AttributeValue)]
        {
            var read = RangeRead(
                table: table, index: table.index(named: index), range: try .partition(condition(partition: [partition]))
            )
            read.isForward = isForward
            let whole = try region.reader.page(read).items
            #expect(!whole.isEmpty)
            read.limit = 1
            #expect(try pages(read).flatMap(\.items) == whole)
        }
    }

    @Test(arguments: [true, false])
    func `deleted items end pages and are charged, and pages go on behind them`(_ isForward: Bool) throws {
        // Where there is one region, nobody could bring them back, and they leave nothing.
        let other = try #require(region.configuration.regions.last).name
        try region.update("T", .createReplica(region: other, ReplicaOverrides()))
        for sort in 200..<260 {
            try region.put(["pk": "a", "sk": .number(Number(sort))])
            try region.delete(["pk": "a", "sk": .number(Number(sort))])
        }
        try region.put(["pk": "a", "sk": 300, "s": "last"])
        var read = RangeRead(table: try region.table(), range: try .partition(condition(partition: ["a"])))
        read.isForward = isForward
        let whole = try region.reader.page(read)
        #expect(try sorts(whole).sorted() == [-20, -3, 0, 1, 2, 10, 100, 300])
        #expect(whole.scannedCount == 8)
        read.byteLimit = 500
        let pages = try pages(read)
        #expect(try pages.flatMap(sorts) == sorts(whole))
        #expect(pages.allSatisfy { $0.evaluatedByteCount < 600 })
        #expect(pages.contains { $0.scannedCount == 0 && $0.lastEvaluatedKey != nil })
        #expect(pages.map(\.evaluatedByteCount).reduce(0, +) == whole.evaluatedByteCount)
    }

    @Test func `a start key need not exist, and one beyond the range ends it`() throws {
        #expect(try sorts(query { $0.exclusiveStartKey = ["pk": "a", "sk": 5] }) == [10, 100])
        #expect(
            try sorts(
                query {
                    $0.exclusiveStartKey = ["pk": "a", "sk": 5]
                    $0.isForward = false
                }) == [2, 1, 0, -3, -20])
        #expect(try sorts(query(.less(1)) { $0.exclusiveStartKey = ["pk": "a", "sk": 50] }) == [])
        #expect(try sorts(query(.less(1)) { $0.exclusiveStartKey = ["pk": "a", "sk": -100] }) == [-20, -3, 0])
        #expect(try sorts(query { $0.exclusiveStartKey = ["pk": 7] }) == [])
    }

    @Test func `a page ends with the item that reaches the byte limit`() throws {
        let size = try region.items()[0].sizeInBytes
        let page = try query { $0.byteLimit = size + 1 }
        #expect(page.items.count == 2)
        #expect(page.lastEvaluatedKey != nil)
        #expect(try query { $0.byteLimit = 1 }.items.count == 1)
        let whole = try query()
        #expect(whole.lastEvaluatedKey == nil && whole.scannedCount == 7)
    }

    @Test func `a filter decides what is returned, not what is counted`() throws {
        let page = try query { $0.filter = try? when("sk > :n", [":n": 1]) }
        #expect(try sorts(page) == [2, 10, 100])
        #expect(page.scannedCount == 7)
        let limited = try query {
            $0.filter = try? when("sk > :n", [":n": 1])
            $0.limit = 2
        }
        #expect(limited.items.isEmpty && limited.scannedCount == 2)
        #expect(limited.lastEvaluatedKey == ["pk": "a", "sk": -3])
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1_000_000])
    func `the segments of a scan hold every item once`(_ count: Int) throws {
        try region.createTable("U")
        for number in 0..<100 { try region.put(item("\(number)"), in: "U") }
        var found: [[UInt8]] = []
        let numbers = count <= 64 ? Array(0..<count) : [0, 1, count / 2, count - 1]
        for number in numbers {
            var read = RangeRead(table: try region.table("U"), range: .segment(number: number, count: count))
            read.limit = 3
            found += try pages(read).flatMap(\.items).map { try $0.decoded().encoded() }
        }
        let whole = try region.items(in: "U").map { $0.encoded() }
        if count <= 64 { #expect(found == whole) } else { #expect(Set(found).isSubset(of: whole)) }
    }

    @Test func `a scan reads one table only, though its neighbours' keys are next to its own`() throws {
        try region.createTable("U")
        try region.createTable("V")
        try region.put(item("u"), in: "U")
        #expect(try region.items(in: "T").count == 14)
        #expect(try region.items(in: "U") == [item("u")])
        #expect(try region.items(in: "V").isEmpty)
    }

    @Test func `a local index that lacks attributes fetches them from the table`() throws {
        let table = try region.table()
        var read = RangeRead(
            table: table, index: table.index(named: "by-s"), range: try .partition(condition(partition: ["a"])))
        #expect(try region.reader.page(read).items.allSatisfy { try $0.value(named: "x") == nil })
        read.fetchesItem = true
        let page = try region.reader.page(read)
        #expect(try page.items.allSatisfy { try $0.value(named: "x") != nil })
        #expect(page.fetchedSizes.count == 7)
    }

    @Test func `tombstones are neither returned nor counted`() throws {
        try region.update("T", .createReplica(region: "eu-west-1", ReplicaOverrides()))
        try region.delete(["pk": "a", "sk": 1])
        #expect(try region.tombstoneCount() == 1)
        let page = try query()
        #expect(try sorts(page) == [-20, -3, 0, 2, 10, 100])
        #expect(page.scannedCount == 6)
        let found = try region.reader.items([["pk": "a", "sk": 1], ["pk": "a", "sk": 2]], in: region.table())
        #expect(found.map { $0 == nil } == [true, false])
    }

    @Test func `several items are read in the order asked for, with gaps for what is missing`() throws {
        let keys: [Item] = [["pk": "b", "sk": 1], ["pk": "zz", "sk": 1], ["wrong": 1], ["pk": "a", "sk": 2]]
        let found = try region.reader.items(keys, in: region.table())
        #expect(found.map { $0 == nil } == [false, true, true, false])
        #expect(try Item(decoding: #require(found[3]).bytes)["x"] == "x2")
    }

    @Test func `a damaged item is an error, not a wrong answer`() throws {
        var batch = WriteBatch()
        let table = try region.table()
        batch.put(try #require(table.storageKey(of: ["pk": "a", "sk": 1])), [1, 2, 3], in: Layout.items)
        try region.disk.commit(batch, durability: .synced)
        #expect(throws: KeyValueStoreError.self) { try region.reader.item(["pk": "a", "sk": 1], in: table) }
        #expect(throws: (any Error).self) { try query() }
        #expect(throws: ItemWriteError.self) { try region.put(["pk": "a", "sk": 1]) }
    }
}

/// A key condition as a request would give it; it holds values only, so the attributes' names are nobody's.
func condition(
    partition: [AttributeValue], sortPrefix: [AttributeValue] = [], sortRange: KeyCondition.SortRange? = nil
) throws -> KeyCondition {
    var tests: [String] = []
    var values = AttributeMap()
    func value(_ value: AttributeValue) -> String {
        let name = ":v\(values.count)"
        values[Text(name)] = value
        return name
    }
    func attributes(_ prefix: String, _ kinds: [AttributeValue]) -> [KeyCondition.Schema.Attribute] {
        kinds.enumerated().map { .init(name: Text("\(prefix)\($0.offset)"), kind: $0.element.kind) }
    }
    for (index, element) in partition.enumerated() { tests.append("p\(index) = \(value(element))") }
    for (index, element) in sortPrefix.enumerated() { tests.append("s\(index) = \(value(element))") }
    var sort = sortPrefix
    let last = "s\(sortPrefix.count)"
    switch sortRange {
    case nil: break
    case .less(let bound), .lessOrEqual(let bound), .greater(let bound), .greaterOrEqual(let bound),
        .between(let bound, _), .beginsWith(let bound):
        sort.append(bound)
    }
    switch sortRange {
    case nil: break
    case .less(let bound): tests.append("\(last) < \(value(bound))")
    case .lessOrEqual(let bound): tests.append("\(last) <= \(value(bound))")
    case .greater(let bound): tests.append("\(last) > \(value(bound))")
    case .greaterOrEqual(let bound): tests.append("\(last) >= \(value(bound))")
    case .between(let low, let high): tests.append("\(last) BETWEEN \(value(low)) AND \(value(high))")
    case .beginsWith(let prefix): tests.append("begins_with(\(last), \(value(prefix)))")
    }
    return try KeyCondition(
        when(Text(tests.joined(separator: " AND ")), values),
        schema: .init(partition: attributes("p", partition), sort: attributes("s", sort)))
}
