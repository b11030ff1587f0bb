import HybridClock
import ItemModel
import KeyValueStore
import RegionStore

@testable import Simulation

/// A batch as the changes that it stages, so that a test can do to one of them what a mistake in the store would.
struct BatchSurgery {
    /// One change: its log entry and what stands around it.
    struct Staged {
        var items: [WriteBatch.Operation] = []
        var indexes: [WriteBatch.Operation] = []
        var others: [WriteBatch.Operation] = []
        var position: UInt64 = 0
        var record: [UInt8] = []
        var outcome = LogEntry.Outcome.applied
        var oldImage: [UInt8] = []
        var stream: WriteBatch.Operation?
        /// Nil leaves the entry out.
        var isLogged = true

        var version: Version {
            get {
                var reader = ByteReader(Array(record[12..<28]))
                return (try? Version(from: &reader)) ?? .zero
            }
            set {
                var writer = ByteWriter()
                newValue.encode(into: &writer)
                record.replaceSubrange(12..<28, with: writer.bytes)
            }
        }
        var isCatalog: Bool { record[1] == 3 }
        var isDelete: Bool { record[1] == 2 }
        var payload: [UInt8] { Array(record[60...]) }
    }

    var changes: [Staged] = []
    /// What belongs to no single change.
    var rest: [WriteBatch.Operation] = []
    let memory: InMemoryStore

    init(_ batch: WriteBatch, _ memory: InMemoryStore) {
        self.memory = memory
        var staged = Staged()
        for operation in batch.operations {
            switch operation {
            case .put(let keyspace, let key, let value) where keyspace == Layout.log:
                guard let entry = try? LogEntry(decoding: value) else { continue }
                staged.position = key.reduce(0) { $0 << 8 | UInt64($1) }
                (staged.record, staged.outcome, staged.oldImage) = (entry.record, entry.outcome, entry.oldImage)
                changes.append(staged)
                staged = Staged()
            case .put(let keyspace, _, _) where keyspace == Layout.streams:
                if !changes.isEmpty { changes[changes.count - 1].stream = operation }
            case .put(let keyspace, _, _) where keyspace == Layout.items: staged.items.append(operation)
            case .put(let keyspace, _, _) where keyspace == Layout.indexes: staged.indexes.append(operation)
            case .delete(let keyspace, _) where keyspace == Layout.indexes: staged.indexes.append(operation)
            default: rest.append(operation)
            }
        }
        rest = staged.items + staged.indexes + rest
    }

    /// The region's own origin, from its disk.
    var origin: UInt64 {
        guard let bytes = try? memory.value(for: Array("incarnation".utf8), in: Layout.meta), bytes.count == 18 else {
            return 0
        }
        let high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        return UInt64(bytes[16]) << 56 | UInt64(bytes[17]) << 48 | high >> 16
    }

    func isOwn(_ change: Staged) -> Bool { change.version.origin.rawValue == origin }

    /// The batch with what was done to it.
    var batch: WriteBatch {
        var batch = WriteBatch()
        func add(_ operation: WriteBatch.Operation) {
            switch operation {
            case .put(let keyspace, let key, let value): batch.put(key, value, in: keyspace)
            case .delete(let keyspace, let key): batch.delete(key, in: keyspace)
            case .deleteRange(let keyspace, let range): batch.deleteRange(range, in: keyspace)
            }
        }
        for change in changes {
            (change.items + change.indexes + change.others).forEach(add)
            if change.isLogged {
                var writer = ByteWriter()
                writer.appendLengthPrefixed(change.record)
                writer.append(change.outcome.rawValue)
                writer.append(contentsOf: change.oldImage)
                batch.put(Layout.logKey(.init(rawValue: change.position)), writer.bytes, in: Layout.log)
            }
            if let stream = change.stream { add(stream) }
        }
        rest.forEach(add)
        return batch
    }

    /// Writes the item of a change that the store took for older than what it has.
    mutating func apply(_ index: Int, inTable table: [UInt8]) {
        let change = changes[index]
        guard let item = try? Item(decoding: change.payload), let key = item["pk"] else { return }
        var forms: [UInt8] = []
        guard KeyEncoder.append(key, to: &forms) else { return }
        var writer = ByteWriter()
        change.version.encode(into: &writer)
        writer.append(change.isDelete ? 1 : 0 as UInt8)
        if !change.isDelete { writer.append(contentsOf: change.payload) }
        let hash = PartitionHash.hash(forms)
        changes[index].items = [
            .put(
                Layout.items, key: table + withUnsafeBytes(of: hash.bigEndian) { Array($0) } + forms,
                value: writer.bytes)
        ]
        changes[index].outcome = .applied
        let position = LogPosition(rawValue: change.position)
        guard let stream = streamID(ofTable: Array(change.record[44..<60])) else { return }
        changes[index].stream = .put(
            Layout.streams, key: stream + [0, 0, 0, 0] + Layout.logKey(position), value: Array(repeating: 1, count: 9))
    }

    /// The bytes of the number of a table's stream, from the region's disk.
    private func streamID(ofTable uuid: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        try? memory.visit(KeyRange(prefix: Array("stream/".utf8)), in: Layout.meta, direction: .forward) { _, value in
            if Array(value[5..<21]) == uuid { found = Array(value[1..<5]) }
            return true
        }
        return found
    }
}

extension WriteBatch.Operation {
    var key: [UInt8]? {
        switch self {
        case .put(_, let key, _), .delete(_, let key): key
        case .deleteRange: nil
        }
    }

    var value: [UInt8]? {
        if case .put(_, _, let value) = self { value } else { nil }
    }
}
