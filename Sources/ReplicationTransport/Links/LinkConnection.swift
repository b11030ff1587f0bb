public import NIOCore
import Synchronization

/// What the owner of a link is told.
///
/// All calls come on the link's event loop, in order, and must not block it.
public protocol LinkConnectionDelegate: AnyObject, Sendable {
    /// One message of the peer, whole and in the order in which it was sent.
    func link(_ connection: LinkConnection, received message: [UInt8])

    /// Bytes of the peer have come that complete no message yet: it is there.
    func linkReceivedPart(_ connection: LinkConnection)

    /// The link has ended; nothing follows. `error` is nil after a close of either end in which nothing was cut off.
    func link(_ connection: LinkConnection, closedWith error: LinkError?)
}

/// One link between two regions, open and with both ends authenticated.
///
/// Messages are compressed and encrypted on the link's event loop: give links an event loop group of their own where requests
/// must not wait for that. Any thread may call any method.
public final class LinkConnection: Sendable {
    /// All names of the peer's certificate.
    ///
    /// What the peer says that it is must be among them.
    public let peerNames: [String]
    public let remoteAddress: SocketAddress?
    private let configuration: TransportConfiguration
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<LinkHandler>
    private let backlog = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(true)
    let tally = LinkTally()

    init(
        peerNames: [String], remoteAddress: SocketAddress?, configuration: TransportConfiguration,
        handler: NIOLoopBound<LinkHandler>, eventLoop: any EventLoop
    ) {
        self.peerNames = peerNames
        self.remoteAddress = remoteAddress
        self.configuration = configuration
        self.handler = handler
        self.eventLoop = eventLoop
    }

    /// Takes `message` to be sent after all that this thread sent before.
    ///
    /// The owner bounds by acknowledgements what it sends, and so what waits here; the limit is for an owner or a peer that does not.
    ///
    /// - Throws: `LinkError.closed` after the end, `.frame(.messageTooLong)` and `.backlogFull`; the message was not taken and
    ///   the link goes on. A message that cannot be compressed to the limit of a payload ends the link; those of at most
    ///   `FrameLimits.alwaysSendableByteCount` always can.
    public func send(_ message: [UInt8]) throws(LinkError) {
        guard isOpen.load(ordering: .acquiring) else { throw .closed }
        let limit = configuration.limits.messageByteCount
        guard message.count <= limit else { throw .frame(.messageTooLong(byteCount: message.count, limit: limit)) }
        let (before, after) = backlog.add(message.count, ordering: .acquiringAndReleasing)
        guard before == 0 || after <= configuration.backlogLimitByteCount else {
            backlog.subtract(message.count, ordering: .acquiringAndReleasing)
            throw .backlogFull(byteCount: before, limit: configuration.backlogLimitByteCount)
        }
        if eventLoop.inEventLoop {
            handler.value.send(message)
        } else {
            eventLoop.execute { [handler] in handler.value.send(message) }
        }
    }

    /// Closes the link after all that was sent has gone out, or after the configured time.
    public func close() {
        eventLoop.execute { [handler] in handler.value.close() }
    }

    /// Closes the link at once: what was sent and has not gone out is dropped, as the peer is gone.
    public func abort() {
        eventLoop.execute { [handler] in handler.value.abort() }
    }

    /// Delivers no more messages, and soon takes nothing more from the network, until `resumeReading`.
    ///
    /// On the event loop it holds from the next message on; from another thread a few may still come.
    public func pauseReading() {
        setPaused(true)
    }

    public func resumeReading() {
        setPaused(false)
    }

    /// The peer's name: the first of its certificate, which is the region's where Meridian made it.
    public var peerName: String { peerNames.first ?? "" }

    /// The bytes of messages that have been sent here and have not gone to the operating system.
    public var backlogByteCount: Int { backlog.load(ordering: .acquiring) }

    public var counters: LinkCounters { tally.counters }

    // MARK: For the handler, on the event loop

    func sent(byteCount: Int) { backlog.subtract(byteCount, ordering: .acquiringAndReleasing) }

    func ended() {
        isOpen.store(false, ordering: .releasing)
    }

    private func setPaused(_ isPaused: Bool) {
        if eventLoop.inEventLoop {
            handler.value.setPaused(isPaused)
        } else {
            eventLoop.execute { [handler] in handler.value.setPaused(isPaused) }
        }
    }
}
