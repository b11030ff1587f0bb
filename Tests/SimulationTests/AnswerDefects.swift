import Expressions
import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication

@testable import Simulation

/// Mistakes in what a command does, and in what it answers.
extension Defect {
    static let answers: [Defect] = [
        command("a condition is not looked at") { write in
            ItemWrite(table: write.table, action: write.action)
        },
        command("a condition is taken for its opposite") { write in
            ItemWrite(
                table: write.table, action: write.action, condition: write.condition.map { Condition(.not($0.root)) })
        },
        command("an update adds one more than it should") { write in
            guard case .update(let key, let update) = write.action else { return write }
            let actions = update.actions.map { action -> UpdateExpression.Action in
                if case .add(let path, .number) = action { .add(path, .number(Number(2))) } else { action }
            }
            guard let other = try? UpdateExpression(actions) else { return write }
            return ItemWrite(table: write.table, action: .update(key: key, other), condition: write.condition)
        },
        command("a put loses an attribute") { write in
            guard case .put(var item) = write.action else { return write }
            item["group"] = nil
            return ItemWrite(table: write.table, action: .put(item), condition: write.condition)
        },
        command("an update is taken for a deletion") { write in
            guard case .update(let key, _) = write.action else { return write }
            return ItemWrite(table: write.table, action: .delete(key: key), condition: write.condition)
        },
        Defect("a check of a transaction is left out", in: .transactions, noticedBy: ["answers"]) { _ in
            var hooks = SimulationHooks()
            hooks.alterCommand = { command in
                guard case .transact(let transaction) = command else { return command }
                return .transact(
                    Transaction(
                        transaction.steps.map { step in
                            guard case .check(let check) = step else { return step }
                            return .check(
                                ItemCheck(
                                    table: check.table, key: ["pk": .string("nowhere")], condition: check.condition))
                        }))
            }
            return hooks
        },
        command("a deletion leaves an item with nothing but its key") { write in
            guard case .delete(let key) = write.action else { return write }
            return ItemWrite(table: write.table, action: .put(key), condition: write.condition)
        },
        transaction("a transaction's last step is left out") { transaction in
            Transaction(
                transaction.steps.count > 1 ? transaction.steps.dropLast() : transaction.steps,
                token: transaction.token)
        },
        transaction("a transaction's token is not looked at") { transaction in Transaction(transaction.steps) },
        page("a page has an item without an attribute") { page in
            guard let first = page.items.first, var item = try? first.decoded() else { return }
            item["mark"] = nil
            page.items[0] = BinaryItem(item.encoded())
        },
        page("a page counts more than was evaluated") { page in page.scannedCount += 1 },
        page("a page leaves out an item") { page in if page.items.count > 1 { page.items.remove(at: 1) } },
        page("a page ends an item too early") { page in
            if page.items.count > 1 {
                page.items.removeLast()
                page.scannedCount -= 1
            }
        },
        page("the items of a page are in another order") { page in page.items.reverse() },
        page("a page that is not the last says that it is") { page in page.lastEvaluatedKey = nil },
        read("the page after another one begins anew") { read in read.exclusiveStartKey = nil },
        read("a query reads forward though it is asked to read backward") { read in read.isForward = true },
        read("a query goes by the partition key alone") { read in
            guard case .partition(let condition) = read.range, condition.sortRange != nil else { return }
            let schema = (read.index?.definition.keySchema ?? read.table.keySchema).partition
            let attribute = KeyCondition.Schema.Attribute(name: schema[0].name, kind: schema[0].kind)
            let all = try? KeyCondition(
                Condition(.comparison(.equal, .path(DocumentPath(attribute.name)), .value(condition.partition[0]))),
                schema: .init(partition: [attribute], sort: []))
            guard let all else { return }
            var wider = RangeRead(table: read.table, index: read.index, range: .partition(all))
            (wider.isForward, wider.exclusiveStartKey) = (read.isForward, read.exclusiveStartKey)
            (wider.limit, wider.filter) = (read.limit, read.filter)
            read = wider
        },
        .batch("the log keeps the new image as the old one", in: .steady, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices where !surgery.changes[index].oldImage.isEmpty {
                guard surgery.changes[index].record[1] == 1 else { continue }
                surgery.changes[index].oldImage = surgery.changes[index].payload
            }
        },
        .batch("a replicated change has no old image", in: .steady, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices where !surgery.isOwn(surgery.changes[index]) {
                surgery.changes[index].oldImage = []
            }
        },
        .batch("the log keeps old images that no stream shows", in: .tableDeleted, noticedBy: ["streams"]) { surgery in
            for index in surgery.changes.indices where !surgery.changes[index].isCatalog {
                if surgery.changes[index].oldImage.isEmpty {
                    surgery.changes[index].oldImage = surgery.changes[index].payload
                }
            }
        },
    ]

    private static func command(
        _ description: String, _ change: @escaping @Sendable (ItemWrite) -> ItemWrite
    ) -> Defect {
        Defect(description, in: .steady, noticedBy: ["answers"]) { _ in
            var hooks = SimulationHooks()
            hooks.alterCommand = { command in
                if case .write(let write) = command { .write(change(write)) } else { command }
            }
            return hooks
        }
    }

    private static func transaction(
        _ description: String, _ change: @escaping @Sendable (Transaction) -> Transaction
    ) -> Defect {
        Defect(description, in: .trimming, noticedBy: ["answers", "transactions"]) { _ in
            var hooks = SimulationHooks()
            hooks.alterCommand = { command in
                if case .transact(let transaction) = command { .transact(change(transaction)) } else { command }
            }
            return hooks
        }
    }

    private static func page(_ description: String, _ change: @escaping @Sendable (inout RangePage) -> Void) -> Defect {
        pages(description) { hooks in hooks.alterPage = { page in altered(page, change) } }
    }

    private static func read(_ description: String, _ change: @escaping @Sendable (inout RangeRead) -> Void) -> Defect {
        pages(description) { hooks in hooks.alterRead = { read in altered(read, change) } }
    }

    private static func pages(
        _ description: String, _ set: @escaping @Sendable (inout SimulationHooks) -> Void
    ) -> Defect {
        Defect(description, in: .pages, noticedBy: ["answers"]) { _ in altered(SimulationHooks(), set) }
    }

    private static func altered<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
        var value = value
        change(&value)
        return value
    }

    /// Mistakes with tables.
    static let tables: [Defect] = [
        Defect("what a table gets elsewhere is not taken over", in: .tableChanges, noticedBy: ["tables"]) { handle in
            var hooks = SimulationHooks()
            hooks.alterMessage = { message, _, _ in
                guard let world = handle.world, world.now > .zero + .seconds(4) else { return [message] }
                switch message {
                case .changes(let sequence, let changes):
                    let records = changes.batch.records.filter { $0[1] != 3 }
                    return [
                        .changes(
                            sequence: sequence,
                            .init(
                                batch: ReceivedBatch(
                                    origin: changes.batch.origin, records: records, position: changes.batch.position,
                                    isComplete: changes.batch.isComplete)))
                    ]
                case .catalog(let sequence, let image):
                    return [
                        .catalog(
                            sequence: sequence,
                            .init(
                                position: image.position, isReset: image.isReset, entries: [],
                                collected: image.collected))
                    ]
                default: return [message]
                }
            }
            return hooks
        },
        Defect("a change of the maxima is left out", in: .tableChanges, noticedBy: ["tables"]) { _ in
            var hooks = SimulationHooks()
            hooks.alterCommand = { command in
                guard case .changeCatalog(.updateTable(let name, let changes)) = command else { return command }
                let kept = changes.map { change in
                    if case .changeOnDemandThroughput = change {
                        TableChange.changeOnDemandThroughput(OnDemandChange())
                    } else {
                        change
                    }
                }
                return .changeCatalog(.updateTable(name, kept))
            }
            return hooks
        },
        Defect("a deleted table leaves its items behind", in: .tableDeleted, noticedBy: ["leaks"]) { handle in
            altering { surgery in
                guard let world = handle.world, world.now >= .zero + .seconds(7) else { return }
                surgery.rest.removeAll { operation in
                    switch operation {
                    case .deleteRange(Layout.items, _), .delete(Layout.items, _): true
                    default: false
                    }
                }
            }
        },
    ]
}
