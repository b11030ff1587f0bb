import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct TransactionShippingTests {
    /// Three regions; `T` is everywhere, `U` in the first two.
    private func world() throws -> World {
        let world = try World(3)
        for (table, count) in [("T", 3), ("U", 2)] as [(Text, Int)] {
            try world[1].createTable(table) { $0.streamViewType = .newAndOldImages }
            for number in 2...count {
                try world.exchange()
                try world[1].update(table, .createReplica(region: world[number].name, ReplicaOverrides()))
            }
            try world.exchange()
        }
        return world
    }

    private func transaction(_ region: TestRegion, _ number: Int, count: Int, in tables: [Text]) throws {
        try region.transact(
            try (0..<count).map { index in
                try region.step(
                    .put(item("\(index)", ["transaction": .number(Number(number))])), in: tables[index % tables.count])
            })
    }

    /// Every page of the log of `region`, however small the limits, as the transactions of its records.
    private func checkPages(
        of region: TestRegion, for receiver: TestRegion, of origin: Origin, byteLimit: Int, scanLimit: Int
    ) throws {
        let filter = LogFilter(
            origin: origin, tables: region.reader.catalog.tables(replicatedTo: receiver.name), includesCatalog: true)
        var position = LogPosition.zero
        var seen: Set<LogPosition> = []
        var count = 0
        while position < region.reader.lastPosition {
            let page = try region.reader.changes(
                after: position, upTo: region.reader.lastPosition, matching: filter, byteLimit: byteLimit,
                scanLimit: scanLimit)
            #expect(page.readPosition > position)
            position = page.readPosition
            let starts = try page.records.compactMap { try ChangeRecord.header(of: $0).transactionStart }
            #expect(seen.isDisjoint(with: starts), "a transaction is in two pages")
            seen.formUnion(starts)
            count += page.records.count
        }
        let whole = try region.reader.changes(
            after: .zero, upTo: region.reader.lastPosition, matching: filter, byteLimit: .max)
        #expect(count == whole.records.count)
    }

    @Test func `no page ends within a transaction, in its own region's log or in another's`() throws {
        let world = try world()
        for number in 0..<12 {
            try transaction(world[1], number, count: 2 + number % 5, in: number % 3 == 0 ? ["T"] : ["T", "U"])
            if number % 2 == 0 { try world[1].put(item("single")) }
        }
        try world.exchange()
        for byteLimit in [1, 100, 300, 1_000, 100_000] {
            for scanLimit in [1, 2, 3, 7, 10_000] {
                for receiver in [2, 3] {
                    try checkPages(
                        of: world[1], for: world[receiver], of: world[1].origin, byteLimit: byteLimit,
                        scanLimit: scanLimit)
                }
                // What the second region has had of the first one, passed on to the third one, which has no `U`.
                try checkPages(
                    of: world[2], for: world[3], of: world[1].origin, byteLimit: byteLimit, scanLimit: scanLimit)
                try checkPages(
                    of: world[3], for: world[2], of: world[1].origin, byteLimit: byteLimit, scanLimit: scanLimit)
            }
        }
    }

    @Test func `a page that ends with a transaction whose last change was left out ends there`() throws {
        let world = try world()
        // The last change is of `U`, which the third region does not log.
        try transaction(world[1], 1, count: 2, in: ["T", "U"])
        try transaction(world[1], 2, count: 2, in: ["T", "U"])
        try world.exchange()
        let filter = LogFilter(origin: world[1].origin, tables: [try world[1].table().uuid], includesCatalog: false)
        let page = try world[3].reader.changes(
            after: .zero, upTo: world[3].reader.lastPosition, matching: filter, byteLimit: 1)
        #expect(page.records.count == 1)
    }

    @Test func `a remote region shows a transaction whole, or what newer writes left of it`() throws {
        let world = try world()
        world.byteLimit = 1
        try world[2].put(item("0", ["transaction": 100]), in: "U")
        try world[2].put(item("0", ["transaction": 100]), in: "T")
        try world.exchange()
        world[2].now += 10
        try world[2].put(item("1", ["transaction": 200]), in: "T")
        try world[1].transact(
            try (0..<4).map { try world[1].step(.put(item("\($0)", ["transaction": 1])), in: $0 < 2 ? "T" : "U") })
        let before = world[2].reader.lastPosition
        let page = try world[1].reader.changes(
            after: world[2].store.vector[world[1].origin], upTo: world[1].reader.lastPosition,
            matching: world.filter(world[1], world[2], world[1].origin), byteLimit: 1)
        try world[2].store.apply(
            ReceivedBatch(
                origin: world[1].origin, records: page.records, position: page.readPosition, isComplete: true),
            at: world[2].now)
        #expect(world[2].reader.lastPosition == before)
        try world[2].commit()
        let log = try world[2].log().suffix(4)
        #expect(log.map(\.entry.outcome) == [.applied, .superseded, .applied, .applied])
        #expect(log.map(\.record.transaction?.index) == [0, 1, 2, 3])
        #expect(try world[2].item(["pk": "1"])?["transaction"] == 200)
        #expect(try world[2].item(["pk": "3"], in: "U")?["transaction"] == 1)
    }
}
