public import KeyValueStore
public import RegionStore

/// Whether a region takes writes.
public enum Readiness: Sendable, Hashable, CustomStringConvertible {
    case ready
    /// Reads are answered and changes of other regions taken; writes are refused until the clock is right.
    case doubtsClock(ClockDoubt)
    /// Reads are answered and changes of other regions taken; nothing is added to the region's own log yet.
    case doubtsLog(LogDoubt)
    /// Reads are answered; writes are refused until the disk has room.
    case lacksRoom(DiskRoom)
    /// What is durable is unknown: nothing is written until the process has started anew.
    case failed(KeyValueStoreError)

    /// Whether the process has just started, and asks the other regions before it takes writes.
    public var isStarting: Bool {
        switch self {
        case .doubtsClock(.unconfirmed), .doubtsLog(.unconfirmed): true
        case .ready, .doubtsClock, .doubtsLog, .lacksRoom, .failed: false
        }
    }

    public var description: String {
        switch self {
        case .ready: "ready"
        case .doubtsClock(let doubt): "refuses writes, as it doubts its own clock: \(doubt)"
        case .doubtsLog(let doubt): "refuses writes: \(doubt)"
        case .lacksRoom(let room): "refuses writes, as its disk is full: \(room)"
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
    /// Another region has more of this region's log than its store: the log ends, and the store is opened anew.
    case logForgotten(ForgottenTail, knownBy: String)
    /// Nothing says that the store is the newest copy of itself, and not all other regions could be asked.
    case logUnproven(end: LogPosition)
    /// The region has begun a new log, and takes writes when the tail of the old one was fetched.
    case tailWanted(ForgottenTail, log: Origin)
    /// What the other regions have of the forgotten tail is here.
    case tailFetched(TailRecovery)
    /// How far the log has got could not be noted beside its folder.
    case markNotWritten(reason: String)
    /// The disk's reserve is touched: writes are refused from now on.
    case roomUsedUp(DiskRoom)
    /// There is room again, and writes are taken.
    case roomFound
    /// The region has started, and takes writes although no other region has confirmed its clock.
    case clockUnconfirmed

    /// Whether somebody has to act on it.
    public var isAlarm: Bool {
        switch self {
        case .clockDoubted, .logForgotten, .tailWanted, .markNotWritten, .roomUsedUp: true
        case .tailFetched(let recovery): recovery.lost != nil || !recovery.unasked.isEmpty
        case .store(let event): event.isAlarm
        case .clockTrusted, .clockUnconfirmed, .logUnproven, .roomFound: false
        }
    }

    public var description: String {
        switch self {
        case .store(let event): "\(event)"
        case .logForgotten(let tail, let peer):
            """
            \(peer) has this region's log up to change \(tail.known), and the store held it up to \(tail.held) when it was opened: an old copy was \
            put back, or synced data was lost; writes are refused, and the store is opened anew
            """
        case .logUnproven(let end):
            """
            nothing says whether this store, whose log ends at change \(end), is the newest copy: the mark beside its folder is missing, and \
            not all other regions could be asked; the store is opened anew
            """
        case .tailWanted(let tail, let log):
            """
            this disk may have forgotten \(tail); the region goes on with the log \(log), and takes writes when the other regions were asked \
            for what they have of the old one
            """
        case .markNotWritten(let reason):
            "the mark beside the data folder cannot be written: \(reason); an old copy of the folder may go unnoticed"
        case .tailFetched(let recovery): "writes are taken again: \(recovery)"
        case .clockDoubted(let doubt): "writes are refused, as the clock of this host is not trusted: \(doubt)"
        case .roomUsedUp(let room): "writes are refused, as the disk is full: \(room)"
        case .roomFound: "the disk has room again, and writes are taken"
        case .clockTrusted: "the clock of this host is trusted again, and writes are taken"
        case .clockUnconfirmed: "the clock of this host is taken as it is: no other region could be asked to confirm it"
        }
    }
}
