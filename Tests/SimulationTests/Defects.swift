import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication

@testable import Simulation

/// A mistake that the store or the replicator could have, made on purpose by what stands between them and the simulated world.
struct Defect: Sendable, CustomStringConvertible {
    let description: String
    let scenario: DefectScenario
    /// The checkers of which one has to notice; that others do as well is all right.
    let checkers: Set<String>
    let hooks: @Sendable (WorldHandle) -> SimulationHooks

    init(
        _ description: String, in scenario: DefectScenario, noticedBy checkers: Set<String>,
        _ hooks: @escaping @Sendable (WorldHandle) -> SimulationHooks
    ) {
        self.description = description
        self.scenario = scenario
        self.checkers = checkers
        self.hooks = hooks
    }

    /// One that does something to each batch before it is written.
    static func batch(
        _ description: String, in scenario: DefectScenario, noticedBy checkers: Set<String>,
        _ change: @escaping @Sendable (inout BatchSurgery) -> Void
    ) -> Defect {
        Defect(description, in: scenario, noticedBy: checkers) { _ in
            var hooks = SimulationHooks()
            hooks.alterBatch = { batch, memory in
                var surgery = BatchSurgery(batch, memory)
                change(&surgery)
                return surgery.batch
            }
            return hooks
        }
    }

    /// One that does something to each message before it is sent.
    static func message(
        _ description: String, in scenario: DefectScenario, noticedBy checkers: Set<String>,
        _ change: @escaping (LinkMessage, inout Generator) -> LinkMessage
    ) -> Defect {
        nonisolated(unsafe) let change = change
        return Defect(description, in: scenario, noticedBy: checkers) { _ in
            var generator = Generator(seed: 1)
            var hooks = SimulationHooks()
            hooks.alterMessage = { message, _, _ in [change(message, &generator)] }
            return hooks
        }
    }

    static let all: [Defect] =
        resolution + storage + replication + transactions + time + expiry + answers + tables + growth + beside + links
}

// MARK: - Which change wins

extension Defect {
    private static let resolution: [Defect] = [
        Defect("the comparison of versions is reversed", in: .partition, noticedBy: ["winner", "storage"]) { _ in
            var table: [UInt8] = []
            return altering { surgery in
                for index in surgery.changes.indices where !surgery.changes[index].isCatalog {
                    if let key = surgery.changes[index].items.first?.key { table = Array(key.prefix(4)) }
                    guard !surgery.isOwn(surgery.changes[index]), !table.isEmpty else { continue }
                    if surgery.changes[index].outcome == .superseded {
                        surgery.apply(index, inTable: table)
                    } else if let key = surgery.changes[index].items.first?.key,
                        surgery.changes[index].outcome == .applied,
                        (try? surgery.memory.value(for: key, in: Layout.items)) ?? nil != nil
                    {
                        surgery.changes[index].items = []
                        surgery.changes[index].indexes = []
                        surgery.changes[index].stream = nil
                        surgery.changes[index].outcome = .superseded
                    }
                }
            }
        },
        Defect("a tie of stamps is broken by arrival", in: .hotKey, noticedBy: ["winner", "storage"]) { _ in
            var table: [UInt8] = []
            // What the items hold, by the key that the table's form gives them.
            return altering { surgery in
                for index in surgery.changes.indices where !surgery.changes[index].isCatalog {
                    if let key = surgery.changes[index].items.first?.key { table = Array(key.prefix(4)) }
                    let change = surgery.changes[index]
                    guard change.outcome == .superseded, !table.isEmpty else { continue }
                    var trial = surgery
                    trial.apply(index, inTable: table)
                    guard let key = trial.changes[index].items.first?.key,
                        let stored = try? surgery.memory.value(for: key, in: Layout.items),
                        stored.prefix(8).elementsEqual(change.record[12..<20])
                    else { continue }
                    surgery = trial
                }
            }
        },
        .batch(
            "a tombstone is collected at once", in: .hotKey, noticedBy: ["winner", "resurrection", "convergence"]
        ) { surgery in
            for index in surgery.changes.indices where surgery.changes[index].isDelete {
                surgery.changes[index].items = surgery.changes[index].items.compactMap { operation in
                    operation.key.map { .delete(Layout.items, key: $0) }
                }
            }
        },
        .batch("a write is made against stale state", in: .powerLoss, noticedBy: ["linearizability"]) { surgery in
            var replaced: [[UInt8]: ArraySlice<UInt8>] = [:]
            for index in surgery.changes.indices where surgery.isOwn(surgery.changes[index]) {
                guard let key = surgery.changes[index].items.first?.key else { continue }
                if let stale = replaced[key] { surgery.changes[index].record.replaceSubrange(28..<44, with: stale) }
                replaced[key] = surgery.changes[index].record[28..<44]
            }
        },
    ]

    static func altering(_ change: @escaping (inout BatchSurgery) -> Void) -> SimulationHooks {
        var hooks = SimulationHooks()
        hooks.alterBatch = { batch, memory in
            var surgery = BatchSurgery(batch, memory)
            change(&surgery)
            return surgery.batch
        }
        return hooks
    }
}

// MARK: - What is written

extension Defect {
    private static let storage: [Defect] = [
        .batch("a replicated deletion leaves its index entry", in: .steady, noticedBy: ["indexes", "growth"]) {
            surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].indexes.removeAll { $0.value == nil }
            }
        },
        .batch("a replicated write makes no index entry", in: .steady, noticedBy: ["indexes"]) { surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].indexes.removeAll { $0.value != nil }
            }
        },
        .batch("a replicated write loses an attribute", in: .steady, noticedBy: ["storage"]) { surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].items = surgery.changes[index].items.map { operation in
                    guard let key = operation.key, let value = operation.value, value.count > 17,
                        var item = try? Item(decoding: Array(value[17...]))
                    else { return operation }
                    item["mark"] = nil
                    return .put(Layout.items, key: key, value: Array(value[..<17]) + item.encoded())
                }
            }
        },
        .batch(
            "a change that was passed on and then came itself is in the stream twice", in: .oneWay,
            noticedBy: ["streams"]
        ) {
            surgery in
            for index in surgery.changes.indices where surgery.changes[index].outcome == .repeated {
                surgery.changes[index].outcome = .applied
            }
        },
        .batch("a change that lost is in the stream", in: .partition, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices where surgery.changes[index].outcome == .superseded {
                let position = LogPosition(rawValue: surgery.changes[index].position)
                for case .put(Layout.streams, let key, let value) in surgery.changes.compactMap(\.stream) {
                    surgery.changes[index].stream = .put(
                        Layout.streams, key: key.prefix(8) + Layout.logKey(position), value: value)
                }
            }
        },
        .batch("a replicated change is in no stream", in: .steady, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].stream = nil
            }
        },
        .batch("a log entry is missing", in: .steady, noticedBy: ["log"]) { surgery in
            for index in surgery.changes.indices where surgery.changes[index].position % 97 == 0 {
                surgery.changes[index].isLogged = false
            }
        },
        .batch("tombstones are never collected", in: .steady, noticedBy: ["leaks"]) { surgery in
            surgery.rest.removeAll { operation in
                if case .delete(Layout.items, _) = operation { true } else { false }
            }
        },
        .batch("the applied vector is not written", in: .powerLoss, noticedBy: ["progress"]) { surgery in
            surgery.rest.removeAll { $0.key == Array("vector".utf8) }
        },
        Defect("a batch is torn in two by a crash", in: .steady, noticedBy: ["storage", "log", "progress"]) { _ in
            var count = 0
            var hooks = SimulationHooks()
            hooks.alterBatch = { batch, memory in
                // Of one batch that changes an item only that reaches the disk; a lone entry of the log would be written over.
                guard batch.operations.count > 4, case .put(let first, _, _)? = batch.operations.first,
                    first.name == "items"
                else { return batch }
                count += 1
                guard count == 100 else { return batch }
                var half = WriteBatch()
                for operation in batch.operations.prefix(1) {
                    if case .put(let keyspace, let key, let value) = operation { half.put(key, value, in: keyspace) }
                }
                memory.failNextCommit(.written(.engine("the power went")))
                return half
            }
            return hooks
        },
        Defect("the disk says that it has synced what it has not", in: .powerLoss, noticedBy: ["log"]) { _ in
            var hooks = SimulationHooks()
            hooks.ignoresSync = true
            return hooks
        },
    ]
}

// MARK: - What is sent

extension Defect {
    private static let replication: [Defect] = [
        Defect("changes are acknowledged before they are durable", in: .steady, noticedBy: ["durability"]) { _ in
            var hooks = SimulationHooks()
            hooks.acknowledgesBeforeCommit = true
            return hooks
        },
        Defect("clients are answered before the commit", in: .powerLoss, noticedBy: ["durability"]) { _ in
            var hooks = SimulationHooks()
            hooks.answersBeforeCommit = true
            return hooks
        },
        .message("the vector goes past a batch that was dropped", in: .steady, noticedBy: ["progress"]) {
            message, chance in
            guard case .changes = message, chance.happens(0.02) else { return message }
            return rewriting(message) { _ in nil }
        },
        .message("a deletion is replicated as nothing", in: .steady, noticedBy: ["progress"]) { message, _ in
            rewriting(message) { record in record[1] == 2 ? nil : record }
        },
        .message("an attribute is lost on the way", in: .steady, noticedBy: ["replication"]) { message, chance in
            rewriting(message) { record in
                guard record[1] == 1, chance.happens(0.05), var item = try? Item(decoding: Array(record[60...])) else {
                    return record
                }
                item["filler"] = nil
                return Array(record[..<60]) + item.encoded()
            }
        },
        .message(
            "the snapshot and the log do not overlap", in: .newReplica, noticedBy: ["progress", "winner", "storage"]
        ) {
            message, _ in
            guard case .snapshotEnd(let sequence, let replica, let vector) = message else { return message }
            return .snapshotEnd(sequence: sequence, replica, vector.raised(by: 100))
        },
        Defect("an incarnation is used again after its disk was lost", in: .diskLoss, noticedBy: ["log"]) { _ in
            var hooks = SimulationHooks()
            hooks.repeatsIncarnations = true
            return hooks
        },
    ]

    static func rewriting(_ message: LinkMessage, _ change: ([UInt8]) -> [UInt8]?) -> LinkMessage {
        guard case .changes(let sequence, let changes) = message else { return message }
        let batch = ReceivedBatch(
            origin: changes.batch.origin, records: changes.batch.records.compactMap(change),
            position: changes.batch.position, isComplete: changes.batch.isComplete)
        return .changes(sequence: sequence, .init(batch: batch))
    }
}

// MARK: - Time

extension Defect {
    private static let time: [Defect] = [
        Defect("a region takes its clock as it is", in: .wrongClock, noticedBy: ["wrong clock"]) { _ in
            var hooks = SimulationHooks()
            hooks.trustsClocks = true
            return hooks
        },
        Defect("a region goes on stamping by a clock that was set back", in: .clockBehind, noticedBy: ["wrong clock"]) {
            _ in
            var hooks = SimulationHooks()
            hooks.trustsClocks = true
            return hooks
        },
        Defect("an old copy of a disk is believed", in: .oldCopy, noticedBy: ["durability", "log"]) {
            _ in
            var hooks = SimulationHooks()
            hooks.trustsDisks = true
            return hooks
        },
        Defect("a received stamp does not raise the clock", in: .clockAhead, noticedBy: ["clock"]) { handle in
            var last: [UInt64: UInt64] = [:]
            return altering { surgery in
                guard let world = handle.world,
                    let region = world.regions.first(where: { $0.disk === surgery.memory })
                else { return }
                let physical = HybridTimestamp(milliseconds: region.clock.milliseconds(at: world.now)).rawValue
                for index in surgery.changes.indices where surgery.isOwn(surgery.changes[index]) {
                    let version = surgery.changes[index].version
                    let own = max(physical, last[surgery.origin, default: 0] + 1)
                    last[surgery.origin] = own
                    guard own < version.stamp.rawValue else { continue }
                    surgery.changes[index].version = Version(stamp: .init(rawValue: own), origin: version.origin)
                    surgery.changes[index].items = surgery.changes[index].items.map { operation in
                        guard let key = operation.key, let value = operation.value else { return operation }
                        return .put(
                            Layout.items, key: key, value: Array(surgery.changes[index].record[12..<28] + value[16...]))
                    }
                }
            }
        },
        .batch("the clock's high-water mark is not written", in: .clockBack, noticedBy: ["clock"]) { surgery in
            surgery.rest.removeAll { $0.key == Array("high-water-mark".utf8) }
        },
        .message("the closed timestamp is too high", in: .steady, noticedBy: ["stable time"]) { message, _ in
            guard case .heartbeat(let sequence, let beat) = message else { return message }
            let closed = HybridTimestamp(milliseconds: beat.closed.milliseconds + 5_000)
            return .heartbeat(
                sequence: sequence,
                .init(
                    position: beat.position, closed: closed, clockMilliseconds: beat.clockMilliseconds,
                    directory: beat.directory)
            )
        },
    ]
}
