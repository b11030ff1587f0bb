import HybridClock
public import ItemModel
import KeyValueStore

/// What a store does that has forgotten the end of its own log.
extension RegionStore {
    /// Notes that the region's log went up to `position` once, which it does not now, or that nobody can say how far it went: the store is to
    /// be opened anew after the next commit, and begins another incarnation then.
    public func noteForgotten(upTo position: LogPosition) {
        // An earlier tail that is not fetched yet is a log that has ended, and is fetched as such.
        if let forgotten, forgotten.log == origin, forgotten.known >= position { return }
        setForgotten(ForgottenTail(log: origin, held: openedPosition, known: position))
    }

    /// Whether the store is to be closed and opened anew, as its log must not go on.
    public var mustReopen: Bool { forgotten?.log == origin }

    /// The store was found to be the newest copy.
    public func noteProven() { isUnproven = false }

    /// Ends the wait for the tail, where all that the other regions have of it is here.
    ///
    /// - Returns: nil while something is still to come.
    public func endRecovery(_ wait: RecoveryWait) -> TailRecovery? {
        guard let tail = forgotten, tail.log != origin else { return nil }
        let asked = replicaProgress.asked(for: tail.log, progressContext)
        switch wait {
        case .forAll: guard asked.open.isEmpty, asked.unheard.isEmpty else { return nil }
        case .forHeard: guard asked.open.isEmpty else { return nil }
        case .none: break
        }
        region.batch.delete(Layout.MetaKey.forgotten, in: Layout.meta)
        forgotten = nil
        return TailRecovery(
            tail: tail, fetched: max(vector[tail.log], replicaProgress.seen[tail.log]),
            unasked: (asked.open + asked.unheard).sorted().compactMap(configuration.name))
    }

    /// Takes the store for an old copy, and gives the streams other shards: those that are open may have had records behind the end of
    /// what the store holds, whose sequence numbers were told to consumers.
    func beginAnew() {
        guard var tail = forgotten else { return }
        region.noteCopied()
        region.rollStreams()
        tail.step = .streamsRolled
        setForgotten(tail)
    }

    private func setForgotten(_ tail: ForgottenTail) {
        forgotten = tail
        region.batch.put(Layout.MetaKey.forgotten, tail.encoded(), in: Layout.meta)
    }
}

/// For whom a region waits that fetches what it has forgotten.
public enum RecoveryWait: Sendable, Hashable {
    case forAll
    /// Not for those that nothing was heard of since the process started.
    case forHeard
    case none
}

/// What became of a forgotten tail, as far as the other regions could be asked.
public struct TailRecovery: Sendable, Hashable, CustomStringConvertible {
    public let tail: ForgottenTail
    /// Up to where the log is here now.
    public let fetched: LogPosition
    /// The names of the regions that have not sent all that they have, in order.
    public let unasked: [Text]

    /// The positions that were given out and are on no disk that could be asked; nil where nothing says that there are any.
    public var lost: ClosedRange<UInt64>? {
        fetched < tail.known ? fetched.rawValue + 1...tail.known.rawValue : nil
    }

    public var description: String {
        var text = "the log \(tail.log) is here up to change \(fetched) again, \(tail.held) of which this disk had kept"
        if let lost {
            text +=
                "; changes \(lost.lowerBound) to \(lost.upperBound) were acknowledged and are on no disk that could be asked"
        }
        if !unasked.isEmpty {
            text += "; not asked, as no link to them was up: \(unasked.map(\.string).joined(separator: ", "))"
        }
        return text
    }
}
