import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct CatalogTests {
    let region: TestRegion

    init() throws { region = try TestRegion() }

    /// Expects that `body` is refused with `error` and changes nothing.
    private func expect(
        _ error: CatalogError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) throws {
        let before = try region.contents()
        #expect(throws: error, sourceLocation: sourceLocation) { try body() }
        #expect(!region.store.hasPendingChanges, sourceLocation: sourceLocation)
        #expect(try region.contents() == before, sourceLocation: sourceLocation)
    }

    @Test func `a new table is active, with one replica and what was asked for`() throws {
        let table = try region.createTable(
            key: .sorted, indexes: [.global("z", "a"), .global("b", "a"), .local("l", "x")]
        ) { specification in
            specification.billingMode = .provisioned
            specification.throughput = Throughput(read: 3, write: 4)
            specification.streamViewType = .newImage
            specification.tableClass = .infrequentAccess
            specification.isDeletionProtected = true
            specification.localSettings.tags = [Tag(key: "k", value: "v")]
        }
        for table in [table, try region.table()] {
            #expect(table.status == .active && table.replicas.map(\.region) == ["us-east-1"] && !table.isGlobal)
            #expect(table.indexes.map(\.name) == ["l", "b", "z"])
            #expect(table.indexes.allSatisfy { $0.status == .active })
            #expect(table.billingMode == .provisioned && table.throughput == Throughput(read: 3, write: 4))
            #expect(table.streamViewType == .newImage && table.streamLabelMilliseconds == region.now)
            #expect(table.tableClass == .infrequentAccess && table.isDeletionProtected)
            #expect(table.localSettings.tags == [Tag(key: "k", value: "v")] && table.createdMilliseconds == region.now)
            #expect(table.attributeDefinitions.map(\.name) == ["pk", "sk", "x", "a"])
        }
    }

    @Test func `a name is taken by one table only`() throws {
        try region.createTable()
        try expect(.tableExists("T")) { try region.createTable() }
    }

    @Test func `a local index is not deleted`() throws {
        try region.createTable(indexes: [.local("l", "color")])
        try expect(.indexNotGlobal("l")) { try region.update("T", .deleteIndex(name: "l")) }
        #expect(try region.table().indexes.map(\.name) == ["l"])
    }

    @Test func `what is missing is named`() throws {
        try region.createTable()
        try expect(.tableNotFound("U")) { try region.update("U", .disableStream) }
        try expect(.tableNotFound("U")) { _ = try region.store.deleteTable("U", at: region.now) }
        #expect(throws: LocalSettingsRefusal.tableNotFound) {
            try region.store.changeLocalSettings(of: "U", .removeTags(keys: []), at: region.now)
        }
        try expect(.indexNotFound("i")) { try region.update("T", .deleteIndex(name: "i")) }
        try expect(.indexNotFound("i")) { try region.update("T", .updateIndex(name: "i", nil, nil)) }
        try expect(.replicaNotFound(region: "eu-west-1")) {
            try region.update("T", .deleteReplica(region: "eu-west-1"))
        }
        try expect(.unknownRegion("mars")) {
            try region.update("T", .createReplica(region: "mars", ReplicaOverrides()))
        }
        try expect(.localRegion("us-east-1")) {
            try region.update("T", .createReplica(region: "us-east-1", ReplicaOverrides()))
        }
        try expect(.localRegion("us-east-1")) { try region.update("T", .deleteReplica(region: "us-east-1")) }
        try expect(.streamNotEnabled) { try region.update("T", .disableStream) }
    }

    @Test func `of several changes none is made when one is refused`() throws {
        try region.createTable()
        try expect(.indexNotFound("i")) {
            try region.update("T", .setTableClass(.infrequentAccess), .deleteIndex(name: "i"))
        }
        #expect(try region.table().tableClass == nil)
    }

    @Test func `a table at the bound of tables is refused`() throws {
        let region = try TestRegion { $0.maximumTableCount = 2 }
        try region.createTable("a")
        try region.createTable("b")
        #expect(throws: CatalogError.self) { try region.createTable("c") }
        _ = try region.store.deleteTable("a", at: region.now)
        try region.commit()
        try region.createTable("c")
    }

    @Test func `a protected table is not deleted until it is unprotected`() throws {
        try region.createTable { $0.isDeletionProtected = true }
        try expect(.deletionProtected("T")) { _ = try region.store.deleteTable("T", at: region.now) }
        try region.update("T", .setDeletionProtection(false))
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        #expect(region.reader.table(named: "T") == nil)
    }

    @Test func `a deleted table leaves no item, index entry or count, and its numbers are not used again`()
        throws
    {
        let first = try region.createTable(indexes: [.global("i", "color")])
        for number in 0..<5 { try region.put(item("\(number)", ["color": "red"])) }
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        for keyspace in [Layout.items, Layout.indexes, Layout.expiry] {
            #expect(try region.contents(of: keyspace).isEmpty)
        }
        #expect(try region.disk.value(for: Layout.countKey(first.id), in: Layout.meta) == nil)
        try region.restart()
        let second = try region.createTable(indexes: [.global("i", "color")])
        #expect(second.uuid != first.uuid && second.id > first.id)
        #expect(second.indexes[0].id > first.indexes[0].id)
        #expect(try region.items().isEmpty)
        #expect(try region.reader.statistics(of: second).itemCount == 0)
    }

    @Test func `a table deleted and made anew in one drain is empty`() throws {
        try region.createTable()
        try region.put(item("a"))
        _ = try region.store.deleteTable("T", at: region.now)
        let table = try region.store.createTable(
            TableSpecification(name: "T", keySchema: .partitionOnly), at: region.now)
        _ = try region.store.write(ItemWrite(table: table, action: .put(item("b"))), at: region.now)
        try region.commit()
        #expect(try region.items() == [item("b")])
        #expect(try region.reader.statistics(of: region.table()).itemCount == 1)
        try region.restart()
        #expect(try region.items() == [item("b")])
    }

    @Test func `a stream keeps its label until it is enabled once more`() throws {
        try region.createTable { $0.streamViewType = .keysOnly }
        let first = region.now
        region.now += 10
        try expect(.streamEnabled(table: "T")) { try region.update("T", .enableStream(.newImage)) }
        try region.update("T", .setTableClass(.infrequentAccess))
        #expect(try region.table().streamLabelMilliseconds == first)
        try region.update("T", .disableStream)
        #expect(try region.table().streamViewType == nil && region.table().streamLabelMilliseconds == first)
        region.now += 10
        try region.update("T", .enableStream(.newImage))
        #expect(try region.table().streamLabelMilliseconds == region.now)
    }

    @Test func `what one update says twice of a setting counts as it was said last`() throws {
        try region.createTable()
        try region.update(
            "T", .setBilling(.provisioned, Throughput(read: 1, write: 1)), .setBilling(.payPerRequest, nil))
        #expect(try region.table().billingMode == .payPerRequest)
        #expect(try region.table().payPerRequestSinceMilliseconds == region.now)
        try region.update("T", .setTableClass(.infrequentAccess), .setTableClass(.standard))
        #expect(try region.table().tableClass == .standard)
    }

    @Test func `changes of one update that clear different overrides clear them all`() throws {
        let world = try World(2)
        try world[1].createTable()
        try world.exchange()
        var overrides = ReplicaOverrides()
        overrides.readCapacityUnits = 5
        overrides.maximumReadRequestUnits = 6
        overrides.tableClass = .infrequentAccess
        try world[1].update("T", .createReplica(region: "eu-west-1", overrides))
        try world.exchange()
        #expect(try world[2].table().tableClass == .infrequentAccess)
        #expect(try world[2].table().onDemandThroughput?.maximumRead == 6)
        try world[1].update(
            "T", .setBilling(.provisioned, Throughput(read: 1, write: 1)),
            .changeOnDemandThroughput(OnDemandChange(read: .set(1))), .setTableClass(.standard))
        try world.exchange()
        #expect(try world[2].table().replicas[1].overrides == ReplicaOverrides())
        #expect(try world[2].table().tableClass == .standard)
        #expect(try world[2].table().onDemandThroughput?.maximumRead == 1)
    }

    @Test func `a change of one maximum keeps the other, of tables and of indexes`() throws {
        try region.createTable(indexes: [.global("g", "color")])
        let steps: [(change: OnDemandChange, read: Int?, write: Int?)] = [
            (OnDemandChange(read: .set(20), write: .set(15)), 20, 15), (OnDemandChange(read: .set(40)), 40, 15),
            (OnDemandChange(), 40, 15), (OnDemandChange(write: .remove), 40, nil),
            (OnDemandChange(read: .remove), nil, nil), (OnDemandChange(write: .set(1)), nil, 1),
        ]
        for step in steps {
            try region.update(
                "T", .changeOnDemandThroughput(step.change), .updateIndex(name: "g", nil, step.change))
            let table = try region.table()
            let index = try #require(table.index(named: "g"))
            for maxima in [table.onDemandThroughput, index.definition.onDemandThroughput] {
                #expect(maxima?.maximumRead == step.read && maxima?.maximumWrite == step.write)
                #expect((maxima == nil) == (step.read == nil && step.write == nil))
            }
        }
    }

    @Test func `tables are listed in the byte order of their names, a page at a time`() throws {
        for name in ["b", "A", "a", "aa", "Z"] as [Text] { try region.createTable(name) }
        #expect(region.reader.tableNames(after: nil, limit: 10) == ["A", "Z", "a", "aa", "b"])
        #expect(region.reader.tableNames(after: "Z", limit: 2) == ["a", "aa"])
        #expect(region.reader.tableNames(after: "a0", limit: 2) == ["aa", "b"])
        #expect(region.reader.tableNames(after: "b", limit: 2).isEmpty)
    }

    @Test func `tables, settings, tags and counts are the same after a restart`() throws {
        try region.createTable(key: .sorted, indexes: [.global("g", "color"), .local("l", "size")]) {
            $0.streamViewType = .newImage
        }
        try region.update("T", .setBilling(.provisioned, Throughput(read: 1, write: 2)))
        _ = try region.store.changeLocalSettings(of: "T", .putTags([Tag(key: "k", value: "v")]), at: region.now)
        try region.commit()
        func description() throws -> String {
            let table = try region.table()
            return """
                \(table.name) \(table.uuid) \(table.id) \(table.status) \(table.keySchema) \(table.indexes) \(table.localSettings.tags) \
                \(table.billingMode) \(String(describing: table.throughput)) \(table.replicas) \
                \(String(describing: table.streamLabelMilliseconds)) \(table.createdMilliseconds)
                """
        }
        let before = try description()
        let contents = try region.contents()
        try region.restart()
        #expect(try description() == before)
        #expect(try region.contents() == contents)
    }
}
