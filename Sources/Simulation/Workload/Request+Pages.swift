import Expressions
import ItemModel
import RegionStore

/// One page of Query or Scan, in terms of a client's own.
struct PageRequest {
    let table: Table
    /// Nil reads the table itself.
    let index: SecondaryIndex?
    let range: Range
    let isForward: Bool
    let limit: Int
    let filter: ClientCondition?

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
            let schema = index?.definition.keySchema ?? table.keySchema
            func attributes(_ list: [KeyAttribute]) -> [KeyCondition.Schema.Attribute] {
                list.map { .init(name: $0.name, kind: $0.kind) }
            }
            let condition = Condition(.comparison(.equal, .path(DocumentPath(name)), .value(value)))
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
    /// Reads a page of the table or of one of its indexes, as the request's mark says.
    func readPage(
        at region: SimulatedRegion, _ table: Table, isQuery: Bool,
        _ completion: @escaping (FinishedRequest.Outcome) -> Void
    ) {
        region.world.schedule(after: region.readTime, on: region, of: region.process) { [self] in
            guard let reader = region.store?.reader else { return }
            let bits = Hashing.mixed(mark &+ 2)
            let indexes = table.indexes.filter { $0.status == .active }
            let index =
                indexes.isEmpty || isRecorded || bits & 3 == 0 ? nil : indexes[Int(bits >> 8) & 0xFF % indexes.count]
            let range: PageRequest.Range =
                if !isQuery {
                    .sixteenth(Int(mark % 16))
                } else if index != nil {
                    .partition("group", .string(Text("g\(mark % 7)")))
                } else {
                    .partition("pk", key["pk"] ?? .null)
                }
            let request = PageRequest(
                table: table, index: index, range: range, isForward: !isQuery || bits >> 16 & 1 == 0,
                limit: 1 + Int(bits >> 20 & 31), filter: isRecorded ? nil : .drawn(by: mark &+ 3))
            do {
                guard let read = request.read else { return completion(.failed) }
                let stored = try reader.page(read)
                let page = region.world.hooks.alterPage?(stored) ?? stored
                region.world.trace.note(
                    .read, at: region.world.now, UInt64(region.index),
                    page.items.reduce(0) { Hashing.mixed($0 ^ Hashing.hash($1, from: 0)) })
                for observer in region.world.observers { observer.read(request, found: page, by: region) }
                completion(.answered)
            } catch {
                completion(.failed)
            }
        }
    }
}
