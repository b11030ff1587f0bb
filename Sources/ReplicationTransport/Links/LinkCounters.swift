import Synchronization

/// What has gone through a link so far.
///
/// Wire bytes are compressed, with frame headers, without what TLS adds.
public struct LinkCounters: Sendable, Hashable {
    public var sentMessageCount = 0
    public var sentMessageByteCount = 0
    public var sentWireByteCount = 0
    public var receivedMessageCount = 0
    public var receivedMessageByteCount = 0
    public var receivedWireByteCount = 0

    public init() {}
}

/// The counters as one thread writes them and any reads them; a reader may see one message half counted.
final class LinkTally: Sendable {
    private let sentMessageCount = Atomic<Int>(0)
    private let sentMessageByteCount = Atomic<Int>(0)
    private let sentWireByteCount = Atomic<Int>(0)
    private let receivedMessageCount = Atomic<Int>(0)
    private let receivedMessageByteCount = Atomic<Int>(0)
    private let receivedWireByteCount = Atomic<Int>(0)

    func sent(messageByteCount: Int, wireByteCount: Int) {
        sentMessageCount.add(1, ordering: .relaxed)
        sentMessageByteCount.add(messageByteCount, ordering: .relaxed)
        sentWireByteCount.add(wireByteCount, ordering: .relaxed)
    }

    func received(messageByteCount: Int, wireByteCount: Int) {
        receivedMessageCount.add(1, ordering: .relaxed)
        receivedMessageByteCount.add(messageByteCount, ordering: .relaxed)
        receivedWireByteCount.add(wireByteCount, ordering: .relaxed)
    }

    var counters: LinkCounters {
        var counters = LinkCounters()
        counters.sentMessageCount = sentMessageCount.load(ordering: .relaxed)
        counters.sentMessageByteCount = sentMessageByteCount.load(ordering: .relaxed)
        counters.sentWireByteCount = sentWireByteCount.load(ordering: .relaxed)
        counters.receivedMessageCount = receivedMessageCount.load(ordering: .relaxed)
        counters.receivedMessageByteCount = receivedMessageByteCount.load(ordering: .relaxed)
        counters.receivedWireByteCount = receivedWireByteCount.load(ordering: .relaxed)
        return counters
    }
}
