import HybridClock
import KeyValueStore
import RegionStore
import Replication

@testable import Simulation

/// Mistakes that show part of a transaction.
extension Defect {
    static let transactions: [Defect] = [
        Defect("a batch ends between two changes of a transaction", in: .transactions, noticedBy: ["transactions"]) {
            _ in
            var splitters: [Int: TransactionSplitter] = [:]
            var hooks = SimulationHooks()
            hooks.alterMessage = { message, from, to in
                let link = from << 8 | to
                return [splitters[link, default: TransactionSplitter()].pass(message)]
            }
            return hooks
        },
        Defect(
            "a transaction's last change is in the log a commit too late", in: .transactions,
            noticedBy: ["transactions"]
        ) { _ in
            var late: [ObjectIdentifier: BatchSurgery.Staged] = [:]
            return altering { surgery in
                let disk = ObjectIdentifier(surgery.memory)
                if let change = late.removeValue(forKey: disk) { surgery.changes.insert(change, at: 0) }
                guard let last = surgery.changes.last, surgery.isOwn(last),
                    let bounds = try? ChangeRecord(decoding: last.record).transaction, bounds.isLast
                else { return }
                late[disk] = last
                surgery.changes.removeLast()
            }
        },
        .message(
            "a transaction is shipped without its marks", in: .transactions, noticedBy: ["transactions"]
        ) {
            message, _ in
            // Whoever passes it on cannot know then what belongs together: what arrives is not what was made.
            guard case .changes(let sequence, let changes) = message else { return message }
            let records = changes.batch.records.map { record in
                record[3] & 1 == 0 ? record : Array(record[..<3]) + [0] + record[4..<60] + record[64...]
            }
            return .changes(
                sequence: sequence,
                .init(
                    batch: ReceivedBatch(
                        origin: changes.batch.origin, records: records, position: changes.batch.position,
                        isComplete: changes.batch.isComplete)))
        },
    ]
}

/// Cuts every batch of one link behind the first change of its last transaction, as if the page had ended there, and sends the rest with
/// the next batch.
private struct TransactionSplitter {
    private var held: [[UInt8]] = []
    private var cut = LogPosition.zero

    mutating func pass(_ message: LinkMessage) -> LinkMessage {
        switch message {
        case .hello:
            self = TransactionSplitter()
            return message
        case .changes(let sequence, let changes) where changes.batch.isComplete:
            let records = held + changes.batch.records
            held = []
            guard let index = Self.lastStart(in: records), let header = try? ChangeRecord.header(of: records[index])
            else {
                return .changes(
                    sequence: sequence,
                    .init(
                        batch: ReceivedBatch(
                            origin: changes.batch.origin, records: records, position: changes.batch.position,
                            isComplete: true)))
            }
            held = Array(records[(index + 1)...])
            cut = header.position
            return .changes(
                sequence: sequence,
                .init(
                    batch: ReceivedBatch(
                        origin: changes.batch.origin, records: Array(records[...index]), position: cut,
                        isComplete: true)))
        case .heartbeat(let sequence, let beat) where !held.isEmpty:
            return .heartbeat(
                sequence: sequence,
                .init(
                    position: cut, closed: .zero, clockMilliseconds: beat.clockMilliseconds, directory: beat.directory))
        default: return message
        }
    }

    /// The first change of the last transaction that has more changes in the batch.
    private static func lastStart(in records: [[UInt8]]) -> Int? {
        for index in records.indices.dropLast().reversed() {
            guard let header = try? ChangeRecord.header(of: records[index]),
                let next = try? ChangeRecord.header(of: records[index + 1]), let start = header.transactionStart,
                start == next.transactionStart,
                index == 0
                    || (try? ChangeRecord.header(of: records[index - 1]))?
                        .transactionStart != start
            else { continue }
            return index
        }
        return nil
    }
}
