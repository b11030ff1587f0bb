import Expressions
import HybridClock
import ItemModel
import Testing

@testable import RegionStore

@Suite struct LocalWriteTests {
    let region: TestRegion

    init() throws {
        region = try TestRegion()
        try region.createTable()
    }

    @Test func `a put item is read back whole, with its version`() throws {
        try region.put(item("a", ["n": 1, "l": .list(["x", .null, .map(["y": 2])])]))
        let stored = try #require(try region.reader.item(["pk": "a"], in: region.table()))
        #expect(try Item(decoding: stored.bytes) == item("a", ["n": 1, "l": .list(["x", .null, .map(["y": 2])])]))
        #expect(stored.version.origin == region.origin)
        #expect(stored.version.stamp.milliseconds == region.now)
    }

    @Test func `each write has a version above every earlier one, whatever the clock does`() throws {
        var last = Version.zero
        for time in [0, 5, 5, 2, 9, 1, 1] as [UInt64] {
            region.now = TestRegion.start + time
            try region.put(item("a", ["n": .number(Number(Int(time)))]))
            let version = try #require(try region.reader.item(["pk": "a"], in: region.table())).version
            #expect(version > last)
            last = version
        }
    }

    @Test func `a put replaces the whole item and says what was there`() throws {
        let first = try region.put(item("a", ["n": 1, "m": 2]))
        #expect(first.old == nil && first.oldSize == 0)
        #expect(first.new == item("a", ["n": 1, "m": 2]) && first.newSize == item("a", ["n": 1, "m": 2]).sizeInBytes)
        let second = try region.put(item("a", ["n": 3]))
        #expect(try second.old?.decoded() == item("a", ["n": 1, "m": 2]))
        #expect(second.oldSize == first.newSize)
        #expect(try region.items() == [item("a", ["n": 3])])
    }

    @Test func `a deletion takes the item away and says what was there`() throws {
        try region.put(item("a", ["n": 1]))
        let result = try region.delete(["pk": "a"])
        #expect(try result.old?.decoded() == item("a", ["n": 1]))
        #expect(result.new == nil && result.newSize == 0)
        #expect(try region.item(["pk": "a"]) == nil)
        #expect(try region.contents(of: Layout.items).isEmpty)
    }

    @Test func `the deletion of nothing in a table of one region writes nothing`() throws {
        let before = try region.contents()
        let result = try region.delete(["pk": "a"])
        #expect(result.old == nil && result.new == nil)
        #expect(try region.contents() == before)
    }

    @Test func `an update makes the item that is missing out of its key`() throws {
        let result = try region.update(["pk": "a"], "SET n = if_not_exists(n, :zero) + :one", [":zero": 0, ":one": 1])
        #expect(result.old == nil && result.new == item("a", ["n": 1]))
        #expect(try region.item(["pk": "a"]) == item("a", ["n": 1]))
    }

    @Test func `an update without actions makes the item, and leaves one that is there`() throws {
        try region.write(.update(key: ["pk": "a"], UpdateExpression([])), in: "T", if: nil)
        #expect(try region.item(["pk": "a"]) == item("a"))
        try region.put(item("a", ["n": 1]))
        try region.write(.update(key: ["pk": "a"], UpdateExpression([])), in: "T", if: nil)
        #expect(try region.item(["pk": "a"]) == item("a", ["n": 1]))
    }

    @Test(arguments: [false, true])
    func `an update that makes no item leaves nothing behind, in no region`(_ isGlobal: Bool) throws {
        if isGlobal {
            let other = try #require(region.configuration.regions.last).name
            try region.update("T", .createReplica(region: other, ReplicaOverrides()))
        }
        let before = try region.contents()
        for expression: Text in ["REMOVE a", "REMOVE a.b", "REMOVE a[0], b"] {
            let result = try region.update(["pk": "a"], expression, [:])
            #expect(result.old == nil && result.new == nil && result.updated == nil && result.change == nil)
        }
        #expect(try region.contents() == before)
        // A deletion is known to the others, of an item too that is not here yet.
        try region.delete(["pk": "a"])
        #expect(try (region.contents() == before) == !isGlobal)
    }

    @Test func `an update gives what every kind of return value needs`() throws {
        try region.put(item("a", ["n": 1, "m": 2, "gone": 3, "kept": 4]))
        let result = try region.update(["pk": "a"], "SET n = n + :one, fresh = m REMOVE gone", [":one": 1])
        let old = try #require(result.old).decoded()
        #expect(old == item("a", ["n": 1, "m": 2, "gone": 3, "kept": 4]))
        #expect(result.new == item("a", ["n": 2, "m": 2, "fresh": 2, "kept": 4]))
        #expect(result.updated?.updatedOld(from: old) == ["n": 1, "gone": 3])
        #expect(result.updated?.updatedNew() == ["n": 2, "fresh": 2])
    }

    @Test func `a condition is evaluated against the item as it stands`() throws {
        try region.put(item("a", ["n": 1]), if: when("attribute_not_exists(pk)"))
        try region.put(item("a", ["n": 2]), if: when("n = :one", [":one": 1]))
        try region.update(["pk": "a"], "SET n = :v", [":v": 3], if: when("n > :one", [":one": 1]))
        try region.delete(["pk": "a"], if: when("n = :three", [":three": 3]))
        #expect(try region.items() == [])
    }

    @Test(arguments: ["put", "update", "delete"])
    func `a condition that is false changes nothing, and gives the item`(_ kind: String) throws {
        try region.put(item("a", ["n": 1]))
        let before = try region.contents()
        let condition = try when("n = :two", [":two": 2])
        do {
            switch kind {
            case "put": try region.put(item("a", ["n": 5]), if: condition)
            case "update": try region.update(["pk": "a"], "SET n = :v", [":v": 5], if: condition)
            default: try region.delete(["pk": "a"], if: condition)
            }
            Issue.record("the write should have been refused")
        } catch ItemWriteError.conditionFailed(let found) {
            #expect(try found?.decoded() == item("a", ["n": 1]))
        }
        #expect(!region.store.hasPendingChanges)
        #expect(try region.contents() == before)
        #expect(region.store.counters.localWrites == 1)
    }

    @Test func `a condition on an item that is not there sees an empty one`() throws {
        #expect(throws: ItemWriteError.self) { try region.put(item("a"), if: when("attribute_exists(pk)")) }
        #expect(throws: ItemWriteError.self) { try region.delete(["pk": "a"], if: when("attribute_exists(pk)")) }
        #expect(try region.items() == [])
    }

    @Test func `an update that does not fit the item changes nothing`() throws {
        try region.put(item("a", ["s": "text"]))
        let before = try region.contents()
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "SET s = s + :one", [":one": 1]) }
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "SET x = nothing") }
        #expect(!region.store.hasPendingChanges)
        #expect(try region.contents() == before)
    }

    @Test func `an item may have 400 KB and not one byte more, whether put or updated`() throws {
        /// An item of that many bytes: "pk" and "v" are three bytes, the key one.
        func filled(_ count: Int) -> Item { item("a", ["v": .string(Text(String(repeating: "x", count: count - 4)))]) }
        #expect(filled(409_600).sizeInBytes == 409_600)
        try region.put(filled(409_600))
        let before = try region.contents()
        func expectTooLarge(isUpdate: Bool, _ body: () throws -> Void) throws {
            do {
                try body()
                Issue.record("the item should have been refused")
            } catch ItemWriteError.itemTooLarge(let found) {
                #expect(found == isUpdate)
            }
        }
        try expectTooLarge(isUpdate: false) { try region.put(filled(409_601)) }
        try expectTooLarge(isUpdate: true) { try region.update(["pk": "a"], "SET w = :one", [":one": 1]) }
        #expect(try region.contents() == before)
    }

    /// A value within `count` lists.
    private func nested(_ count: Int) -> AttributeValue {
        (0..<count).reduce("x") { value, _ in .list([value]) }
    }

    @Test func `an item that nests deeper than 32 levels is refused, before it is encoded`() throws {
        try region.put(item("a", ["deep": nested(32), "m": .map([:])]))
        let before = try region.contents()
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "SET m.x = deep") }
        #expect(throws: ItemWriteError.self) { try region.put(item("a", ["deep": nested(33)])) }
        #expect(throws: ItemWriteError.self) { try region.put(item("a", ["deep": nested(65)])) }
        #expect(!region.store.hasPendingChanges)
        #expect(try region.contents() == before)
    }

    @Test func `updates that nest again and again end with an error, not with the process`() throws {
        try region.put(item("a", ["m": .map([:])]))
        var refused = 0
        for _ in 0..<70 {
            do {
                try region.update(["pk": "a"], "SET m.m = m")
            } catch is ItemWriteError {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test func `the counts of a table follow every write, also over a restart`() throws {
        var expected: [Item] = []
        func check() throws {
            let statistics = try region.reader.statistics(of: region.table())
            #expect(statistics.itemCount == expected.count)
            #expect(statistics.byteCount == expected.reduce(0) { $0 + $1.sizeInBytes })
        }
        for number in 0..<5 {
            expected.append(item("\(number)", ["v": .string(Text(String(repeating: "x", count: number * 10)))]))
            try region.put(expected[number])
        }
        try check()
        try region.delete(["pk": "3"])
        expected.remove(at: 3)
        try region.update(["pk": "0"], "SET v = :v", [":v": "longer than it was"])
        expected[0]["v"] = "longer than it was"
        try check()
        try region.restart()
        try check()
        try region.put(item("x"))
        expected.append(item("x"))
        try check()
    }

    @Test func `a write to a table that was deleted or made anew since is refused`() throws {
        let old = try region.table()
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        #expect(throws: ItemWriteError.self) {
            try region.store.write(ItemWrite(table: old, action: .put(item("a"))), at: region.now)
        }
        try region.createTable()
        #expect(throws: ItemWriteError.self) {
            try region.store.write(ItemWrite(table: old, action: .put(item("a"))), at: region.now)
        }
        #expect(try region.items() == [])
    }

    @Test func `an item without its table's key is refused`() throws {
        for bad in [["n": 1], ["pk": 1], ["pk": ""]] as [Item] {
            #expect(throws: ItemWriteError.self) { try region.put(bad) }
        }
    }

    @Test func `an update may not move an item to another key`() throws {
        try region.put(item("a"))
        let before = try region.contents()
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "SET pk = :v", [":v": "b"]) }
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "REMOVE pk") }
        #expect(try region.contents() == before)
    }
}
