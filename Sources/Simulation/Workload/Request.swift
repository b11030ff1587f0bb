import ItemModel
import RegionStore
import Replication

/// One request of a client: what DynamoDB's operations are to a region's store.
final class Request {
    /// What it asks for.
    enum Kind {
        case read, put, update, delete, insert, scan, query, readModifyWrite, putIfAbsent, batch, transaction

        var isWrite: Bool {
            switch self {
            case .read, .scan, .query: false
            case .put, .update, .delete, .insert, .readModifyWrite, .putIfAbsent, .batch, .transaction: true
            }
        }
    }

    let kind: Kind
    let group: ClientGroup
    let key: Item
    /// The keys of a batch or a transaction, beside `key`.
    private(set) var others: [Item] = []
    /// When the client sent it.
    let askedAt: VirtualTime
    /// For how long a client had known of something newer than what this read has found; nil where none had.
    var staleness: VirtualDuration?
    /// Tells two writes of one key apart.
    let mark: UInt64
    /// When what is written expires, by the clock of the region that takes it; nil for never.
    private var expires: UInt64?
    /// Where the write stands in the log of the region that took it; nil where nothing was changed.
    var positions: [LogPosition] = []
    /// Who took the write; nil until it was carried out.
    var origin: Origin?

    /// How often it was sent before: what each attempt puts is told apart by it, as two equal items leave no trace in a stream.
    let attempt: Int
    /// Whether the region had no room for it.
    private(set) var isOverload = false
    /// What becomes of it where it is a recorded write.
    var replayed: ReplayedWrite?
    /// The size of the attribute that fills what it writes, in bytes.
    let itemByteCount: Int
    /// Whether it was recorded: then its update sets the attribute that fills the item, and nothing has a condition.
    let isRecorded: Bool

    /// A request that was recorded.
    init(_ recorded: RequestTrace.Request, group: ClientGroup) {
        kind =
            switch recorded.operation {
            case .get: .read
            case .query: .query
            case .scan: .scan
            case .put: .put
            case .update: .update
            case .delete: .delete
            }
        self.group = group
        askedAt = group.world.now
        mark = group.generator.next()
        var key: Item = ["pk": .string(Text(recorded.partition))]
        key["sk"] = recorded.sortNumber.map { .number($0) }
        self.key = key
        attempt = 0
        itemByteCount = recorded.byteCount ?? group.plan.itemByteCount
        isRecorded = true
    }

    /// A request that is drawn.
    init(_ kind: Kind, group: ClientGroup) {
        attempt = 0
        itemByteCount = group.plan.itemByteCount
        isRecorded = false
        self.kind = kind
        self.group = group
        askedAt = group.world.now
        mark = group.generator.next()
        let number = kind == .insert ? group.keys.fresh() : group.keys.existing(using: &group.generator)
        key = Self.key(number, in: group, isFresh: kind == .insert)
        if kind == .batch || kind == .transaction {
            for _ in 0..<4 {
                let other = Self.key(group.keys.existing(using: &group.generator), in: group, isFresh: false)
                // DynamoDB refuses a batch that names a key twice.
                if other != key, !others.contains(other) { others.append(other) }
            }
        }
    }

    /// New keys are their region's own, so that inserts of two regions do not meet; the others are everybody's.
    private static func key(_ number: Int, in group: ClientGroup, isFresh: Bool) -> Item {
        let name = isFresh ? "\(group.home)/\(number)" : "\(number)"
        var key: Item = ["pk": .string(Text(group.table.hasSortKey && !isFresh ? "\(number / 10)" : name))]
        if group.table.hasSortKey { key["sk"] = .number(Number(number % 10)) }
        return key
    }

    /// The client was told that it was done.
    func wasAnswered(by region: SimulatedRegion, home: Int) {
        guard kind.isWrite else { return }
        for observer in region.world.observers {
            guard let origin else {
                observer.acknowledged(nil, of: Origin(rawValue: 0), in: region, home: home)
                continue
            }
            for position in positions { observer.acknowledged(position, of: origin, in: region, home: home) }
        }
    }

    /// The same once more, by the same client.
    ///
    /// - Parameter attempt: how often it was sent before.
    func again(attempt: Int) -> Request { Request(again: self, attempt: attempt) }

    private init(again other: Request, attempt: Int) {
        self.attempt = attempt
        kind = other.kind
        group = other.group
        key = other.key
        others = other.others
        askedAt = other.askedAt
        mark = other.mark
        replayed = other.replayed
        itemByteCount = other.itemByteCount
        isRecorded = other.isRecorded
    }

    /// Carries the request out in a region; `completion` runs when it is answered there.
    func perform(at region: SimulatedRegion, _ completion: @escaping (FinishedRequest.Outcome) -> Void) {
        guard let reader = region.store?.reader, let table = reader.table(named: Text(group.table.name)),
            table.status == .active || table.status == .updating
        else { return completion(.failed) }
        if let lifetime = group.plan.lifetime {
            let seconds = max(1, UInt64(clamping: lifetime.components.seconds))
            expires = region.instant.physicalMilliseconds / 1000 + 1 + mark >> 7 % seconds
        }
        switch kind {
        case .read: read(at: region, table, completion)
        case .scan: readPage(at: region, table, isQuery: false, completion)
        case .query: readPage(at: region, table, isQuery: true, completion)
        case .readModifyWrite: readModifyWrite(at: region, table, completion)
        case .put, .insert: write([step(key, .put(item()), on: table)], at: region, completion)
        case .update:
            let changes: [ClientChange] = isRecorded ? recordedChanges : .drawn(by: mark, attempt: attempt)
            write([step(key, .update(changes), on: table, if: drawnCondition)], at: region, completion)
        case .delete: write([step(key, .delete, on: table, if: drawnCondition)], at: region, completion)
        case .putIfAbsent: write([step(key, .put(item()), on: table, if: .isNew)], at: region, completion)
        case .batch:
            let deletes = mark % 4 == 0
            write(
                ([key] + others).enumerated().map { index, key in
                    step(key, deletes && index % 2 == 1 ? .delete : .put(item(key)), on: table)
                }, at: region, completion)
        case .transaction: transact(at: region, table, completion)
        }
    }

    private var drawnCondition: ClientCondition? { isRecorded ? nil : .drawn(by: mark) }

    /// What a recorded update does: nobody knows what it did, but it left an item of its size.
    private var recordedChanges: [ClientChange] {
        [.add("count", 1), .set("mark", markValue), .set("filler", filler)]
    }

    // MARK: - Reads

    private func read(
        at region: SimulatedRegion, _ table: Table, _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        region.world.schedule(after: region.readTime, on: region, of: region.process) { [self] in
            guard let reader = region.store?.reader else { return }
            do {
                let found = try reader.item(key, in: table)
                region.world.trace.note(
                    .read, at: region.world.now, UInt64(region.index),
                    found.map { Hashing.hash($0.value, from: 0) } ?? 0)
                for observer in region.world.observers {
                    observer.read(key, in: table, found: found, by: region, for: self)
                }
                completion(.answered)
            } catch {
                completion(.failed)
            }
        }
    }

    private func readModifyWrite(
        at region: SimulatedRegion, _ table: Table, _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        region.world.schedule(after: region.readTime, on: region, of: region.process) { [self] in
            guard let reader = region.store?.reader else { return }
            do {
                let found = try reader.item(key, in: table).map { try Item(decoding: $0.bytes) }
                let condition = found.map { ClientCondition.isUnchanged(since: $0["mark"]) } ?? .isNew
                write([step(key, .put(item()), on: table, if: condition)], at: region, completion)
            } catch {
                completion(.failed)
            }
        }
    }

    // MARK: - Writes

    func step(
        _ key: Item, _ action: ClientStep.Action, on table: Table, if condition: ClientCondition? = nil
    ) -> ClientStep {
        ClientStep(table: table, key: key, action: action, condition: condition)
    }

    private func write(
        _ steps: [ClientStep], at region: SimulatedRegion, _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        let writes = steps.compactMap(\.write)
        guard writes.count == steps.count else { return completion(.failed) }
        let command = kind == .batch ? RegionCommand.batch(writes) : .write(writes[0])
        let log = region.store?.origin
        positions = []
        let isTaken = region.submit(command) { [self] result in
            origin = log
            for observer in region.world.observers { observer.answered(steps, nil, result, by: region) }
            if case .refused = result { return completion(.failed) }
            var outcome = FinishedRequest.Outcome.answered
            for result in result.write.map({ [$0] }) ?? result.batch ?? [] {
                switch result {
                case .success(let written): if let change = written.change { positions.append(change.position) }
                case .failure(.conditionFailed): outcome = .refusedByCondition
                case .failure: outcome = .failed
                }
            }
            if let log, let position = positions.first { replayed?.committed(position, of: log, at: region.world.now) }
            completion(outcome)
        }
        if !isTaken { return refuseOverload(completion) }
        if region.world.hooks.answersBeforeCommit { completion(.answered) }
    }

    /// The region has too much to do already.
    func refuseOverload(_ completion: (FinishedRequest.Outcome) -> Void) {
        isOverload = true
        completion(.failed)
    }

    private func item() -> Item { item(key) }

    func item(_ key: Item) -> Item {
        var item = key
        item["mark"] = markValue
        item["group"] = .string(Text("g\(mark % 7)"))
        item["filler"] = filler
        item[Expiries.attribute] = expires.map { .number(Number(Int(clamping: $0))) }
        return item
    }

    private var markValue: AttributeValue { .number(Number(Int(truncatingIfNeeded: mark >> 1 &+ UInt64(attempt)))) }

    /// Half of it repeats, as real items' bytes do.
    private var filler: AttributeValue {
        let byteCount = itemByteCount
        var filler = [UInt8](repeating: UInt8(ascii: "x"), count: byteCount)
        var bits = mark
        for index in stride(from: 0, to: byteCount, by: 2) {
            filler[index] = UInt8(ascii: "a") + UInt8(truncatingIfNeeded: bits & 15)
            bits = bits &* 0x9E37_79B9_7F4A_7C15 &+ 1
            bits ^= bits >> 29
        }
        return .binary(filler)
    }
}
