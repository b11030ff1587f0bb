import HybridClock
import ItemModel

/// What all regions agree on about one table: named settings, each with the version of its last change.
///
/// Two regions that changed different settings at once keep both changes; of one setting the higher version wins. A setting
/// that was removed stays as a version without a value, for the same reason that a deleted item leaves a tombstone.
///
/// A table that no region has a replica of is deleted, and that is final: its entry is then a tombstone, which ``DeletedTables`` keeps,
/// of the setting `deleted` and the version of `table`. Whatever older or newer settings are merged into it, it stays so: a table's UUID
/// is never used again, and every region that ever had a replica has said itself that it is gone.
///
/// Settings: `table` (key schema, local indexes, creation: never changed), `billing`, `onDemand`, `stream`, `timeToLive`, `class`,
/// `warm`, `index/NAME` for each global index, `replica/REGION` for the state of each replica, which its region says, `overrides/REGION`
/// for what any region sets of it, `protection/REGION` for each that its region protects against deletion.
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
        guard lacks(anyOf: other) else { return [] }
        var changed: [Text] = []
        for setting in other.settings {
            if let known = settings.first(where: { $0.name == setting.name }), known.version >= setting.version {
                continue
            }
            replace(setting)
            changed.append(setting.name)
        }
        reduceIfDeleted()
        return changed
    }

    /// Whether ``merge(_:)`` with `other` would change anything.
    func lacks(anyOf other: CatalogEntry) -> Bool {
        let isDeleted = isDeleted
        return other.settings.contains { setting in
            guard !isDeleted || setting.name == SettingName.deleted else { return false }
            return settings.first { $0.name == setting.name }.map { $0.version < setting.version } ?? true
        }
    }

    // MARK: - Deletion

    /// Whether no region has, gets or loses a replica any more.
    var isDeleted: Bool { self[SettingName.deleted] != nil }

    /// When the table was created, by the region that created it; nil until that was seen.
    var creation: Version? { settings.first { $0.name == SettingName.table }?.version }

    /// The highest stamp of a deleted table's entry; nil of others.
    var deletion: Version? { settings.first { $0.name == SettingName.deleted }?.version }

    /// Makes it a tombstone, whatever replicas it names.
    mutating func delete(version: Version) {
        set(SettingName.deleted, to: [:], version: version)
        reduceIfDeleted()
    }

    /// Makes it a tombstone where no replica is left; one that was never made, as its region refused it, is none.
    private mutating func reduceIfDeleted() {
        guard let deletion = deletion ?? lastRemoval else { return }
        let creation = creation
        settings = [Setting(name: SettingName.deleted, version: deletion, value: [:])]
        if let creation { settings.append(Setting(name: SettingName.table, version: creation, value: nil)) }
    }

    /// The highest version of all settings, where no replica is left; nil where one is, or none was ever named.
    private var lastRemoval: Version? {
        var isNamed = false
        for setting in settings where setting.name.utf8.starts(with: SettingName.replicaPrefix.utf8) {
            isNamed = true
            guard let value = setting.value else { continue }
            guard Replica(region: setting.name, value)?.status == .creationFailed else { return nil }
        }
        return isNamed ? settings.map(\.version).max() : nil
    }

    /// Whether a setting exists or was removed.
    func mentions(_ name: Text) -> Bool { settings.contains { $0.name == name } }

    /// Whether a region has or had a replica: only then do its logs hold changes of the table's items.
    func hasHadReplica(in region: Text) -> Bool { mentions(SettingName.replica(region)) }

    /// Whether a region other than `region` has or had a replica.
    func mentionsReplica(besides region: Text) -> Bool {
        let own = SettingName.replica(region)
        return settings.contains { $0.name != own && $0.name.utf8.starts(with: SettingName.replicaPrefix.utf8) }
    }

    /// What was said of the table at its creation; nil until that was seen.
    var foundation: TableFoundation? { self[SettingName.table].flatMap(TableFoundation.init) }

    /// Local indexes first, each kind in the order of the names.
    func indexDefinitions(_ foundation: TableFoundation) -> [IndexDefinition] {
        foundation.localIndexes
            + settings(under: SettingName.indexPrefix).compactMap {
                IndexDefinition(name: $0.name, isGlobal: true, $0.value)
            }
    }

    /// The replica of a region; nil while it has none.
    func replica(in region: Text) -> Replica? {
        var replica = self[SettingName.replica(region)].flatMap { Replica(region: region, $0) }
        replica?.overrides = self[SettingName.overrides(region)].map(ReplicaOverrides.init) ?? ReplicaOverrides()
        replica?.isDeletionProtected = self[SettingName.protection(region)] != nil
        return replica
    }

    /// Every region's replica, in the order of creation.
    var replicas: [Replica] {
        settings(under: SettingName.replicaPrefix).compactMap { replica(in: $0.name) }.sorted {
            ($0.created, $0.region) < ($1.created, $1.region)
        }
    }

    /// Writes the state of a region's replica, if it has one.
    mutating func setReplica(in region: Text, status: TableStatus, version: Version) {
        guard let replica = replica(in: region) else { return }
        set(
            SettingName.replica(region), to: Replica.encoded(status: status, created: replica.created), version: version
        )
        reduceIfDeleted()
    }

    /// Removes a region's replica, with what was set of it.
    mutating func removeReplica(in region: Text, version: Version) {
        set(SettingName.replica(region), to: nil, version: version)
        set(SettingName.overrides(region), to: nil, version: version)
        set(SettingName.protection(region), to: nil, version: version)
        reduceIfDeleted()
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
