import KeyValueStore
import RegionStore

@testable import Simulation

/// Mistakes by which a region keeps more and more.
extension Defect {
    /// What a commit removes by these operations stays where it is.
    private static func keeping(
        _ description: String, _ stays: @escaping @Sendable (WriteBatch.Operation) -> Bool
    ) -> Defect {
        .batch(description, in: .trimming, noticedBy: ["growth"]) { surgery in surgery.rest.removeAll(where: stays) }
    }

    static let growth: [Defect] = [
        .batch(
            "what an old copy of a disk brings back stays stored", in: .staleCopy,
            noticedBy: ["storage", "resurrection", "convergence"]
        ) { surgery in
            let memory = surgery.memory
            surgery.rest.removeAll { operation in
                guard case .delete(Layout.items, let key) = operation,
                    let value = try? memory.value(for: key, in: Layout.items)
                else { return false }
                return value.count > Version.byteCount + 1
            }
        },
        keeping("tokens of transactions are never forgotten") { operation in
            if case .delete(Layout.meta, let key) = operation { key.starts(with: "token".utf8) } else { false }
        },
        keeping("the marks of batches outlive the log") { operation in
            if case .deleteRange(Layout.origins, _) = operation { true } else { false }
        },
        keeping("entries of the log stay behind its start") { operation in
            if case .delete(Layout.log, _) = operation { true } else { false }
        },
        keeping("what was trimmed of a shard is remembered longer than the shard") { operation in
            if case .delete(Layout.meta, let key) = operation { key.starts(with: "trimmed/".utf8) } else { false }
        },
        .batch("each commit leaves a name of its own", in: .steady, noticedBy: ["growth"]) { surgery in
            guard let last = surgery.changes.last else { return }
            surgery.rest.append(.put(Layout.meta, key: Array("round/\(last.position)".utf8), value: []))
        },
    ]
}
