import ItemModel

/// Why an end closes its connection.
public enum LinkEnding: Sendable, Hashable {
    /// Nothing came for that long, in milliseconds: nothing that is sent will arrive either.
    case silence(milliseconds: UInt64)
    /// The peer has said that it refuses this end, or what this end sent.
    case refusedByPeer(LinkMessage.Refusal)
    /// This end refuses the peer, or what the peer sent.
    case refused(LinkMessage.Refusal)
    /// The sender has opened another connection, and this end of its old one had not noticed yet.
    case replaced
    /// The sender's region says that the log has ended.
    case logEnded
    /// This end cannot go on.
    case failed(String)

    /// Whether the other end is gone, so that there is nobody to wait for until what was sent has gone out.
    public var isAbrupt: Bool {
        switch self {
        case .silence: true
        case .refusedByPeer, .refused, .replaced, .logEnded, .failed: false
        }
    }

    /// Whether one end has refused the other, and will do so again until something has changed.
    public var isRefusal: Bool {
        switch self {
        case .refusedByPeer(let refusal), .refused(let refusal): refusal.code != .stopping
        case .silence, .replaced, .logEnded, .failed: false
        }
    }

    /// For logs and status pages.
    ///
    /// - Parameter peer: the name of the region at the other end.
    public func text(peer: some StringProtocol) -> String {
        switch self {
        case .silence(let milliseconds): "nothing came from \(peer) for \(milliseconds) ms"
        case .refusedByPeer(let refusal): "refused by \(peer): \(refusal.text)"
        case .refused(let refusal): "refused \(peer): \(refusal.text)"
        case .replaced: "\(peer) has opened another connection"
        case .logEnded: "its log has ended, as \(peer) says"
        case .failed(let text): text
        }
    }
}
