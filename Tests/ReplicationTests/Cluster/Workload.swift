import Expressions
import HybridClock
import ItemModel
import KeyValueStore
import Replication

@testable import RegionStore

/// What clients do to a cluster.
extension Cluster {
    static let keySchema = KeySchema(partition: [KeyAttribute(name: "pk", kind: .string)])

    static func index(_ name: Text, on attribute: Text) -> IndexDefinition {
        IndexDefinition(
            name: name, isGlobal: true,
            keySchema: KeySchema(partition: [KeyAttribute(name: attribute, kind: .string)]), projection: .keysOnly)
    }

    /// Creates a table with replicas in other regions.
    func createTable(_ name: Text, at node: Int, replicas: [Int] = []) {
        guard nodes[node].isUp else { return }
        let others = replicas.map { nodes[$0].region.name }
        nodes[node].submit { store, now in
            let specification = TableSpecification(
                name: name, keySchema: Self.keySchema, indexes: [Self.index("by-group", on: "group")])
            _ = try? store.createTable(specification, at: now)
            if !others.isEmpty {
                let changes = others.map { TableChange.createReplica(region: $0, ReplicaOverrides()) }
                _ = try? store.updateTable(name, changes, at: now)
            }
            return {}
        }
    }

    func change(_ name: Text, at node: Int, _ changes: TableChange...) {
        guard nodes[node].isUp else { return }
        nodes[node].submit { store, now in
            _ = try? store.updateTable(name, changes, at: now)
            return {}
        }
    }

    func deleteTable(_ name: Text, at node: Int) {
        guard nodes[node].isUp else { return }
        nodes[node].submit { store, now in
            _ = try? store.deleteTable(name, at: now)
            return {}
        }
    }

    /// Puts an item, or deletes it where `value` is nil.
    func write(_ key: String, _ value: String?, to name: Text, at node: Int) {
        guard nodes[node].isUp else { return }
        let cluster = self
        history.operationCount += 1
        nodes[node].submit { store, now in
            guard let table = store.catalog.local(named: name)?.table else { return {} }
            var item: Item = ["pk": .string(Text(key))]
            let action: ItemWrite.Action
            if let value {
                item["value"] = .string(Text(value))
                if value.utf8.count.isMultiple(of: 2) { item["group"] = .string(Text("group-\(value.utf8.count)")) }
                action = .put(item)
            } else {
                action = .delete(key: item)
            }
            let before = store.lastPosition
            guard let result = try? store.write(ItemWrite(table: table, action: action), at: now),
                store.lastPosition > before, let key = table.storageKey(of: item)
            else { return {} }
            let version = Version(stamp: store.clock.highWaterMark, origin: store.origin)
            let write = History.Write(
                table: table.uuid, key: Array(key.dropFirst(4)), version: version, item: result.new?.encoded())
            return { cluster.history.writes.append(write) }
        }
    }

    /// A write of a random item somewhere.
    func writeAnything(to tables: [Text], keyCount: UInt64 = 12) {
        let node = Int(number(0...UInt64(nodes.count - 1)))
        guard nodes[node].isUp else { return }
        let table = tables[Int(number(0...UInt64(tables.count - 1)))]
        let value = happens(25) ? nil : String(repeating: "v", count: Int(number(1...80)))
        write("key-\(number(1...keyCount))", value, to: table, at: node)
    }

    /// Something breaks, or is mended.
    func breakAnything(_ kinds: [Fault]) throws {
        let node = nodes[Int(number(0...UInt64(nodes.count - 1)))]
        switch kinds[Int(number(0...UInt64(kinds.count - 1)))] {
        case .cut: node.outgoing[Int(number(0...UInt64(node.outgoing.count - 1)))].connection?.cut()
        case .block:
            let other = Int(number(0...UInt64(nodes.count - 1)))
            if nodes[other] !== node {
                block(from: nodes.firstIndex { $0 === node } ?? 0, to: other)
            }
        case .heal: try heal()
        case .restart:
            try node.crash()
            schedule(after: number(10...500)) { if !node.isUp { try node.start() } }
        case .pause:
            node.pause()
            schedule(after: number(10...900)) { try node.resume() }
        case .wipe:
            // A table whose only filled replica is lost is lost.
            guard nodes.allSatisfy(\.isUp), try disagreement() == nil else { return }
            try node.wipe()
            schedule(after: number(10...500)) { if !node.isUp { try node.start() } }
        }
    }

    enum Fault: CaseIterable {
        case cut, block, heal, restart, pause, wipe
    }
}
