import HybridClock
import ItemModel

/// What only this region knows of a table, beside the settings that are shared.
struct LocalTableState: Sendable, Hashable {
    /// Nil while no replica is here.
    var tableID: TableID?
    var createdMilliseconds: UInt64 = 0
    /// By the indexes' names, in their order.
    var indexes: [LocalIndex] = []
    var streamLabelMilliseconds: UInt64?
    var settings = LocalSettings()
    /// The attribute that the expiry index's entries were made by; nil while there are none.
    var expiryAttribute: Text?
    /// Whether items that were there before the expiry index still have to be entered.
    var needsExpiryBackfill = false
    /// Whether the replica waits for a snapshot transfer of what it lacks, for the first time or once more.
    var needsTransfer = false
    /// Whether the replica was complete at some time, so that it serves what it has even during another transfer.
    var isServing = false
    /// Whether part of a first transfer has arrived: another one must begin with nothing.
    var isTransferBegun = false
    /// Whether what it holds is of an old copy of the disk, and may have been deleted and forgotten elsewhere since.
    var isCopied = false
    /// What the parts held that unfinished transfers have brought to a replica of an old copy.
    var partialVector = AppliedVector()
    /// Up to where in this region's own log an earlier replica of it has written: whoever fills this one must have applied that.
    var ownPosition = LogPosition.zero
    /// Where in this region's own log it says that the replica was added: who has not applied that may still act on an earlier one's removal.
    var addedPosition = LogPosition.zero
    /// For each origin, the position up to which the snapshots that were transferred to this replica held its changes.
    ///
    /// Older changes that arrive late are skipped: what they wrote, or the deletion that followed them, is in the
    /// snapshot or gone from it.
    var snapshotVector = AppliedVector()
    /// For each origin, the position after which its log has to be read once more for this table, as it did not know of the replica
    /// when it shipped those changes.
    var catchUps = AppliedVector()
    /// Of ``catchUps``, the logs that shipped changes past this replica before it was in use, with the position up to which they did.
    ///
    /// What was passed over is acknowledged like what was applied, so a deletion among it may be forgotten everywhere but in its log.
    var passedOver = AppliedVector()

    /// Whether the replica is to be compared with another one before anybody is given what it holds.
    var isStale: Bool { isCopied && isServing && needsTransfer }

    /// The state of a replica that is not being removed.
    var replicaStatus: TableStatus { isServing ? isStale ? .updating : .active : .creating }

    /// Whether changes of `origin` that this region's vector counts are not in the replica yet.
    func lacksChanges(of origin: Origin) -> Bool { needsTransfer || catchUps.contains(origin) }

    /// Up to where snapshot transfers have brought what `origin` has changed, or the deletions that followed.
    func transferredPosition(of origin: Origin) -> LogPosition { max(snapshotVector[origin], partialVector[origin]) }

    /// What the replica itself has of every origin, where `vector` is what its region has applied.
    func vector(within vector: AppliedVector) -> AppliedVector {
        var result = vector
        for gap in catchUps.entries { result.lower(gap.origin, to: gap.position) }
        return result
    }

    struct LocalIndex: Sendable, Hashable {
        let name: Text
        let id: IndexID
        /// What its entries were made by: an index of another shape is another index, even of the same name.
        let shape: AttributeMap
        /// Whether items that were there before the index still have to be entered.
        var needsBackfill: Bool
        /// Whether it was deleted and only its entries are still to be removed.
        var isDeleting = false
    }

    /// The index of that name, if there is one that is not being deleted.
    func index(named name: Text) -> LocalIndex? { indexes.first { $0.name == name && !$0.isDeleting } }

    /// Whether the replica still lacks something, so that the region has to see to it.
    var isPending: Bool {
        tableID != nil
            && (needsTransfer || needsExpiryBackfill || !catchUps.entries.isEmpty
                || indexes.contains { $0.needsBackfill || $0.isDeleting })
    }

    /// Marks indexes for removal that the table does not have any more, and adds those that it has and the replica has not.
    ///
    /// - Parameters:
    ///   - needsBackfill: whether items that are there have to be entered into a new one, step by step.
    ///   - takeID: makes a number for a new one.
    mutating func reconcileIndexes(
        with definitions: [IndexDefinition], needsBackfill: Bool, takeID: () -> UInt32
    ) {
        for place in indexes.indices {
            let index = indexes[place]
            if !definitions.contains(where: { $0.name == index.name && $0.shape == index.shape }) {
                indexes[place].isDeleting = true
            }
        }
        for definition in definitions where index(named: definition.name) == nil {
            let index = LocalIndex(
                name: definition.name, id: IndexID(rawValue: takeID()), shape: definition.shape,
                needsBackfill: needsBackfill)
            indexes.insert(index, at: indexes.firstIndex { $0.name > index.name } ?? indexes.endIndex)
        }
    }

    /// Begins a replica that waits for a snapshot transfer.
    ///
    /// - Parameters:
    ///   - wasHere: whether an earlier replica here may have written what is not everywhere yet.
    ///   - lastPosition: the last one of this region's log.
    mutating func begin(
        _ id: TableID, wasHere: Bool, after lastPosition: LogPosition, at nowMilliseconds: UInt64
    ) {
        tableID = id
        createdMilliseconds = nowMilliseconds
        needsTransfer = true
        ownPosition = wasHere ? lastPosition : .zero
        addedPosition = lastPosition.successor
    }

    /// Begins the replica once more with nothing and under another number; its settings and its state stay.
    mutating func restart(_ id: TableID) {
        tableID = id
        indexes = []
        isTransferBegun = false
        needsExpiryBackfill = false
        endComparison()
    }

    /// What the replica holds is no longer an old copy's.
    mutating func endComparison() {
        isCopied = false
        partialVector = AppliedVector()
    }

    /// Binary form: a binary map of the simple members, then the four vectors.
    func encode(into writer: inout ByteWriter) {
        var map = AttributeMap()
        if let tableID { map["table"] = .number(Number(Int(tableID.rawValue))) }
        map["created"] = .number(Number(Int(clamping: createdMilliseconds)))
        map["indexes"] = .list(
            indexes.map { index in
                .map([
                    "name": .string(index.name), "id": .number(Number(Int(index.id.rawValue))),
                    "shape": .map(index.shape), "backfill": .bool(index.needsBackfill),
                    "deleting": .bool(index.isDeleting),
                ])
            })
        if let label = streamLabelMilliseconds { map["stream"] = .number(Number(Int(clamping: label))) }
        map["settings"] = .map(settings.encoded())
        if let expiryAttribute {
            map["expiry"] = .string(expiryAttribute)
            map["expiryBackfill"] = .bool(needsExpiryBackfill)
        }
        map["transfer"] = .bool(needsTransfer)
        map["serving"] = .bool(isServing)
        map["begun"] = .bool(isTransferBegun)
        map["copied"] = .bool(isCopied)
        map["own"] = .binary(Layout.bigEndian(ownPosition.rawValue))
        map["added"] = .binary(Layout.bigEndian(addedPosition.rawValue))
        writer.appendLengthPrefixed(map.encoded())
        snapshotVector.encode(into: &writer)
        catchUps.encode(into: &writer)
        partialVector.encode(into: &writer)
        passedOver.encode(into: &writer)
    }

    init() {}

    init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        let start = reader.offset
        let map = try AttributeMap(decoding: try reader.readLengthPrefixedBytes())
        if let id = map["table"] {
            guard case .number(let number) = id, let id = number.intValue.flatMap(UInt32.init(exactly:)) else {
                throw .invalid("table id", at: start)
            }
            tableID = TableID(rawValue: id)
        }
        createdMilliseconds = map.unsigned("created") ?? 0
        for case .map(let index) in map.list("indexes") {
            guard let name = index.text("name"), let id = index.unsigned("id"), let id = UInt32(exactly: id),
                let shape = index.map("shape"), let needsBackfill = index.bool("backfill"),
                let isDeleting = index.bool("deleting")
            else { throw .invalid("local index", at: start) }
            indexes.append(
                LocalIndex(
                    name: name, id: IndexID(rawValue: id), shape: shape, needsBackfill: needsBackfill,
                    isDeleting: isDeleting))
        }
        streamLabelMilliseconds = map.unsigned("stream")
        guard let settings = map.map("settings").flatMap(LocalSettings.init) else {
            throw .invalid("local settings", at: start)
        }
        self.settings = settings
        expiryAttribute = map.text("expiry")
        needsExpiryBackfill = map.bool("expiryBackfill") ?? false
        needsTransfer = map.bool("transfer") ?? false
        isServing = map.bool("serving") ?? false
        isTransferBegun = map.bool("begun") ?? false
        isCopied = map.bool("copied") ?? false
        guard let own = map.position("own"), let added = map.position("added") else {
            throw .invalid("log position", at: start)
        }
        (ownPosition, addedPosition) = (own, added)
        snapshotVector = try AppliedVector(from: &reader)
        catchUps = try AppliedVector(from: &reader)
        partialVector = try AppliedVector(from: &reader)
        passedOver = try AppliedVector(from: &reader)
    }
}

extension LocalTableState {
    /// What a region does with its own replica once another has reported the replica in some state.
    enum ReplicaStep {
        case keep
        case drop
        /// Says which state it is in.
        case report(TableStatus)
        case create
    }

    /// - Parameter isNameTaken: whether another table of that name has a replica here.
    func replicaStep(after status: TableStatus, isNameTaken: Bool) -> ReplicaStep {
        guard status != .deleting else { return .drop }
        if tableID != nil {
            // Whoever changed the replica's overrides wrote its state too, as he knew it then.
            return status == replicaStatus ? .keep : .report(replicaStatus)
        }
        guard status != .creationFailed else { return .keep }
        return isNameTaken ? .report(.creationFailed) : .create
    }
}

extension AttributeMap {
    func text(_ name: Text) -> Text? {
        guard case .string(let text) = self[name] else { return nil }
        return text
    }

    func unsigned(_ name: Text) -> UInt64? {
        guard case .number(let number) = self[name], let value = number.intValue else { return nil }
        return UInt64(exactly: value)
    }

    func integer(_ name: Text) -> Int? { unsigned(name).flatMap { Int(exactly: $0) } }

    /// Eight bytes, as a number does not hold every position.
    func position(_ name: Text) -> LogPosition? {
        guard case .binary(let bytes) = self[name], let value: UInt64 = Layout.integer(bytes) else { return nil }
        return LogPosition(rawValue: value)
    }

    func bool(_ name: Text) -> Bool? {
        guard case .bool(let value) = self[name] else { return nil }
        return value
    }

    func list(_ name: Text) -> [AttributeValue] {
        guard case .list(let elements) = self[name] else { return [] }
        return elements
    }

    func map(_ name: Text) -> AttributeMap? {
        guard case .map(let map) = self[name] else { return nil }
        return map
    }
}
