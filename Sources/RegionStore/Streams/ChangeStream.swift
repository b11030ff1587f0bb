public import ItemModel

/// One stream of a table in one region: from when it was enabled until it was disabled, or the replica dropped.
///
/// It holds no changes but says which part of the region's change log it is: its records are pointers into the log. A disabled
/// stream stays readable for as long as its last records are kept. Its shards are generations: at every moment the stream has one or
/// more open shards, each for an equal range of partition hashes; after a while all of them close and each is followed by as many
/// children, in the same ranges or in parts of them. So an item's changes stand in one shard at a time, and a child holds only what
/// came after everything in its parent.
public struct ChangeStream: Sendable, Hashable {
    /// The number that keys of the stream's pointers begin with.
    public let id: StreamID
    public let table: TableUUID
    public let tableName: Text
    public let keySchema: KeySchema
    public let viewType: StreamViewType
    /// When it was enabled, in milliseconds since the Unix epoch: its label, which no other stream of a table of this name has here.
    public let createdMilliseconds: UInt64
    /// When it was disabled; nil while it is enabled.
    public internal(set) var closedMilliseconds: UInt64?
    /// Those whose records are still kept, in the order of their numbers, which is that of their first positions.
    public internal(set) var shards: [StreamShard]

    /// A stream of everything after `position`.
    init(
        id: StreamID, table: TableUUID, tableName: Text, keySchema: KeySchema, viewType: StreamViewType,
        after position: LogPosition, shardCount: UInt32, at nowMilliseconds: UInt64
    ) {
        self.id = id
        self.table = table
        self.tableName = tableName
        self.keySchema = keySchema
        self.viewType = viewType
        createdMilliseconds = nowMilliseconds
        shards = (0..<shardCount).map { slot in
            StreamShard(
                number: slot, parent: nil, slot: slot, slotCount: shardCount, first: position.successor,
                openedMilliseconds: nowMilliseconds)
        }
    }

    public var isEnabled: Bool { closedMilliseconds == nil }

    /// The shards that still take records, in the order of their ranges.
    public var openShards: ArraySlice<StreamShard> {
        shards[(shards.lastIndex { $0.last != nil }.map { $0 + 1 } ?? 0)...]
    }

    /// The shard of that number.
    public func shard(numbered number: UInt32) -> StreamShard? { shards.first { $0.number == number } }

    /// The shard that a change at `position` of a partition with that hash stands in.
    func shard(at position: LogPosition, hash: UInt64) -> StreamShard? {
        shards.first { $0.contains(position) && $0.contains(hash: hash) }
    }

    /// The open shard that changes of a partition with that hash go into.
    func openShard(hash: UInt64) -> StreamShard? {
        guard let last = shards.last, last.last == nil else { return nil }
        let index = shards.count - Int(last.slotCount) + Int(StreamShard.slot(of: hash, among: last.slotCount))
        return shards.indices.contains(index) ? shards[index] : nil
    }

    /// Closes the open shards after `position` and opens as many or, where `shardCount` is greater, so many.
    ///
    /// Both counts are powers of two, so that each child's range lies within its parent's.
    ///
    /// - Parameter isForgotten: whether consumers may have been given records behind `position`.
    mutating func roll(
        after position: LogPosition, shardCount: UInt32, isForgotten: Bool = false, at nowMilliseconds: UInt64
    ) {
        let parents = Array(openShards)
        if isForgotten { for index in openShards.indices { shards[index].isForgotten = true } }
        closeShards(after: position, at: nowMilliseconds)
        let count = max(shardCount, UInt32(parents.count))
        let next = (shards.last?.number ?? 0) + 1
        for slot in 0..<count {
            let parent = parents.isEmpty ? nil : parents[Int(slot) * parents.count / Int(count)].number
            shards.append(
                StreamShard(
                    number: next + slot, parent: parent, slot: slot, slotCount: count, first: position.successor,
                    openedMilliseconds: nowMilliseconds))
        }
    }

    /// Disables the stream: what comes after `position` is not in it.
    mutating func close(after position: LogPosition, at nowMilliseconds: UInt64) {
        closeShards(after: position, at: nowMilliseconds)
        closedMilliseconds = nowMilliseconds
    }

    private mutating func closeShards(after position: LogPosition, at nowMilliseconds: UInt64) {
        for index in openShards.indices {
            shards[index].last = position
            shards[index].closedMilliseconds = nowMilliseconds
        }
    }

    /// Forgets the shards that were closed before `milliseconds`: all of their records are older.
    ///
    /// - Returns: the numbers of those that it forgot.
    mutating func removeShards(closedBefore milliseconds: UInt64) -> [UInt32] {
        let old = shards.filter { $0.closedMilliseconds.map { $0 < milliseconds } ?? false }.map(\.number)
        shards.removeAll { old.contains($0.number) }
        return old
    }
}

/// A stream's short number in one region's store, never used again.
public struct StreamID: Sendable, Hashable, Comparable {
    public let rawValue: UInt32

    public static func < (left: StreamID, right: StreamID) -> Bool { left.rawValue < right.rawValue }
}

/// Part of a stream: the changes of one range of partition hashes, from one position of the log to another.
public struct StreamShard: Sendable, Hashable {
    /// Counts a stream's shards, from zero.
    public let number: UInt32
    /// The shard that held this one's range before it; nil for a stream's first shards.
    public let parent: UInt32?
    /// Which of how many equal ranges of partition hashes the shard holds.
    public let slot: UInt32
    public let slotCount: UInt32
    /// The first position of the log that can be in it.
    public let first: LogPosition
    /// The last position that can be in it; nil while it is open.
    public internal(set) var last: LogPosition?
    /// In milliseconds since the Unix epoch.
    public let openedMilliseconds: UInt64
    /// Nil while it is open.
    public internal(set) var closedMilliseconds: UInt64?
    /// Whether the store has forgotten its end: consumers may have sequence numbers behind ``last``, and have read all that is left of it.
    public internal(set) var isForgotten = false

    init(
        number: UInt32, parent: UInt32?, slot: UInt32, slotCount: UInt32, first: LogPosition,
        openedMilliseconds: UInt64
    ) {
        self.number = number
        self.parent = parent
        self.slot = slot
        self.slotCount = slotCount
        self.first = first
        self.openedMilliseconds = openedMilliseconds
    }

    /// Whether the shard covers a position of the log.
    public func contains(_ position: LogPosition) -> Bool {
        position >= first && last.map { position <= $0 } ?? true
    }

    func contains(hash: UInt64) -> Bool { Self.slot(of: hash, among: slotCount) == slot }

    static func slot(of hash: UInt64, among count: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(count)).high)
    }
}
