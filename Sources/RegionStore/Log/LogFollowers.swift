public import ItemModel
import KeyValueStore

/// Who reads the change log, and how far each is: a durable cursor under a name, and with it a claim on the entries
/// behind the cursor.
///
/// A cursor goes with the commit of the next tick and never causes one, so after a crash it may be behind: it then
/// holds back more than it has to. The names mean nothing here.
///
/// In the `meta` keyspace, under `follower/` and the name: cursor 8 · cause of the lapse 1, zero for none.
public struct LogFollowers {
    /// Strictly increasing by name.
    private var followers: [Status] = []
    /// What the next commit has to write, in order.
    private var changedNames: [Text] = []
    /// Whose cursors have moved since they were written, in order.
    private var movedNames: [Text] = []
    private var lapsedNames: [Text] = []
    private var events = EventOutbox()

    /// One follower.
    public struct Status: Sendable, Hashable {
        public let name: Text
        /// Up to where it has acknowledged the log.
        public fileprivate(set) var cursor: LogPosition
        /// Why entries after the cursor were trimmed; nil for a follower whose claim counts.
        public fileprivate(set) var lapse: LapseCause?

        public var isLapsed: Bool { lapse != nil }
    }

    /// Which bound took entries from a follower that had not acknowledged them.
    public enum LapseCause: UInt8, Sendable, Hashable {
        /// ``RegionConfiguration/logRetentionLimitMilliseconds``.
        case age = 1
        /// ``RegionConfiguration/logByteLimit``.
        case size = 2
    }

    /// Reads every follower back.
    init(from store: some KeyValueReader) throws {
        let prefix = Layout.MetaKey.followerPrefix
        try store.visit(KeyRange(prefix: prefix), in: Layout.meta, direction: .forward) { key, value in
            var reader = ByteReader(value)
            let cursor = LogPosition(rawValue: try reader.readUInt64())
            let cause = try reader.readUInt8()
            try reader.expectEnd()
            guard let name = Text(validating: key.dropFirst(prefix.count)),
                cause == 0 || LapseCause(rawValue: cause) != nil
            else { throw RegionStoreError.corrupt("a follower of the log") }
            followers.append(Status(name: name, cursor: cursor, lapse: LapseCause(rawValue: cause)))
            return true
        }
        followers.sort { $0.name < $1.name }
    }

    /// All of them, in the order of their names.
    var all: [Status] { followers }

    /// Up to where every follower whose claim counts has acknowledged the log; nil where there is none.
    var acknowledgedPosition: LogPosition? { followers.filter { !$0.isLapsed }.map(\.cursor).min() }

    subscript(name: Text) -> Status? { followers.first { $0.name == name } }

    /// Adds a follower, if there is none of that name.
    mutating func add(_ name: Text, at cursor: LogPosition) {
        guard self[name] == nil else { return }
        followers.insert(
            Status(name: name, cursor: cursor), at: followers.firstIndex { $0.name > name } ?? followers.endIndex)
        note(name)
    }

    /// Removes a follower and its claim.
    mutating func remove(_ name: Text) {
        guard self[name] != nil else { return }
        followers.removeAll { $0.name == name }
        note(name)
    }

    /// Takes an acknowledgement, which may go back: a follower then needs entries once more.
    ///
    /// One that has lapsed counts again as soon as the log holds everything that it lacks.
    mutating func acknowledge(_ name: Text, upTo position: LogPosition, in bounds: ChangeLog.Bounds) {
        guard let index = followers.firstIndex(where: { $0.name == name }) else { return }
        let beforeStart = LogPosition(rawValue: bounds.start.rawValue - 1)
        let before = followers[index]
        if before.isLapsed {
            guard position >= beforeStart else { return }
            followers[index].lapse = nil
        }
        followers[index].cursor = min(max(position, beforeStart), bounds.last)
        guard followers[index] != before else { return }
        if !before.isLapsed {
            if !movedNames.contains(name) { movedNames.append(name) }
            return
        }
        note(name)
        events.append(.followerResumed(name, cursor: followers[index].cursor))
    }

    /// Takes the claim from every follower that has not acknowledged the log up to `position`, whose entry goes.
    mutating func lapse(before position: LogPosition, cause: LapseCause) {
        for index in followers.indices where !followers[index].isLapsed && followers[index].cursor < position {
            followers[index].lapse = cause
            lapsedNames.append(followers[index].name)
            note(followers[index].name)
        }
    }

    /// Tells of the followers that have lapsed, once the log begins at `start`.
    mutating func noteTrimmed(to start: LogPosition) {
        for name in lapsedNames {
            guard let follower = self[name], let cause = follower.lapse else { continue }
            events.append(
                .followerLapsed(name, cursor: follower.cursor, retainedFrom: start, cause: cause))
        }
        lapsedNames = []
    }

    private mutating func note(_ name: Text) {
        if !changedNames.contains(name) { changedNames.append(name) }
    }

    /// Has the next commit write where the cursors are: not each one, as they move with each acknowledgement.
    mutating func cursorsAreDue() {
        for name in movedNames { note(name) }
        movedNames = []
    }

    /// Adds what has changed to a batch that is committed anyway.
    mutating func stage(into batch: inout WriteBatch) {
        for name in changedNames {
            let key = Layout.MetaKey.followerPrefix + name.utf8
            if let follower = self[name] {
                let value = Layout.bigEndian(follower.cursor.rawValue) + [follower.lapse?.rawValue ?? 0]
                batch.put(key, value, in: Layout.meta)
            } else {
                batch.delete(key, in: Layout.meta)
            }
        }
        changedNames = []
    }

    /// What was staged is durable: its events may be told.
    mutating func committed() { events.committed() }

    /// The events since the last call, each told once.
    mutating func takeEvents() -> [RegionStoreEvent] { events.take() }
}
