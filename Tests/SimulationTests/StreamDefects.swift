import HybridClock
import ItemModel
import KeyValueStore
import RegionStore

@testable import Simulation

/// Mistakes in what stands beside the items: streams, indexes, tokens, the log's own bounds.
extension Defect {
    /// One that calls an event of a stream another.
    private static func event(_ description: String, _ event: UInt8, calledAs other: UInt8) -> Defect {
        .batch(description, in: .steady, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices {
                guard case .put(Layout.streams, let key, let value)? = surgery.changes[index].stream,
                    value.last == event
                else { continue }
                surgery.changes[index].stream = .put(Layout.streams, key: key, value: value.dropLast() + [other])
            }
        }
    }

    static let beside: [Defect] = [
        event("an insert is called a modification in streams", 1, calledAs: 2),
        event("a removal is called a modification in streams", 3, calledAs: 2),
        .batch("every other record is in the shard of other partitions", in: .trimming, noticedBy: ["streams"]) {
            surgery in
            for index in surgery.changes.indices where surgery.changes[index].position % 2 == 0 {
                guard case .put(Layout.streams, var key, let value)? = surgery.changes[index].stream else { continue }
                key[7] ^= 1
                surgery.changes[index].stream = .put(Layout.streams, key: key, value: value)
            }
        },
        .batch("an index has an item without an attribute", in: .steady, noticedBy: ["indexes", "storage"]) { surgery in
            for index in surgery.changes.indices {
                surgery.changes[index].indexes = surgery.changes[index].indexes.map { operation in
                    guard let key = operation.key, let value = operation.value, var item = try? Item(decoding: value)
                    else { return operation }
                    item["mark"] = nil
                    return .put(Layout.indexes, key: key, value: item.encoded())
                }
            }
        },
        .batch("a token is not remembered", in: .trimming, noticedBy: ["answers"]) { surgery in
            surgery.rest.removeAll { operation in
                if case .put(Layout.meta, let key, _) = operation { key.starts(with: "token".utf8) } else { false }
            }
        },
        .batch("the log's bounds are not written", in: .powerLoss, noticedBy: ["log", "growth"]) { surgery in
            surgery.rest.removeAll { $0.key == Array("log".utf8) }
        },
        .batch(
            "what is gone stays in the index of when items expire", in: .expiry, noticedBy: ["growth"]
        ) {
            surgery in
            surgery.rest.removeAll { operation in
                if case .delete(Layout.expiry, _) = operation { true } else { false }
            }
        },
        .batch("an item is stored under a later version than its own", in: .steady, noticedBy: ["storage", "winner"]) {
            surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].items = surgery.changes[index].items.map { operation in
                    guard let key = operation.key, var value = operation.value, value[7] < 255 else { return operation }
                    value[7] += 1
                    return .put(Layout.items, key: key, value: value)
                }
            }
        },
    ]
}
