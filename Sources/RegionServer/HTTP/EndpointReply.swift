import NIOCore
import Synchronization

/// Where the answer to one request goes when it isn't there at once.
///
/// Making one costs no allocation. It can be answered from any thread, and holds the connection in memory until then.
public struct EndpointReply: Sendable {
    let mailbox: ReplyMailbox
    let connection: any ReplyReceiver
    let sequence: UInt64

    /// Answers the request; a second answer, and one to a connection that has been closed, is dropped.
    public func send(_ response: EndpointResponse) {
        mailbox.post(ReplyMailbox.Letter(connection: connection, sequence: sequence, response: response))
    }
}

/// A connection that waits for answers; called only on its own event loop.
protocol ReplyReceiver: AnyObject, Sendable {
    /// Takes the answer to the request with that number, and keeps what can be sent for `sendReplies`.
    ///
    /// - Returns: whether `sendReplies` has to be called, which is so only for the first answer since the last call.
    func receive(_ response: EndpointResponse, for sequence: UInt64) -> Bool

    /// Sends what has been kept, with one flush.
    func sendReplies()
}

/// Brings answers to one event loop, so that a group of commits wakes the loop once and not once for each answer.
final class ReplyMailbox: Sendable {
    /// One answer on its way.
    struct Letter: Sendable {
        var connection: any ReplyReceiver
        var sequence: UInt64
        var response: EndpointResponse
    }

    private struct State {
        var letters: [Letter] = []
        var isDeliveryScheduled = false
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Puts an answer in, from any thread.
    func post(_ letter: Letter) {
        let mustSchedule = state.withLock { state in
            state.letters.append(letter)
            defer { state.isDeliveryScheduled = true }
            return !state.isDeliveryScheduled
        }
        if mustSchedule {
            eventLoop.execute { self.deliver() }
        }
    }

    private func deliver() {
        let letters = state.withLock { state in
            state.isDeliveryScheduled = false
            let letters = state.letters
            state.letters = []
            return letters
        }
        var waiting: [any ReplyReceiver] = []
        for letter in letters where letter.connection.receive(letter.response, for: letter.sequence) {
            waiting.append(letter.connection)
        }
        for connection in waiting {
            connection.sendReplies()
        }
    }
}
