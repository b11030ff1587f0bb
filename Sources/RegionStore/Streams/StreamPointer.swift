import ItemModel

/// What the `streams` keyspace holds under a stream, a shard and a log position: when the change was logged here, and what it was.
///
/// Binary form: milliseconds 8 · event 1. A change that came from another region has the time at which it came, not that of its stamp.
struct StreamPointer: Hashable {
    let arrivedMilliseconds: UInt64
    let event: StreamEvent

    func encoded() -> [UInt8] { Layout.bigEndian(arrivedMilliseconds) + [event.rawValue] }

    init(arrivedMilliseconds: UInt64, event: StreamEvent) {
        self.arrivedMilliseconds = arrivedMilliseconds
        self.event = event
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        arrivedMilliseconds = try reader.readUInt64()
        guard let event = StreamEvent(rawValue: try reader.readUInt8()) else {
            throw .invalid("stream pointer's event", at: 8)
        }
        self.event = event
        try reader.expectEnd()
    }
}

/// What a change did to an item.
public enum StreamEvent: UInt8, Sendable, Hashable {
    case insert = 1
    case modify = 2
    case remove = 3
}
