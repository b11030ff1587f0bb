public import ItemModel

/// How far the log of a store had got, kept apart from the store: what finds a disk that has forgotten, with nobody to ask.
///
/// It is written after each commit and before anybody is told of it, and need not be synced: it may be behind the store, and where it is
/// ahead of it the store has lost what was durable.
public struct LogMark: Sendable, Hashable {
    public let incarnation: Incarnation
    /// The log's last position.
    public let position: LogPosition

    public init(incarnation: Incarnation, position: LogPosition) {
        self.incarnation = incarnation
        self.position = position
    }

    /// The length of the binary form.
    public static let byteCount = 32

    /// The binary form: incarnation 16 · position 8 · check 8, big-endian.
    public func encoded() -> [UInt8] {
        Layout.bigEndian(incarnation.high, incarnation.low) + Layout.bigEndian(position.rawValue, check)
    }

    /// Reads back what ``encoded()`` wrote, and refuses everything else.
    public init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        incarnation = Incarnation(high: try reader.readUInt64(), low: try reader.readUInt64())
        position = LogPosition(rawValue: try reader.readUInt64())
        guard try reader.readUInt64() == check else { throw .invalid("log mark's check", at: 24) }
        try reader.expectEnd()
    }

    /// Tells a mark from other bytes: FNV-1a over its words.
    private var check: UInt64 {
        [incarnation.high, incarnation.low, position.rawValue].reduce(0xCBF2_9CE4_8422_2325) {
            ($0 ^ $1) &* 0x100_0000_01B3
        }
    }
}

/// What is known of a store's mark when the store is opened.
public enum LogMarkReading: Sendable, Hashable {
    /// Whoever opens the store keeps none: the store is taken as it is.
    case notKept
    /// There should be one and is none that can be read: nothing says whether the store is the newest.
    case missing
    case found(LogMark)
}
