import HybridClock

/// The logs of the other regions, as links have reported them: which are alive, what their stores have acknowledged,
/// and how far each is closed.
///
/// A region may have several alive at a time, and a log has ended only when a directory of its region names it so. Lost
/// with the process, and reported again after a restart.
struct PeerLogs {
    /// Strictly increasing by origin.
    private var logs: [Log] = []

    /// One log of another region.
    struct Log {
        let origin: Origin
        fileprivate(set) var standing: Standing
        /// What its store has applied, as its last acknowledgement said.
        fileprivate(set) var acknowledged: AppliedVector?
        /// Up to where its store holds changes of ended logs that it does not acknowledge, as its last directory said.
        fileprivate(set) var parts: AppliedVector?
        /// Nothing of it that is stamped at or below it will follow.
        fileprivate(set) var closed = HybridTimestamp.zero

        /// Up to where its store holds changes of an ended log; nil while it has not said.
        func heldPosition(of ended: Origin) -> LogPosition? {
            guard let acknowledged, let parts else { return nil }
            return max(acknowledged[ended], parts[ended])
        }

        /// Whether its store has to acknowledge what all are to have.
        var counts: Bool { standing == .alive || standing == .unlisted }
    }

    /// What is known of a log's state.
    enum Standing: Hashable {
        /// Its store has acknowledged something, and no directory of its region came since.
        case unlisted
        /// It has spoken, or a directory of its region named it alive.
        case alive
        /// Its store acknowledged something, and the directory that came after it does not name it: a store that was
        /// lost before anybody had anything of it. It is unlisted again when it acknowledges more.
        case unnamed
        /// As `namedBy` has said.
        case ended(namedBy: Origin)
    }

    subscript(origin: Origin) -> Log? { logs.first { $0.origin == origin } }

    /// Those of a region that have to acknowledge what all are to have.
    func counting(of region: RegionID) -> [Log] { logs.filter { $0.origin.region == region && $0.counts } }

    func alive(of region: RegionID) -> [Log] { alive.filter { $0.origin.region == region } }

    var alive: [Log] { logs.filter { $0.standing == .alive } }

    func hasEnded(_ origin: Origin) -> Bool {
        guard let index = logs.firstIndex(where: { $0.origin == origin }) else { return false }
        return if case .ended = logs[index].standing { true } else { false }
    }

    /// Those of a region that nothing more is shipped to.
    func gone(of region: RegionID) -> [Log] { logs.filter { $0.origin.region == region && !$0.counts } }

    /// What the logs' stores have acknowledged.
    var acknowledgedVectors: [AppliedVector] { logs.compactMap(\.acknowledged) }

    /// A log that is alive in place of one that has ended: mostly the one that said so.
    func successor(of ended: Origin) -> Origin? {
        guard case .ended(let namedBy) = self[ended]?.standing else { return nil }
        return self[namedBy]?.standing == .alive ? namedBy : alive(of: ended.region).first?.origin
    }

    /// How far all that is alive of a region is closed; zero where nothing is known to be.
    func closedTimestamp(of region: RegionID) -> HybridTimestamp {
        // Asked for at every commit: without an array.
        var closed: HybridTimestamp?
        for index in logs.indices where logs[index].origin.region == region && logs[index].standing == .alive {
            closed = min(closed ?? logs[index].closed, logs[index].closed)
        }
        return closed ?? .zero
    }

    mutating func noteAcknowledged(by origin: Origin, _ vector: AppliedVector) {
        change(origin, orAdd: .unlisted) { log in
            if case .unnamed = log.standing { log.standing = .unlisted }
            log.acknowledged = vector
        }
    }

    mutating func noteClosed(_ origin: Origin, at stamp: HybridTimestamp) {
        change(origin, orAdd: .alive) { $0.closed = max($0.closed, stamp) }
    }

    /// Takes what a region says of its logs.
    ///
    /// - Parameter speaker: the log whose store says it, which is alive.
    /// - Returns: whether other logs are alive than before.
    mutating func take(_ directory: RegionDirectory, from speaker: Origin) -> Bool {
        let before = alive(of: speaker.region).map(\.origin)
        for origin in directory.ended where origin.region == speaker.region && origin != speaker {
            change(origin, orAdd: .unlisted) { log in
                if case .ended = log.standing { return }
                log.standing = .ended(namedBy: speaker)
                log.acknowledged = nil
            }
        }
        for origin in [speaker] + directory.alive where origin.region == speaker.region {
            change(origin, orAdd: .alive) { log in
                if case .ended = log.standing { return }
                log.standing = .alive
            }
        }
        change(speaker, orAdd: .alive) { $0.parts = directory.parts }
        for index in logs.indices
        where logs[index].origin.region == speaker.region && logs[index].standing == .unlisted {
            logs[index].standing = .unnamed
            logs[index].acknowledged = nil
        }
        return alive(of: speaker.region).map(\.origin) != before
    }

    private mutating func change(_ origin: Origin, orAdd standing: Standing, _ body: (inout Log) -> Void) {
        let index = logs.firstIndex { $0.origin >= origin } ?? logs.endIndex
        if index == logs.endIndex || logs[index].origin != origin {
            logs.insert(Log(origin: origin, standing: standing), at: index)
        }
        body(&logs[index])
    }
}
