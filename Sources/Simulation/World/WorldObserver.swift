import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// Watches a run: checkers and figures are made of it.
///
/// Observers look, and change nothing: a run is the same with them and without.
protocol WorldObserver: AnyObject {
    /// A process runs on what its disk holds.
    func started(_ region: SimulatedRegion)
    /// A process has ended, however.
    func ended(_ region: SimulatedRegion)
    /// A disk is about to be taken away; it can be looked at for the last time.
    func losesDisk(_ region: SimulatedRegion)
    /// The region has committed; `entries` is what its log got.
    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store)
    /// A client of `home` was told of a write that stands at `position` in the log of `region`, whose incarnation was `origin`; nil for one
    /// that was not carried out yet.
    func acknowledged(_ position: LogPosition?, of origin: Origin, in region: SimulatedRegion, home: Int)
    /// The region has committed what a link has brought; ``committed(_:in:store:)`` follows.
    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion)
    /// The region tells another one what it has made durable.
    func acknowledges(_ vector: AppliedVector, by region: SimulatedRegion)
    /// A region has answered a client's read of one item.
    func read(_ key: Item, in table: Table, found: StoredItem?, by region: SimulatedRegion, for request: Request)
    /// A region has answered a client's Query or Scan.
    func read(_ request: PageRequest, found page: RangePage, by region: SimulatedRegion)
    /// A region has carried out a client's command, of one step or several, and answers it; what it committed was seen before.
    ///
    /// - Parameter token: a transaction's.
    func answered(
        _ steps: [ClientStep], _ token: Transaction.Token?, _ outcome: RegionOutcome, by region: SimulatedRegion)
    /// All answers of a round were given; the next round has not begun.
    func roundAnswered(_ region: SimulatedRegion)
    /// A region has acknowledged a change of the catalog, which left the table like this.
    func changed(_ command: CatalogCommand, to table: Table, by region: SimulatedRegion)
    /// A region's process has ended before it answered to a change of the catalog, which it may have made.
    func unanswered(_ command: CatalogCommand, by region: SimulatedRegion)
    /// A request of a client of `home` has ended.
    func finished(_ request: FinishedRequest)
    /// A region refused what a link brought.
    func refused(_ error: ApplyError, at region: SimulatedRegion)
    /// The run is over; what does not hold is reported to the world.
    func conclude()
}

extension WorldObserver {
    func started(_ region: SimulatedRegion) {}
    func ended(_ region: SimulatedRegion) {}
    func losesDisk(_ region: SimulatedRegion) {}
    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {}
    func acknowledged(_ position: LogPosition?, of origin: Origin, in region: SimulatedRegion, home: Int) {}
    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {}
    func acknowledges(_ vector: AppliedVector, by region: SimulatedRegion) {}
    func read(_ key: Item, in table: Table, found: StoredItem?, by region: SimulatedRegion, for request: Request) {}
    func read(_ request: PageRequest, found page: RangePage, by region: SimulatedRegion) {}
    func answered(
        _ steps: [ClientStep], _ token: Transaction.Token?, _ outcome: RegionOutcome, by region: SimulatedRegion
    ) {}
    func roundAnswered(_ region: SimulatedRegion) {}
    func changed(_ command: CatalogCommand, to table: Table, by region: SimulatedRegion) {}
    func unanswered(_ command: CatalogCommand, by region: SimulatedRegion) {}
    func finished(_ request: FinishedRequest) {}
    func refused(_ error: ApplyError, at region: SimulatedRegion) {}
    func conclude() {}
}

/// One entry of a region's log, decoded as far as observers need it.
struct ObservedEntry {
    /// Where it stands in the region's own log.
    let position: LogPosition
    let outcome: LogEntry.Outcome
    /// Without its payload.
    let header: ChangeRecord.Header
    /// The stored entry, and where in it the record lies.
    let bytes: [UInt8]
    let record: Range<Int>
}

/// A request of a client, at its end.
struct FinishedRequest {
    enum Outcome {
        case answered
        case refusedByCondition
        case failed
    }

    let home: Int
    /// Which part of the scenario's workload the client is of.
    let group: Int
    /// The region that was asked.
    let target: Int
    let outcome: Outcome
    let isWrite: Bool
    /// When it was sent first.
    let startedAt: VirtualTime
    /// How often it was sent.
    let attemptCount: Int
    /// How old what a read has found was; nil for what was not stale.
    let staleness: VirtualDuration?
}

extension RegionReader {
    /// Shows all that the region stores of a table, tombstones too, in the order of the keys.
    func visitItems(of table: Table, _ visitor: (_ key: [UInt8], _ value: ItemValue) throws -> Void) throws {
        try store.visit(KeyRange(prefix: Layout.prefix(table.id)), in: Layout.items, direction: .forward) {
            key, bytes in
            try visitor(key, try ItemValue(decoding: bytes))
            return true
        }
    }

    /// What the log holds after `position`, decoded.
    func logEntries(after position: LogPosition, upTo end: LogPosition) -> [ObservedEntry] {
        var entries: [ObservedEntry] = []
        let range = KeyRange(from: Layout.logKey(position.successor), to: Layout.logKey(end.successor))
        try? store.visit(range, in: Layout.log, direction: .forward) { key, value in
            guard let own: UInt64 = Layout.integer(key) else { return false }
            let entry = try StoredLogEntry(value)
            entries.append(
                ObservedEntry(
                    position: LogPosition(rawValue: own), outcome: entry.outcome,
                    header: try entry.header(), bytes: value, record: entry.recordRange))
            return true
        }
        return entries
    }
}
