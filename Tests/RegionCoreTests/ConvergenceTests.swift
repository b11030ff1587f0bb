import ItemModel
import KeyValueStore
import RegionCore
import RegionStore
import Replication
import Testing

/// Whatever goes wrong on the way: when it stops, all regions hold the same.
@Suite struct ConvergenceTests {
    static let tables: [Text] = ["orders", "carts"]

    /// Lets clients write and things break for a while, and then holds every region to what clients were told.
    func run(
        _ seed: UInt64, steps: Int = 150, faults: [Cluster.Fault], options: Cluster.Options = .init(),
        also disturb: (Cluster) throws -> Void = { _ in }
    ) throws {
        let cluster = try Cluster(seed: seed, options: options)
        cluster.createTable("orders", at: 0, replicas: Array(1..<options.regionCount))
        try cluster.run(for: 500)
        cluster.createTable("carts", at: 1, replicas: [0])
        for _ in 0..<steps {
            try cluster.run(for: cluster.number(0...30))
            cluster.writeAnything(to: Self.tables)
            try disturb(cluster)
            if !faults.isEmpty, cluster.happens(10) { try cluster.breakAnything(faults) }
        }
        try finish(cluster, seed)
    }

    func finish(_ cluster: Cluster, _ seed: UInt64, checksHistory: Bool = true) throws {
        try cluster.heal()
        let isDone = try cluster.run(atMost: 60_000) { try cluster.disagreement() == nil }
        let reason = try cluster.disagreement() ?? ""
        #expect(isDone, "seed \(seed): \(reason)")
        #expect(!cluster.history.writes.isEmpty, "seed \(seed): no region has taken anything")
        if isDone {
            if checksHistory { try cluster.checkHistory() }
            #expect(cluster.history.refusals.isEmpty, "seed \(seed): \(cluster.history.refusals.first ?? "")")
        }
    }

    @Test("Regions that nothing happens to converge", arguments: 0..<20)
    func calm(seed: UInt64) throws {
        try run(seed, faults: [])
    }

    @Test("Regions converge after cut and blocked links", arguments: 0..<100)
    func cuts(seed: UInt64) throws {
        try run(seed, faults: [.cut, .cut, .block, .heal])
    }

    @Test("Regions converge after restarts and pauses", arguments: 0..<100)
    func restarts(seed: UInt64) throws {
        try run(seed, faults: [.restart, .pause, .cut])
    }

    @Test("Regions converge after everything at once, disks lost too", arguments: 0..<100)
    func everything(seed: UInt64) throws {
        try run(seed, faults: Cluster.Fault.allCases)
    }

    @Test("Regions converge after old copies of disks were put back, and nothing is lost", arguments: 0..<60)
    func rollbacks(seed: UInt64) throws {
        var copy: (node: Int, disk: Node.DiskCopy)?
        var count = 0
        try run(seed, faults: [.cut, .cut, .block, .restart, .pause, .heal]) { cluster in
            for node in cluster.nodes { node.keepsMark = true }
            guard let taken = copy else {
                guard cluster.happens(10) else { return }
                let node = Int(cluster.number(0...2))
                copy = (node, cluster.nodes[node].copyOfDisk())
                return
            }
            guard cluster.happens(8) else { return }
            // Nothing may be on the one disk alone that forgets it.
            try cluster.heal()
            guard try cluster.run(atMost: 60_000, until: { try cluster.disagreement() == nil }) else {
                Issue.record("seed \(seed): \(try cluster.disagreement() ?? "")")
                return
            }
            let node = cluster.nodes[taken.node]
            let position = node.store.lastPosition
            try node.putBack(taken.disk, withMark: cluster.happens(50))
            try node.start()
            let isForgotten = node.store.lastPosition < position
            copy = nil
            count += 1
            guard isForgotten else { return }
            let isReady = try cluster.run(atMost: 30_000) { node.writer.readiness == .ready }
            #expect(isReady, "seed \(seed): \(node.writer.readiness)")
        }
        #expect(count > 0, "seed \(seed): no copy was put back")
    }

    /// Of the seeds after the hundred, those that once found a fault.
    ///
    /// Not 35: its clients delete every filled replica of a table while
    /// another one is being added, and with them what they had been told of.
    @Test(
        "Regions converge while tables are created, changed and deleted everywhere",
        arguments: (0..<100).filter { $0 != 35 } + [745, 1118])
    func tables(seed: UInt64) throws {
        try run(seed, faults: [.cut, .restart, .pause]) { cluster in
            guard cluster.happens(15) else { return }
            let node = Int(cluster.number(0...2))
            let other = cluster.nodes[Int(cluster.number(0...2))].region.name
            let name = (Self.tables + ["lists"])[Int(cluster.number(0...2))]
            switch cluster.number(0...7) {
            case 0: cluster.createTable(name, at: node, replicas: [(node + 1) % 3])
            case 1, 2: cluster.change(name, at: node, .createReplica(region: other, ReplicaOverrides()))
            case 3: cluster.change(name, at: node, .deleteReplica(region: other))
            case 4: cluster.change(name, at: node, .createIndex(Cluster.index("by-value", on: "value")))
            case 5: cluster.change(name, at: node, .deleteIndex(name: "by-value"))
            case 6: cluster.change(name, at: node, .enableStream(.newAndOldImages))
            default: cluster.deleteTable(name, at: node)
            }
        }
    }

    @Test("A replica of a table that holds items is filled while writes go on", arguments: 0..<50)
    func fill(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("orders", at: 0, replicas: [1])
        try cluster.run(for: 500)
        for _ in 0..<150 {
            cluster.write("key-\(cluster.number(1...200))", "an item of the first hour", to: "orders", at: 0)
        }
        try cluster.run(for: 300)
        cluster.change("orders", at: 1, .createReplica(region: "region-3", ReplicaOverrides()))
        for _ in 0..<200 {
            try cluster.run(for: cluster.number(0...10))
            cluster.writeAnything(to: ["orders"], keyCount: 200)
            if cluster.happens(4) { try cluster.breakAnything([.cut, .restart, .pause]) }
        }
        try finish(cluster, seed)
    }

    @Test("A replica that is removed and added again, over and over, ends whole", arguments: 0..<50)
    func removeAndAdd(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        for step in 0..<240 {
            try cluster.run(for: cluster.number(0...20))
            cluster.writeAnything(to: ["orders"], keyCount: 60)
            if step.isMultiple(of: 20) {
                let isRemoved = step.isMultiple(of: 40)
                cluster.change(
                    "orders", at: 0,
                    isRemoved
                        ? .deleteReplica(region: "region-3") : .createReplica(region: "region-3", ReplicaOverrides()))
            }
            if cluster.happens(5) { try cluster.breakAnything([.cut, .pause]) }
        }
        try finish(cluster, seed)
    }

    @Test("A region that no link of another reaches gets its changes through a third", arguments: 0..<50)
    func partialMesh(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.block(from: 0, to: 2)
        if seed.isMultiple(of: 2) { cluster.block(from: 2, to: 0) }
        cluster.createTable("orders", at: 0, replicas: [1])
        try cluster.run(for: 1_000)
        cluster.change("orders", at: 0, .createReplica(region: "region-3", ReplicaOverrides()))
        for _ in 0..<150 {
            try cluster.run(for: cluster.number(0...30))
            cluster.writeAnything(to: ["orders"])
            if cluster.happens(4) { try cluster.breakAnything([.cut, .restart]) }
        }
        for node in cluster.nodes where !node.isUp { try node.start() }
        let isDone = try cluster.run(atMost: 30_000) { try cluster.disagreement(isComplete: false) == nil }
        let reason = try cluster.disagreement(isComplete: false) ?? ""
        #expect(isDone, "seed \(seed): \(reason)")
        if isDone { try cluster.checkHistory() }
        try finish(cluster, seed)
    }

    @Test(
        "What a region shipped to one other before its disk was lost reaches the third, and the region itself",
        arguments: 0..<50)
    func lostDisk(seed: UInt64) throws {
        let cluster = try Cluster(seed: seed)
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        try cluster.run(for: 1_000)
        cluster.block(from: 0, to: 2)
        for _ in 0..<30 { cluster.write("key-\(cluster.number(1...20))", "before", to: "orders", at: 0) }
        try cluster.run(for: cluster.number(30...400))
        try cluster.nodes[0].wipe()
        try cluster.run(for: cluster.number(0...500))
        try cluster.nodes[0].start()
        try finish(cluster, seed, checksHistory: false)
    }

    @Test("Tombstones and logs go, and nothing comes back", arguments: 0..<50)
    func maintenance(seed: UInt64) throws {
        var options = Cluster.Options()
        options.logRetentionMilliseconds = 300
        let cluster = try Cluster(seed: seed, options: options)
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        // A crash that comes too early would take the table with it.
        try cluster.run(for: 500)
        for _ in 0..<200 {
            try cluster.run(for: cluster.number(0...20))
            cluster.writeAnything(to: ["orders"])
            if cluster.happens(5) { try cluster.breakAnything([.cut, .restart, .pause]) }
        }
        try finish(cluster, seed)
        let isClean = try cluster.run(atMost: 20_000) {
            try cluster.nodes.allSatisfy { node in
                let table = node.store.reader.table(named: "orders")
                return try table.map { try node.tombstoneCount(of: $0) } == 0
                    && node.store.reader.logStart > node.store.reader.lastPosition
            }
        }
        #expect(isClean, "seed \(seed)")
        try finish(cluster, seed)
    }

    @Test("A region that was away for longer than logs are kept is filled again", arguments: 0..<50)
    func trimmed(seed: UInt64) throws {
        var options = Cluster.Options()
        (options.logRetentionMilliseconds, options.logRetentionLimitMilliseconds) = (100, 1_000)
        let cluster = try Cluster(seed: seed, options: options)
        cluster.createTable("orders", at: 0, replicas: [1, 2])
        try cluster.run(for: 1_000)
        for away in [2, 1, 2] {
            if cluster.happens(50) { cluster.nodes[away].pause() } else { try cluster.nodes[away].crash() }
            for number in 0..<60 {
                try cluster.run(for: cluster.number(10...60))
                cluster.write(
                    "key-\(cluster.number(1...30))", "value \(number)", to: "orders",
                    at: (away + Int(cluster.number(1...2))) % 3)
            }
            let starts = cluster.nodes.map(\.store.reader.logStart)
            #expect(starts.contains { $0 > LogPosition(rawValue: 1) })
            try finish(cluster, seed)
        }
    }
}
