import Logging
import NIOCore
import Synchronization

/// Counts the endpoint's connections, on all event loops together.
final class ConnectionCensus: Sendable {
    let limit: Int
    private let excessLimit: Int
    private let admitted = Atomic<Int>(0)
    private let excess = Atomic<Int>(0)

    init(_ limits: EndpointConfiguration.Limits) {
        limit = max(1, limits.connectionCountMax)
        excessLimit = max(1, limits.excessConnectionCountMax)
    }

    /// Whether more than half of the places are taken.
    var isCrowded: Bool { admitted.load(ordering: .relaxed) * 2 > limit }

    /// Takes a place, where one is free.
    func enter() -> Bool {
        if admitted.add(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    /// Takes the place of a connection that is to be closed, and counts until it is.
    func replace() { admitted.add(1, ordering: .relaxed) }

    func leave() { admitted.subtract(1, ordering: .relaxed) }

    /// Counts a connection that has no place; false where there are too many of them.
    func enterExcess() -> Bool {
        if excess.add(1, ordering: .relaxed).newValue <= excessLimit { return true }
        leaveExcess()
        return false
    }

    func leaveExcess() { excess.subtract(1, ordering: .relaxed) }
}

/// Decides which connections the endpoint holds: at its bound, a new one takes the place of one that does nothing.
///
/// So a new client gets in, however many others stay connected and say nothing. It is refused only while every connection has a request
/// that is being answered.
final class ConnectionAdmission: Sendable {
    /// What becomes of a new connection.
    enum Decision {
        case admitted
        /// It is told that there are too many.
        case refused
        /// It is closed without a word, because too many are being told already.
        case closedAtOnce
    }

    let census: ConnectionCensus
    private let loops: [EndpointLoop]
    private let log: ConnectionLog

    init(census: ConnectionCensus, loops: [EndpointLoop], log: ConnectionLog) {
        self.census = census
        self.loops = loops
        self.log = log
    }

    /// Decides on a connection that has been accepted; each decision is given back with `leave` when the connection has closed.
    ///
    /// - Parameter eventLoop: the connection's, where the future is fulfilled.
    func admit(on eventLoop: any EventLoop) -> EventLoopFuture<Decision> {
        if census.enter() { return eventLoop.makeSucceededFuture(.admitted) }
        guard census.enterExcess() else {
            log.note("connections closed at once: too many come while all are busy", at: eventLoop.now)
            return eventLoop.makeSucceededFuture(.closedAtOnce)
        }
        // Before a place becomes free, or somebody else might take it too.
        census.replace()
        let room = makeRoom() ?? eventLoop.makeSucceededFuture(false)
        return room.hop(to: eventLoop).map { [census, log] hasRoom in
            guard hasRoom else {
                census.leave()
                log.note("connection refused: all \(census.limit) connections are busy", at: eventLoop.now)
                return .refused
            }
            log.note(
                "connection ended for a new one: all \(census.limit) are taken, and it waited longest for its client",
                at: eventLoop.now)
            census.leaveExcess()
            return .admitted
        }
    }

    func leave(_ decision: Decision) {
        switch decision {
        case .admitted: census.leave()
        case .refused: census.leaveExcess()
        case .closedAtOnce: return
        }
    }

    /// Ends the connection that has waited longest for its client, of those on all event loops.
    ///
    /// - Returns: false where all are busy; fulfilled on any event loop.
    private func makeRoom() -> EventLoopFuture<Bool>? {
        guard let candidate = oldest else { return nil }
        return candidate.eventLoop.flatSubmit { [self] in
            // Before this ran, others may have ended what made it the candidate.
            let hasEnded = oldest === candidate && candidate.endLongestWaiting()
            return (hasEnded ? nil : makeRoom()) ?? candidate.eventLoop.makeSucceededFuture(hasEnded)
        }
    }

    /// The event loop with the connection that would go first, or nil where all are busy.
    private var oldest: EndpointLoop? {
        var oldest: (loop: EndpointLoop, wait: LongestWait)?
        for loop in loops {
            let wait = loop.longestWait
            if wait < oldest?.wait ?? .none { oldest = (loop, wait) }
        }
        return oldest?.loop
    }
}

/// How dispensable the connection is that an event loop would end first, as other threads see it; the least goes first.
struct LongestWait: Comparable, Sendable {
    /// Idle ones from the one that is so longest, then those whose request is arriving.
    let rawValue: UInt64

    private static let receivingFlag: UInt64 = 1 << 63

    static let none = LongestWait(rawValue: .max)

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(_ waiting: WaitingConnections) {
        if let idle = waiting.first(in: .idle) {
            rawValue = idle.since.uptimeNanoseconds
        } else if let receiving = waiting.first(in: .receiving) {
            rawValue = receiving.since.uptimeNanoseconds | Self.receivingFlag
        } else {
            self = .none
        }
    }

    static func < (left: LongestWait, right: LongestWait) -> Bool { left.rawValue < right.rawValue }
}

/// Logs what clients' connections cause, one line a cause in a while.
struct ConnectionLog: Sendable {
    let logger: Logger
    private let throttle = LogThrottle()

    init(_ logger: Logger) {
        self.logger = logger
    }

    func note(_ cause: String, at now: NIODeadline) { note(cause, saying: cause, at: now) }

    /// - Parameters:
    ///   - cause: what lines are counted by.
    ///   - text: what the line says of this time.
    ///   - client: who caused it, where that is known.
    func note(_ cause: String, saying text: String, from client: SocketAddress? = nil, at now: NIODeadline) {
        guard let suppressedCount = throttle.admit(cause, at: now.uptimeNanoseconds / 1_000_000) else { return }
        var metadata: Logger.Metadata = ["suppressed": "\(suppressedCount)"]
        if let client { metadata["from"] = "\(client)" }
        logger.warning("\(text)", metadata: metadata)
    }
}
