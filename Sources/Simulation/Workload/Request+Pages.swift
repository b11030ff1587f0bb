import Expressions
import ItemModel
import RegionStore

/// One page of Query or Scan, in terms of a client's own.
struct PageRequest {
    let table: Table
    /// Nil reads the table itself.
    let index: SecondaryIndex?
    let range: Range
    var bound: SortBound?
    let isForward: Bool
    let limit: Int
    let filter: ClientCondition?
    /// Where the page goes on, and how many items the pages before it have read; nil for the first.
    var start: (key: Item, skipping: Int)?

    /// The key by which the items that are read are in order.
    var keySchema: KeySchema { index?.definition.keySchema ?? table.keySchema }

    /// What a query says of the sort key, a number.
    enum SortBound {
        case atMost(Int)
        case above(Int)
        case between(Int, Int)

        /// One for three queries in eight, within ten sort keys and the counts that most items have.
        static func drawn(from bits: UInt64) -> SortBound? {
            let number = Int(bits & 7)
            return switch bits >> 4 & 7 {
            case 0: .atMost(number)
            case 1: .above(number)
            case 2: .between(number, number + 2)
            default: nil
            }
        }

        func condition(on name: Text) -> ConditionNode<BoundStage> {
            func value(_ number: Int) -> Operand<BoundStage> { .value(.number(Number(number))) }
            let path = Operand<BoundStage>.path(DocumentPath(name))
            return switch self {
            case .atMost(let bound): .comparison(.lessOrEqual, path, value(bound))
            case .above(let bound): .comparison(.greater, path, value(bound))
            case .between(let lower, let upper): .between(path, lower: value(lower), upper: value(upper))
            }
        }

        func allows(_ number: Number) -> Bool {
            switch self {
            case .atMost(let bound): number <= Number(bound)
            case .above(let bound): number > Number(bound)
            case .between(let lower, let upper): number >= Number(lower) && number <= Number(upper)
            }
        }
    }

    enum Range {
        /// The items of which the partition key's attribute has that value.
        case partition(Text, AttributeValue)
        /// Of sixteen equal parts of the table or index that one.
        case sixteenth(Int)
    }

    /// What the store is asked; nil where the expressions cannot be made.
    var read: RangeRead? {
        guard let range = storeRange else { return nil }
        var read = RangeRead(table: table, index: index, range: range)
        read.isForward = isForward
        read.limit = limit
        read.exclusiveStartKey = start?.key
        if let filter {
            guard let bound = try? filter.bound() else { return nil }
            read.filter = bound
        }
        return read
    }

    private var storeRange: RangeRead.Range? {
        switch range {
        case .sixteenth(let number): return .segment(number: number, count: 16)
        case .partition(let name, let value):
            let schema = keySchema
            func attributes(_ list: [KeyAttribute]) -> [KeyCondition.Schema.Attribute] {
                list.map { .init(name: $0.name, kind: $0.kind) }
            }
            var parts: [ConditionNode<BoundStage>] = [
                .comparison(.equal, .path(DocumentPath(name)), .value(value))
            ]
            if let bound, let sort = schema.sort.first { parts.append(bound.condition(on: sort.name)) }
            let condition = Condition(parts.count == 1 ? parts[0] : .and(parts))
            return
                (try? KeyCondition(
                    condition,
                    schema: .init(partition: attributes(schema.partition), sort: attributes(schema.sort)))).map {
                    .partition($0)
                }
        }
    }
}

extension Request {
    /// Reads a page of the table or of one of its indexes, as the request's mark says, and the next one if there is one.
    func readPage(
        at region: SimulatedRegion, _ table: Table, isQuery: Bool,
        _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        region.world.schedule(after: region.readTime, on: region, of: region.process) { [self] in
            guard let reader = region.store?.reader else { return }
            var request = pageRequest(of: table, isQuery: isQuery)
            do {
                for _ in 0..<2 {
                    guard let read = request.read else { return completion(.failed) }
                    let stored = try reader.page(region.world.hooks.alterRead?(read) ?? read)
                    let page = region.world.hooks.alterPage?(stored) ?? stored
                    region.world.trace.note(
                        .read, at: region.world.now, UInt64(region.index),
                        page.items.reduce(0) { Hashing.mixed($0 ^ Hashing.hash($1.bytes, in: $1.range)) })
                    for observer in region.world.observers { observer.read(request, found: page, by: region) }
                    guard let last = page.lastEvaluatedKey else { break }
                    request.start = (last, (request.start?.skipping ?? 0) + page.scannedCount)
                }
                completion(.answered)
            } catch {
                completion(.failed)
            }
        }
    }

    private func pageRequest(of table: Table, isQuery: Bool) -> PageRequest {
        let bits = Hashing.mixed(mark &+ 2)
        let indexes = table.indexes.filter { $0.status == .active }
        let index =
            indexes.isEmpty || isRecorded || bits & 3 == 0 ? nil : indexes[Int(bits >> 8) & 0xFF % indexes.count]
        let range: PageRequest.Range =
            if !isQuery {
                .sixteenth(Int(mark % 16))
            } else if index?.isGlobal == true {
                .partition("group", .string(Text("g\(mark % 7)")))
            } else {
                .partition("pk", key["pk"] ?? .null)
            }
        var request = PageRequest(
            table: table, index: index, range: range, isForward: !isQuery || bits >> 16 & 1 == 0,
            limit: 1 + Int(bits >> 20 & 31), filter: isRecorded ? nil : .drawn(by: mark &+ 3))
        if isQuery, !isRecorded, !request.keySchema.sort.isEmpty { request.bound = .drawn(from: bits >> 32) }
        return request
    }
}
