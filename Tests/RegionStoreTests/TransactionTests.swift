import Expressions
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct TransactionTests {
    private func region(tables: [Text] = ["T"]) throws -> TestRegion {
        let region = try TestRegion()
        for table in tables { try region.createTable(table, indexes: [.global("by-group", "group")]) }
        return region
    }

    @Test func `every step takes effect in one commit, in every table and index`() throws {
        let region = try region(tables: ["T", "U"])
        try region.put(item("old", ["n": 1]))
        try region.put(item("gone", ["group": "g"]))
        let before = region.reader.lastPosition
        let outcome = try region.store.transact(
            Transaction([
                try region.step(.put(item("new", ["group": "g"]))),
                try region.step(.update(key: ["pk": "old"], updating("ADD n :one", [":one": 1]))),
                try region.step(.delete(key: ["pk": "gone"])),
                try region.step(.put(item("other", ["group": "h"])), in: "U"),
            ]), at: region.now)
        #expect(region.reader.lastPosition == before)
        #expect(try region.item(["pk": "new"]) == nil)
        try region.commit()
        guard case .done(let results) = outcome else {
            Issue.record("not done")
            return
        }
        #expect(results.map(\.indexEffects.count) == [1, 0, 1, 1])
        #expect(try region.item(["pk": "old"]) == item("old", ["n": 2]))
        #expect(try region.item(["pk": "gone"]) == nil)
        #expect(try region.entries(of: "by-group").map { $0["pk"] } == ["new"])
        #expect(try region.item(["pk": "other"], in: "U") == item("other", ["group": "h"]))
    }

    @Test func `each change is marked with its place, checks and what changes nothing left out`() throws {
        let region = try region()
        try region.put(item("here"))
        try region.transact([
            .check(
                ItemCheck(
                    table: try region.table(), key: ["pk": "here"], condition: try when("attribute_exists(pk)"))),
            try region.step(.put(item("a"))), try region.step(.delete(key: ["pk": "nothing"])),
            try region.step(.put(item("b"))),
        ])
        let marked = try region.log().suffix(2).map(\.record)
        #expect(marked.map(\.transaction) == [.init(index: 0, count: 2), .init(index: 1, count: 2)])
        #expect(marked[1].position == marked[0].position.successor)
        let headers = try marked.map { try ChangeRecord.header(of: $0.encoded()) }
        #expect(headers.map(\.transactionStart) == [marked[0].position, marked[0].position])
        try region.transact([try region.step(.put(item("alone")))])
        #expect(try region.log().last?.record.transaction == nil)
    }

    @Test func `one false condition keeps all from taking effect, and each step is told of`() throws {
        let region = try region()
        try region.put(item("a", ["n": 1]))
        try region.put(item("b", ["n": 2]))
        let before = try region.contents()
        let reasons = try region.refusal([
            try region.step(.put(item("c"))),
            try region.step(.put(item("a")), if: when("attribute_not_exists(pk)")),
            .check(ItemCheck(table: try region.table(), key: ["pk": "b"], condition: try when("n = :n", [":n": 3]))),
            try region.step(.update(key: ["pk": "d"], updating("SET x = y"))),
            try region.step(.put(item("e", ["group": 1]))),
        ])
        #expect(reasons.count == 5)
        if reasons[0] != nil { Issue.record("the first step is told to be wrong") }
        guard case .conditionFailed(let a) = reasons[1], case .conditionFailed(let b) = reasons[2],
            case .expression = reasons[3], case .indexKeyInvalid = reasons[4]
        else {
            Issue.record("\(reasons)")
            return
        }
        #expect(try a?.decoded() == item("a", ["n": 1]))
        #expect(try b?.decoded() == item("b", ["n": 2]))
        #expect(!region.store.hasPendingChanges)
        try region.commit()
        #expect(try region.contents() == before)
    }

    @Test func `two steps about one item are refused, whatever they do`() throws {
        let region = try region()
        let table = try region.table()
        let check = Transaction.Step.check(
            ItemCheck(table: table, key: ["pk": "a"], condition: try when("attribute_exists(pk)")))
        for first in [check, try region.step(.put(item("a"))), try region.step(.delete(key: ["pk": "a"]))] {
            #expect(throws: TransactionError.self) {
                try region.transact([first, try region.step(.put(item("a", ["n": 1])))])
            }
        }
        try region.transact([try region.step(.put(item("a"))), try region.step(.put(item("b")))])
    }

    @Test func `a transaction sees what an earlier one of the same drain did`() throws {
        let region = try region()
        _ = try region.store.transact(Transaction([try region.step(.put(item("a")))]), at: region.now)
        #expect(throws: TransactionError.self) {
            try region.store.transact(
                Transaction([try region.step(.put(item("a")), if: when("attribute_not_exists(pk)"))]), at: region.now)
        }
        try region.commit()
        #expect(try region.items().count == 1)
    }

    @Test func `a table that is gone is told as the reason`() throws {
        let region = try region()
        let step = try region.step(.put(item("a")))
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        guard case .tableNotFound = try region.refusal([step])[0] else {
            Issue.record("another reason")
            return
        }
    }
}

extension TestRegion {
    func step(_ action: ItemWrite.Action, in name: Text = "T", if condition: Condition? = nil) throws
        -> Transaction.Step
    {
        .write(ItemWrite(table: try table(name), action: action, condition: condition))
    }

    /// Transacts and commits.
    @discardableResult
    func transact(_ steps: [Transaction.Step], token: Transaction.Token? = nil) throws -> TransactionOutcome {
        let outcome = try store.transact(Transaction(steps, token: token), at: now)
        try commit()
        return outcome
    }

    /// The reasons for which a transaction is cancelled.
    func refusal(_ steps: [Transaction.Step]) throws -> [ItemWriteError?] {
        do throws(TransactionError) {
            _ = try store.transact(Transaction(steps), at: now)
        } catch {
            if case .cancelled(let reasons) = error { return reasons }
            throw error
        }
        return []
    }
}
