import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct GroupCommitTests {
    let region: TestRegion
    let table: Table

    init() throws {
        region = try TestRegion()
        table = try region.createTable(indexes: [.global("by-color", "color")])
    }

    /// Writes without committing.
    @discardableResult
    private func write(_ action: ItemWrite.Action, if expression: Text? = nil) throws -> ItemWriteResult {
        try region.store.write(
            ItemWrite(table: table, action: action, condition: try expression.map { try when($0) }), at: region.now)
    }

    @Test func `commands of one drain see each other`() throws {
        try write(.put(item("a", ["n": 1])), if: "attribute_not_exists(pk)")
        #expect(throws: ItemWriteError.self) { try write(.put(item("a")), if: "attribute_not_exists(pk)") }
        #expect(try write(.update(key: ["pk": "a"], updating("ADD n :one", [":one": 1]))).new == item("a", ["n": 2]))
        #expect(try write(.delete(key: ["pk": "a"])).old?.decoded() == item("a", ["n": 2]))
        #expect(try write(.put(item("a", ["n": 9])), if: "attribute_not_exists(pk)").old == nil)
        try region.commit()
        #expect(try region.items() == [item("a", ["n": 9])])
    }

    @Test func `index entries of one drain follow its last word`() throws {
        try write(.put(item("a", ["color": "red"])))
        try write(.put(item("a", ["color": "blue"])))
        try write(.put(item("b", ["color": "red"])))
        try write(.delete(key: ["pk": "b"]))
        try region.commit()
        #expect(try region.entries(of: "by-color") == [item("a", ["color": "blue"])])
    }

    @Test func `nothing of a drain is visible before its commit`() throws {
        let before = try region.contents()
        let position = region.reader.lastPosition
        try write(.put(item("a", ["color": "red"])))
        _ = try region.store.createTable(TableSpecification(name: "U", keySchema: .partitionOnly), at: region.now)
        #expect(try region.contents() == before)
        #expect(try region.items().isEmpty)
        #expect(region.reader.table(named: "U") == nil)
        #expect(region.reader.lastPosition == position)
        try region.commit()
        #expect(try region.items() == [item("a", ["color": "red"])])
        #expect(region.reader.table(named: "U") != nil)
        #expect(region.reader.lastPosition.rawValue == position.rawValue + 2)
    }

    @Test func `a drain is one batch of the store`() throws {
        let commits = CommitCounter()
        region.disk.faults.commit = { _, durability in
            commits.note(durability)
            return nil
        }
        for number in 0..<10 { try write(.put(item("\(number)"))) }
        try region.commit()
        try region.commit()
        #expect(commits.durabilities == [.synced])
    }

    @Test func `a snapshot taken before a commit does not change`() throws {
        try region.put(item("a"))
        let snapshot = try region.reader.snapshot()
        try region.put(item("b"))
        let page = try region.reader.snapshotPage(of: table, in: snapshot, from: nil, byteLimit: 1000)
        #expect(page.items.map(\.payload) == [item("a").encoded()])
    }

    @Test(arguments: [CommitFault.lost(.engine("broken")), .written(.engine("broken"))])
    func `after a commit that failed nothing is written until the store is opened anew`(_ fault: CommitFault) throws {
        try region.put(item("a"))
        region.disk.failNextCommit(fault)
        try write(.put(item("b")))
        #expect(throws: KeyValueStoreError.engine("broken")) { try region.commit() }
        #expect(throws: ItemWriteError.self) { try write(.put(item("c"))) }
        #expect(throws: CatalogError.self) { try region.createTable("U") }
        #expect(throws: LocalSettingsRefusal.self) {
            try region.store.changeLocalSettings(of: "T", .removeTags(keys: []), at: region.now)
        }
        #expect(throws: KeyValueStoreError.self) { try region.commit() }
        #expect(throws: KeyValueStoreError.self) { try region.store.trimLog(at: region.now, limit: 1) }
        try region.restart(losingUnsynced: true)
        let expected = fault == .lost(.engine("broken")) ? [item("a")] : [item("a"), item("b")]
        #expect(try Set(region.items()) == Set(expected))
        #expect(region.reader.lastPosition.rawValue == UInt64(expected.count + 1))
    }

    @Test func `a read that fails refuses the write and leaves the region able to go on`() throws {
        try region.put(item("a"))
        region.disk.faults.read = { _, keyspace in keyspace == Layout.items ? .corruption("bad block") : nil }
        #expect(throws: ItemWriteError.self) { try write(.put(item("a", ["n": 2]))) }
        #expect(!region.store.hasPendingChanges)
        region.disk.faults.read = nil
        try region.put(item("a", ["n": 2]))
        #expect(try region.items() == [item("a", ["n": 2])])
    }
}

/// Notes what a store was asked to commit.
final class CommitCounter: @unchecked Sendable {
    private(set) var durabilities: [Durability] = []
    func note(_ durability: Durability) { durabilities.append(durability) }
}
