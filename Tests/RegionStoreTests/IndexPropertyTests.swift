import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct IndexPropertyTests {
    @Test(arguments: 0..<40)
    func `indexes hold just what the items say, after local and replicated writes, new indexes and restarts`(
        _ seed: Int
    ) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let world = try World(2)
        try world[1].createTable(
            indexes: [
                .global("all", "color", sort: ["size"]), .global("keys", "size", projection: .keysOnly),
                .local("some", "color", projection: .include(["n"])),
            ])
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        for _ in 0..<60 {
            world.pass(milliseconds: UInt64(generator.below(3)))
            let region = world[1 + generator.below(2)]
            switch generator.below(12) {
            case 0: try region.restart()
            case 1:
                let has = try region.table().index(named: "late")
                if has == nil, try region.table().deletingIndexes.isEmpty {
                    try region.update("T", .createIndex(.global("late", generator.chance(1, of: 2) ? "color" : "size")))
                } else if has?.status == .active {
                    try region.update("T", .deleteIndex(name: "late"))
                }
            case 2, 3: if try region.store.backfillIndexes(limit: 2) { try region.commit() }
            case 4, 5: try world.carryLog(from: world[1], to: world[2])
            case 6, 7: try world.carryLog(from: world[2], to: world[1])
            default: try randomWrite(region, using: &generator)
            }
        }
        try world.exchange()
        for region in world.regions {
            try region.backfill()
            try expectIndexesMatch(region)
        }
        #expect(try world[1].items() == world[2].items())
        #expect(try world[1].table().indexes.map(\.name) == world[2].table().indexes.map(\.name))
        for name in try world[1].table().indexes.map(\.name) {
            #expect(try world[1].entries(of: name) == world[2].entries(of: name))
        }
    }
}
