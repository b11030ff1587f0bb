public import KeyValueStore
public import RegionStore

/// Whether a region takes writes.
public enum Readiness: Sendable, Hashable, CustomStringConvertible {
    case ready
    /// Reads are answered and changes of other regions taken; writes are refused until the clock is right.
    case doubtsClock(ClockDoubt)
    /// What is durable is unknown: nothing is written until the process has started anew.
    case failed(KeyValueStoreError)

    public var description: String {
        switch self {
        case .ready: "ready"
        case .doubtsClock(let doubt): "refuses writes, as it doubts its own clock: \(doubt)"
        case .failed(let error): "refuses everything, as its store has failed: \(error)"
        }
    }
}

/// Something that a region's operator has to hear of.
public enum RegionEvent: Sendable, Hashable, CustomStringConvertible {
    case store(RegionStoreEvent)
    /// Writes are refused from now on.
    case clockDoubted(ClockDoubt)
    /// Writes are taken again.
    case clockTrusted
    /// The region has started, and takes writes although no other region has confirmed its clock.
    case clockUnconfirmed

    /// Whether somebody has to act on it.
    public var isAlarm: Bool {
        switch self {
        case .clockDoubted: true
        case .store, .clockTrusted, .clockUnconfirmed: false
        }
    }

    public var description: String {
        switch self {
        case .store(let event): "\(event)"
        case .clockDoubted(let doubt): "writes are refused, as the clock of this host is not trusted: \(doubt)"
        case .clockTrusted: "the clock of this host is trusted again, and writes are taken"
        case .clockUnconfirmed: "the clock of this host is taken as it is: no other region could be asked to confirm it"
        }
    }
}
