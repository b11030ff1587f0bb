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
        let specification = TableSpecification(
            name: name, keySchema: Self.keySchema, indexes: [Self.index("by-group", on: "group")])
        nodes[node].submit(.changeCatalog(.createTable(specification)))
        guard !replicas.isEmpty else { return }
        let changes = replicas.map {
            TableChange.createReplica(region: nodes[$0].region.name, ReplicaOverrides())
        }
        nodes[node].submit(.changeCatalog(.updateTable(name, changes)))
    }

    func change(_ name: Text, at node: Int, _ changes: TableChange...) {
        guard nodes[node].isUp else { return }
        nodes[node].submit(.changeCatalog(.updateTable(name, changes)))
    }

    func deleteTable(_ name: Text, at node: Int) {
        guard nodes[node].isUp else { return }
        nodes[node].submit(.changeCatalog(.deleteTable(name)))
    }

    /// Puts an item, or deletes it where `value` is nil.
    func write(_ key: String, _ value: String?, to name: Text, at node: Int) {
        history.operationCount += 1
        guard nodes[node].isUp, let table = nodes[node].store.reader.table(named: name) else { return }
        let cluster = self
        var item: Item = ["pk": .string(Text(key))]
        let action: ItemWrite.Action
        if let value {
            item["value"] = .string(Text(value))
            if value.utf8.count.isMultiple(of: 2) { item["group"] = .string(Text("group-\(value.utf8.count)")) }
            action = .put(item)
        } else {
            action = .delete(key: item)
        }
        guard let storageKey = table.storageKey(of: item) else { return }
        nodes[node].submit(.write(ItemWrite(table: table, action: action))) { outcome in
            guard case .write(.success(let result)) = outcome, let change = result.change else { return }
            cluster.history.writes.append(
                History.Write(
                    table: table.uuid, key: Array(storageKey.dropFirst(4)), version: change.version,
                    item: value == nil ? nil : item.encoded()))
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
        case .cut:
            let peer = regions[Int(number(0...UInt64(regions.count - 1)))].id
            node.outgoing[peer]?.cut()
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
