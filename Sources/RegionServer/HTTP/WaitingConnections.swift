import NIOCore

/// What a connection does, as far as its deadline and its place are concerned.
enum ConnectionPhase: Equatable, Sendable {
    /// The client owes nothing and is owed nothing.
    case idle
    /// A request has begun to arrive.
    case receiving
    /// A request is being answered; no deadline ends the connection.
    case answering
    /// The client has to read what was written.
    case sending
}

/// The connections of one event loop that wait for their clients, by phase, in the order in which they began to wait.
///
/// Moving a connection costs the same however many there are, as it is done for each request.
struct WaitingConnections {
    /// The place of one connection.
    final class Place {
        unowned let connection: any EndpointConnection
        fileprivate(set) var phase = ConnectionPhase.answering
        /// When it came into its phase.
        fileprivate(set) var since = NIODeadline.uptimeNanoseconds(0)
        fileprivate var next: Place?
        fileprivate unowned var previous: Place?

        init(_ connection: any EndpointConnection) {
            self.connection = connection
        }
    }

    /// The places of one phase.
    private struct List {
        var first: Place?
        unowned var last: Place?

        mutating func append(_ place: Place) {
            place.previous = last
            if let last { last.next = place } else { first = place }
            last = place
        }

        mutating func remove(_ place: Place) {
            let (previous, next) = (place.previous, place.next)
            if let previous { previous.next = next } else { first = next }
            if let next { next.previous = previous } else { last = previous }
            place.previous = nil
            place.next = nil
        }
    }

    private var idle = List()
    private var receiving = List()
    private var sending = List()

    /// The connection that has been longest in that phase; nil for `answering`, which has no order.
    func first(in phase: ConnectionPhase) -> Place? {
        switch phase {
        case .idle: idle.first
        case .receiving: receiving.first
        case .sending: sending.first
        case .answering: nil
        }
    }

    /// Puts a place behind all others of that phase.
    mutating func move(_ place: Place, to phase: ConnectionPhase, at now: NIODeadline) {
        switch place.phase {
        case .idle: idle.remove(place)
        case .receiving: receiving.remove(place)
        case .sending: sending.remove(place)
        case .answering: break
        }
        place.phase = phase
        place.since = now
        switch phase {
        case .idle: idle.append(place)
        case .receiving: receiving.append(place)
        case .sending: sending.append(place)
        case .answering: break
        }
    }
}
