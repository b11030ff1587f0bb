import NIOCore
import Synchronization

/// A connection that has not shown yet who it is.
final class Candidate: Sendable {
    private let channel: any Channel
    /// The address without its port; nil where there is none.
    let address: String?
    private let storedRefusal = Mutex<LinkError?>(nil)

    init(_ channel: any Channel) {
        self.channel = channel
        address = channel.remoteAddress?.ipAddress
    }

    var closeFuture: EventLoopFuture<Void> { channel.closeFuture }

    /// Why the listener has ended it; nil where it has not.
    var refusal: LinkError? { storedRefusal.withLock { $0 } }

    /// Notes why it becomes no link.
    func refuse(_ error: LinkError) { storedRefusal.withLock { $0 = $0 ?? error } }

    fileprivate func close(_ error: LinkError) {
        refuse(error)
        channel.close(mode: .all, promise: nil)
    }
}

/// The connections of a listener that are in their handshake, in the order in which they came.
///
/// At a bound the oldest goes: a peer needs a moment, and a stranger who says nothing has had more than that. So strangers cannot keep
/// peers out, however many connections they open and leave.
final class PendingConnections: Sendable {
    private let limit: Int
    private let addressLimit: Int
    private let candidates = Mutex<[Candidate]>([])

    init(limit: Int, addressLimit: Int) {
        self.limit = max(1, limit)
        self.addressLimit = max(1, addressLimit)
    }

    func enter(_ candidate: Candidate) {
        let ended: [(Candidate, limit: Int)] = candidates.withLock { candidates in
            candidates.append(candidate)
            var ended: [(Candidate, limit: Int)] = []
            if candidates.count(where: { $0.address == candidate.address }) > addressLimit,
                let index = candidates.firstIndex(where: { $0.address == candidate.address })
            {
                ended.append((candidates.remove(at: index), addressLimit))
            }
            if candidates.count > limit { ended.append((candidates.removeFirst(), limit)) }
            return ended
        }
        for (candidate, limit) in ended { candidate.close(.tooManyHandshakes(limit: limit)) }
    }

    /// It is a link now, or gone.
    func leave(_ candidate: Candidate) { candidates.withLock { $0.removeAll { $0 === candidate } } }

    /// How many there are.
    var count: Int { candidates.withLock { $0.count } }
}
