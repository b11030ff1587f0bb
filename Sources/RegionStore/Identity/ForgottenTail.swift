import ItemModel

/// The end of a log of this region's own that its store held once and does not hold now: an old copy was put back, or a disk has lost what
/// it had synced.
///
/// Nothing may be added to that log any more, as what stood behind its end was given to others. The store begins another incarnation when
/// it is next opened, and fetches the tail from the other regions as it would fetch any log that has ended.
///
/// In the `meta` keyspace: log 8 · held 8 · known 8 · step 1.
public struct ForgottenTail: Sendable, Hashable, CustomStringConvertible {
    public let log: Origin
    /// Up to where the store holds the log.
    public let held: LogPosition
    /// The highest position that anybody has told of so far; not above ``held`` where nobody could tell.
    public internal(set) var known: LogPosition
    var step: Step

    /// What was done about it.
    enum Step: UInt8 {
        /// It was found: the log is still the store's own.
        case found = 1
        /// The store has another incarnation.
        case incarnationBegun = 2
        /// Streams have other shards, so that no sequence number is given twice.
        case streamsRolled = 3
    }

    init(log: Origin, held: LogPosition, known: LogPosition, step: Step = .found) {
        self.log = log
        self.held = held
        self.known = known
        self.step = step
    }

    func encoded() -> [UInt8] {
        Layout.bigEndian(log.rawValue, held.rawValue) + Layout.bigEndian(known.rawValue) + [step.rawValue]
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        log = Origin(rawValue: try reader.readUInt64())
        held = LogPosition(rawValue: try reader.readUInt64())
        known = LogPosition(rawValue: try reader.readUInt64())
        guard let step = Step(rawValue: try reader.readUInt8()) else { throw .invalid("forgotten tail's step", at: 24) }
        self.step = step
        try reader.expectEnd()
    }

    public var description: String {
        known > held
            ? "changes \(held.successor) to \(known) of the log \(log)"
            : "what may stand behind change \(held) of the log \(log)"
    }
}
