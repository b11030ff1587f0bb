import RegionStore

/// What clients know shards by: `shardId-`, the milliseconds at which it was opened in twenty digits, and eight hexadecimal digits.
enum ShardName {
    static func text(of shard: StreamShard, in stream: ChangeStream) -> String {
        text(number: shard.number, openedMilliseconds: shard.openedMilliseconds, in: stream)
    }

    /// The name of a shard's parent, also when that is no longer kept: its name is in no shard, so the caller must have it.
    static func parent(of shard: StreamShard, in stream: ChangeStream) -> String? {
        guard let parent = shard.parent.flatMap({ stream.shard(numbered: $0) }) else { return nil }
        return text(of: parent, in: stream)
    }

    private static func text(number: UInt32, openedMilliseconds: UInt64, in stream: ChangeStream) -> String {
        // Knuth's multiplier, odd: no two numbers of one stream come out the same.
        let mixed = (number &* 2_654_435_761) ^ (stream.id.rawValue &* 2_246_822_519)
        return "shardId-\(digits(of: openedMilliseconds, count: 20))-\(digits(of: UInt64(mixed), count: 8, radix: 16))"
    }

    /// The last `count` digits, with zeroes before them.
    static func digits(of value: UInt64, count: Int, radix: UInt64 = 10) -> String {
        String(unsafeUninitializedCapacity: count) { digits in
            var rest = value
            for place in (0..<count).reversed() {
                let digit = UInt8(rest % radix)
                digits.initializeElement(
                    at: place, to: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                rest /= radix
            }
            return count
        }
    }
}

/// What clients know the places of records by: a one and the position in the region's log in twenty digits.
///
/// They grow through a shard and from parent to child, and are the same after a restart, as the log is. The one keeps the number of
/// digits when they are read as numbers.
enum SequenceNumber {
    static func text(of position: LogPosition) -> String { "1\(ShardName.digits(of: position.rawValue, count: 20))" }

    /// The position; nil for what no sequence number looks like.
    static func position(of text: String) -> LogPosition? {
        guard text.utf8.count == 21, text.utf8.first == UInt8(ascii: "1"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let position = UInt64(text.dropFirst())
        else { return nil }
        return LogPosition(rawValue: position)
    }
}
