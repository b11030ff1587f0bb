import ItemModel
import KeyValueStore
import RegionCore
import RegionStore
import Replication
import TestSupport
import Testing

/// Regions in memory, joined by links over a network that delays, cuts and blocks: everything is decided by one seed.
///
/// Time is virtual, in milliseconds. Events run one at a time, in the order of their times and, of one time, of their making.
final class Cluster {
    var random: SplitMix64
    private(set) var now: UInt64 = 1_000
    private(set) var nodes: [Node] = []
    let regions: [RegionIdentity]
    var options: Options
    /// Directed links that cannot be opened: sender and receiver.
    private(set) var blocked: Set<Pair> = []
    var history = History()
    private var events = EventQueue()

    struct Pair: Hashable {
        let sender: RegionID
        let receiver: RegionID
    }

    struct Options {
        var regionCount = 3
        var link = LinkConfiguration()
        /// One way, in milliseconds.
        var delay: ClosedRange<UInt64> = 1...40
        var patienceMilliseconds: UInt64 = 300
        /// As `RegionConfiguration` has them.
        var logRetentionMilliseconds: UInt64 = 24 * 3_600_000
        var logRetentionLimitMilliseconds: UInt64 = 7 * 24 * 3_600_000

        /// Whether stable time is held against every write.
        var checksStableTime = true

        init() {
            link.batchByteCount = 600
            link.inFlightByteLimit = 4_000
            link.heartbeatMilliseconds = 40
            link.silenceMilliseconds = 400...4_000
            link.backoffMilliseconds = 10...200
            link.reviewMilliseconds = 50
        }
    }

    /// The physical time at virtual time zero.
    static let epoch: UInt64 = 1_700_000_000_000

    init(seed: UInt64, options: Options = Options()) throws {
        random = SplitMix64(seed: seed)
        self.options = options
        regions = (1...options.regionCount).map {
            RegionIdentity(id: RegionID(rawValue: UInt16($0)), name: Text("region-\($0)"))
        }
        for region in regions { nodes.append(try Node(region, in: self)) }
        for node in nodes { try node.start() }
        // Until then nothing that a test writes would be taken.
        let isReady = try run(atMost: 5_000) { nodes.allSatisfy { $0.writer.readiness == .ready } }
        #expect(isReady, "the regions do not confirm each other's clocks")
    }

    func node(_ id: RegionID) -> Node? { nodes.first { $0.region.id == id } }

    // MARK: - Time

    /// Runs `body` later, in the present run of a node's process: not if it has ended, and not while it is paused.
    func schedule(after milliseconds: UInt64, on node: Node, _ body: @escaping () throws -> Void) {
        let run = node.run
        schedule(after: milliseconds) { [unowned node] in
            guard node.isUp, node.run == run else { return }
            if node.isPaused { node.deferred.append(body) } else { try body() }
        }
    }

    /// Runs `body` later, whatever becomes of any node.
    func schedule(after milliseconds: UInt64, _ body: @escaping () throws -> Void) {
        events.insert(at: now + milliseconds, body)
    }

    /// Lets `milliseconds` pass.
    func run(for milliseconds: UInt64) throws {
        let end = now + milliseconds
        while let (time, body) = events.next(upTo: end) {
            now = max(now, time)
            try body()
        }
        now = end
    }

    /// Lets time pass until `isDone`, asked every so often; false when that takes too long.
    func run(atMost milliseconds: UInt64, until isDone: () throws -> Bool) throws -> Bool {
        let end = now + milliseconds
        while now < end {
            if try isDone() { return true }
            try run(for: 100)
        }
        return try isDone()
    }

    func number(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &random) }
    func delay() -> UInt64 { number(options.delay) }
    func happens(_ percent: UInt64) -> Bool { number(1...100) <= percent }

    // MARK: - Faults

    func block(from sender: Int, to receiver: Int) {
        let (sender, receiver) = (nodes[sender], nodes[receiver])
        blocked.insert(Pair(sender: sender.region.id, receiver: receiver.region.id))
        sender.outgoing[receiver.region.id]?.cut()
    }

    func isBlocked(from sender: RegionID, to receiver: RegionID) -> Bool {
        blocked.contains(Pair(sender: sender, receiver: receiver))
    }

    /// Ends every fault that can end: blocks, pauses and processes that are down.
    func heal() throws {
        blocked = []
        for node in nodes {
            try node.resume()
            if !node.isUp { try node.start() }
        }
    }
}

/// What is to happen, in the order of time.
private struct EventQueue {
    private var heap: [(time: UInt64, number: UInt64, body: () throws -> Void)] = []
    private var count: UInt64 = 0

    mutating func insert(at time: UInt64, _ body: @escaping () throws -> Void) {
        count += 1
        heap.append((time, count, body))
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next(upTo end: UInt64) -> (UInt64, () throws -> Void)? {
        guard let first = heap.first, first.time <= end else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            guard least != parent else { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.time, first.body)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
    }
}
