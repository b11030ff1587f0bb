import NIOCore
import ReplicationTransport
import Synchronization

/// Remembers what a link tells its owner.
final class LinkRecorder: LinkConnectionDelegate {
    struct Record: Sendable {
        var connection: LinkConnection?
        var messages: [[UInt8]] = []
        var partCount = 0
        var isClosed = false
        var error: LinkError?
        var failures: [LinkError] = []
    }

    private let state = Mutex(Record())
    private let pausesAtOnce: Bool
    private let echoes: Bool

    init(pausesAtOnce: Bool = false, echoes: Bool = false) {
        self.pausesAtOnce = pausesAtOnce
        self.echoes = echoes
    }

    var record: Record { state.withLock { $0 } }

    func adopt(_ connection: LinkConnection) -> any LinkConnectionDelegate {
        state.withLock { $0.connection = connection }
        if pausesAtOnce { connection.pauseReading() }
        return self
    }

    func failed(_ error: LinkError) {
        state.withLock { $0.failures.append(error) }
    }

    func link(_ connection: LinkConnection, received message: [UInt8]) {
        state.withLock { $0.messages.append(message) }
        if echoes { _ = try? connection.send(message) }
    }

    func linkReceivedPart(_ connection: LinkConnection) {
        state.withLock { $0.partCount += 1 }
    }

    func link(_ connection: LinkConnection, closedWith error: LinkError?) {
        state.withLock {
            $0.isClosed = true
            $0.error = error
        }
    }

    var handlers: LinkListener.Handlers {
        LinkListener.Handlers(accepted: { self.adopt($0) }, failed: { error, _ in self.failed(error) })
    }
}
