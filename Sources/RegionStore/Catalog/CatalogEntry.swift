import HybridClock
import ItemModel

/// What all regions agree on about one table: named settings, each with the version of its last change.
///
/// Two regions that changed different settings at once keep both changes; of one setting the higher version wins. A setting
/// that was removed stays as a version without a value, for the same reason that a deleted item leaves a tombstone.
///
/// Settings: `table` (key schema, local indexes, creation: never changed), `billing`, `onDemand`, `stream`, `timeToLive`, `class`,
/// `warm`, `index/NAME` for each global index, `replica/REGION` for each replica, `protection/REGION` for each that its region protects
/// against deletion.
struct CatalogEntry: Sendable, Hashable {
    let uuid: TableUUID
    let name: Text
    /// Strictly increasing by name.
    private(set) var settings: [Setting] = []

    struct Setting: Sendable, Hashable {
        let name: Text
        var version: Version
        /// Nil once removed.
        var value: AttributeMap?
    }

    init(uuid: TableUUID, name: Text) {
        self.uuid = uuid
        self.name = name
    }

    /// The value of a setting that exists and was not removed.
    subscript(_ name: Text) -> AttributeMap? {
        settings.first { $0.name == name }?.value
    }

    /// The settings whose names begin with `prefix` and that were not removed, by the rest of their names.
    func settings(under prefix: Text) -> [(name: Text, version: Version, value: AttributeMap)] {
        settings.compactMap { setting in
            guard let value = setting.value, setting.name.utf8.starts(with: prefix.utf8),
                let rest = Text(validating: setting.name.utf8.dropFirst(prefix.byteCount))
            else { return nil }
            return (rest, setting.version, value)
        }
    }

    /// Sets or, with nil, removes a setting; an older version than the one there changes nothing.
    ///
    /// One command may set a setting several times under its one version: the last time counts.
    mutating func set(_ name: Text, to value: AttributeMap?, version: Version) {
        if let known = settings.first(where: { $0.name == name }), known.version > version { return }
        replace(Setting(name: name, version: version, value: value))
    }

    private mutating func replace(_ setting: Setting) {
        let index = settings.firstIndex { $0.name >= setting.name } ?? settings.endIndex
        if index < settings.endIndex, settings[index].name == setting.name {
            settings[index] = setting
        } else {
            settings.insert(setting, at: index)
        }
    }

    /// Takes over every setting of `other` that is newer.
    ///
    /// - Returns: the names of the settings that changed, in their order.
    mutating func merge(_ other: CatalogEntry) -> [Text] {
        var changed: [Text] = []
        for setting in other.settings {
            if let known = settings.first(where: { $0.name == setting.name }), known.version >= setting.version {
                continue
            }
            replace(setting)
            changed.append(setting.name)
        }
        return changed
    }

    /// Whether ``merge(_:)`` with `other` would change anything.
    func lacks(anyOf other: CatalogEntry) -> Bool {
        other.settings.contains { setting in
            settings.first { $0.name == setting.name }.map { $0.version < setting.version } ?? true
        }
    }

    /// Whether a setting exists or was removed.
    func mentions(_ name: Text) -> Bool { settings.contains { $0.name == name } }

    /// Whether a region other than `region` has or had a replica.
    func mentionsReplica(besides region: Text) -> Bool {
        let own = SettingName.replica(region)
        return settings.contains { $0.name != own && $0.name.utf8.starts(with: SettingName.replicaPrefix.utf8) }
    }

    /// Binary form: UUID (16) · name · count of settings · each: name, version, whether it has a value, value as a binary map.
    func encode(into writer: inout ByteWriter) {
        writer.append(uuid.high)
        writer.append(uuid.low)
        writer.appendLengthPrefixed(Array(name.utf8))
        writer.appendVarint(UInt64(settings.count))
        for setting in settings {
            writer.appendLengthPrefixed(Array(setting.name.utf8))
            setting.version.encode(into: &writer)
            writer.append(setting.value == nil ? 0 : 1 as UInt8)
            if let value = setting.value { writer.appendLengthPrefixed(value.encoded()) }
        }
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        self = try CatalogEntry(from: &reader)
        guard reader.isAtEnd else { throw .invalid("bytes after a catalog entry", at: reader.offset) }
    }

    init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        uuid = TableUUID(high: try reader.readUInt64(), low: try reader.readUInt64())
        name = try Self.readText(from: &reader)
        guard (1...255).contains(name.byteCount) else { throw .invalid("table name's length", at: reader.offset) }
        for _ in 0..<(try reader.readLength()) {
            let start = reader.offset
            let name = try Self.readText(from: &reader)
            if let last = settings.last, last.name >= name { throw .invalid("settings out of order", at: start) }
            let version = try Version(from: &reader)
            switch try reader.readUInt8() {
            case 0: settings.append(Setting(name: name, version: version, value: nil))
            case 1:
                let value = try AttributeMap(decoding: try reader.readLengthPrefixedBytes())
                settings.append(Setting(name: name, version: version, value: value))
            default: throw .invalid("setting's flag", at: start)
            }
        }
    }

    private static func readText(from reader: inout ByteReader) throws(BinaryDecodingError) -> Text {
        let start = reader.offset
        guard let text = Text(validating: try reader.readLengthPrefixedBytes()) else {
            throw .invalid("UTF-8", at: start)
        }
        return text
    }
}

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
    /// Whether the replica has to be filled with what it lacks, for the first time or once more.
    var needsTransfer = false
    /// Whether the replica was complete at some time, so that it serves what it has even while it is filled once more.
    var isServing = false
    /// Whether part of a first fill has arrived: another one must begin with nothing.
    var isTransferBegun = false
    /// Up to where in this region's own log an earlier replica of it has written: whoever fills this one must have applied that.
    var ownPosition = LogPosition.zero
    /// Where in this region's own log it says that the replica was added: who has not applied that may still act on an earlier one's removal.
    var addedPosition = LogPosition.zero
    /// For each origin, the position up to which the snapshot that filled this replica held its changes.
    ///
    /// Older changes that arrive late are skipped: what they wrote, or the deletion that followed them, is in the
    /// snapshot or gone from it.
    var snapshotVector = AppliedVector()
    /// For each origin, the position after which its log has to be read once more for this table, as it did not know of the replica
    /// when it shipped those changes.
    var catchUps = AppliedVector()

    /// Whether changes of `origin` that this region's vector counts are not in the replica yet.
    func lacksChanges(of origin: Origin) -> Bool { needsTransfer || catchUps.contains(origin) }

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

    /// Binary form: a binary map of the simple members, then the two vectors.
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
        map["fill"] = .bool(needsTransfer)
        map["serving"] = .bool(isServing)
        map["begun"] = .bool(isTransferBegun)
        map["own"] = .binary(Layout.bigEndian(ownPosition.rawValue))
        map["added"] = .binary(Layout.bigEndian(addedPosition.rawValue))
        writer.appendLengthPrefixed(map.encoded())
        snapshotVector.encode(into: &writer)
        catchUps.encode(into: &writer)
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
        needsTransfer = map.bool("fill") ?? false
        isServing = map.bool("serving") ?? false
        isTransferBegun = map.bool("begun") ?? false
        guard let own = map.position("own"), let added = map.position("added") else {
            throw .invalid("log position", at: start)
        }
        (ownPosition, addedPosition) = (own, added)
        snapshotVector = try AppliedVector(from: &reader)
        catchUps = try AppliedVector(from: &reader)
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
