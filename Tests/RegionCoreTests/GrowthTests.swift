import ItemModel
import KeyValueStore
import RegionCore
import Replication
import Testing

@testable import RegionStore

/// What is kept stays in proportion to what is live, over links as they are.
@Suite struct GrowthTests {
    /// Runs until all regions hold the same.
    private func settle(_ cluster: Cluster, _ seed: UInt64) throws {
        try cluster.heal()
        let isDone = try cluster.run(atMost: 60_000) { try cluster.disagreement() == nil }
        let reason = try cluster.disagreement() ?? ""
        #expect(isDone, "seed \(seed): \(reason)")
    }

    private func entryCount(_ node: Node, in keyspace: Keyspace) throws -> Int {
        var count = 0
        try node.disk.visit(KeyRange(from: [], to: nil), in: keyspace, direction: .forward) { _, _ in
            count += 1
            return true
        }
        return count
    }

    /// What the entries of a region's log did there, counted.
    private func outcomes(_ node: Node) throws -> String {
        var catalog = 0
        var counts: [LogEntry.Outcome: Int] = [:]
        try node.disk.visit(KeyRange(from: [], to: nil), in: Layout.log, direction: .forward) { _, value in
            let entry = try StoredLogEntry(value)
            if try entry.header().kind == .catalog { catalog += 1 } else { counts[entry.outcome, default: 0] += 1 }
            return true
        }
        let (applied, superseded) = (counts[.applied] ?? 0, counts[.superseded] ?? 0)
        return "applied \(applied), superseded \(superseded), repeated \(counts[.repeated] ?? 0), catalog \(catalog)"
    }

    @Test(
        "A replica that is removed and added again makes no log longer than a small multiple of the changes",
        arguments: 0..<10)
    func readdedReplica(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        try cluster.run(for: 1_000)
        // Over full links; or the last region gets the first one's changes through the second, whose replica comes and goes, or its own.
        let isRelayed = seed % 3 > 0
        let readded = seed % 3 == 1 ? 1 : 2
        if isRelayed { cluster.block(from: 0, to: 2) }
        let region = cluster.nodes[readded].region.name
        for step in 0..<40 {
            cluster.change(
                "orders", at: 0,
                step.isMultiple(of: 2)
                    ? .deleteReplica(region: region) : .createReplica(region: region, ReplicaOverrides()))
            for _ in 0..<40 {
                try cluster.run(for: cluster.number(0...10))
                for node in [0, 3 - readded] {
                    cluster.write("key-\(cluster.number(1...6))", "value", to: "orders", at: node)
                }
                if isRelayed, cluster.happens(2) { cluster.nodes[1].outgoing[cluster.nodes[2].region.id]?.cut() }
            }
        }
        try settle(cluster, seed)
        try cluster.checkHistory()
        let changeCount = cluster.history.writes.count
        let counts = try cluster.nodes.map { try entryCount($0, in: Layout.log) }
        let outcomes = try cluster.nodes.map(outcomes)
        // Each change once, and once more what was relayed before its region's own link brought it; and beside them a few entries of the
        // catalog for each replica that comes or goes.
        #expect(
            counts.allSatisfy { $0 <= changeCount * 5 / 4 + 40 * 6 },
            "seed \(seed): \(counts) for \(changeCount) changes: \(outcomes.joined(separator: "; "))")
    }

    @Test("Deleted tables are forgotten by all, and no old copy of a disk brings one back", arguments: 0..<20)
    func deletedTables(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("kept", at: 0, replicas: [1, 2])
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        try cluster.run(for: 1_000)
        for _ in 0..<20 { cluster.writeAnything(to: ["orders", "kept"]) }
        try settle(cluster, seed)
        let away = cluster.nodes[2]
        away.keepsMark = true
        cluster.writeAnything(to: ["kept"])
        try settle(cluster, seed)
        let copy = away.copyOfDisk()
        for node in [2, 1, 0] {
            cluster.deleteTable("orders", at: node)
            try settle(cluster, seed)
        }
        func isForgotten() throws -> Bool {
            try cluster.nodes.allSatisfy {
                try entryCount($0, in: Layout.catalog) == 1 && entryCount($0, in: Layout.deletedTables) == 0
            }
        }
        #expect(try cluster.run(atMost: 20_000, until: isForgotten), "seed \(seed)")
        try away.putBack(copy, withMark: seed.isMultiple(of: 2))
        try away.start()
        #expect(away.store.reader.table(named: "orders") != nil)
        try settle(cluster, seed)
        #expect(try cluster.run(atMost: 20_000, until: isForgotten), "seed \(seed), with the old copy")
        try settle(cluster, seed)
        for node in cluster.nodes { #expect(node.store.reader.catalog.tables.map(\.name) == ["kept"]) }
    }

    @Test(
        "Tables that are created and deleted while a region is away are nothing to any region when it is back",
        arguments: 0..<5)
    func churn(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("kept", at: 0, replicas: [1, 2])
        try cluster.run(for: 1_000)
        try cluster.nodes[2].crash()
        for number in 0..<200 {
            let node = number % 2
            cluster.createTable(Text("T\(number)"), at: node, replicas: number.isMultiple(of: 3) ? [1 - node] : [])
            try cluster.run(for: cluster.number(100...200))
            for node in [0, 1] { cluster.deleteTable(Text("T\(number)"), at: node) }
        }
        // A table of which a replica is being added is not deleted.
        let areDeleted = try cluster.run(atMost: 20_000) {
            for node in [0, 1] {
                for table in cluster.nodes[node].store.reader.catalog.tables where table.name != "kept" {
                    cluster.deleteTable(table.name, at: node)
                }
            }
            return try cluster.nodes.dropLast().allSatisfy { try entryCount($0, in: Layout.catalog) == 1 }
        }
        #expect(areDeleted, "seed \(seed)")
        for node in cluster.nodes.dropLast() {
            #expect(try entryCount(node, in: Layout.deletedTables) == 200)
        }
        try settle(cluster, seed)
        let isForgotten = try cluster.run(atMost: 20_000) {
            try cluster.nodes.allSatisfy { try entryCount($0, in: Layout.deletedTables) == 0 }
        }
        #expect(isForgotten, "seed \(seed)")
        for node in cluster.nodes {
            #expect(node.store.reader.catalog.tables.map(\.name) == ["kept"])
            #expect(try entryCount(node, in: Layout.meta) < 40)
        }
    }
}
