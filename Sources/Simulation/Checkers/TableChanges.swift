import ItemModel
import RegionStore

/// Whether every change of a table that was acknowledged is there in the end, setting by setting, unless a newer one of the same setting
/// replaced it.
///
/// Of a change that was lost with its region's disk, and of one whose region ended before it answered, both outcomes are right.
final class TableChanges: WorldObserver {
    private unowned let world: World
    private let history: History
    /// In the order in which they were first changed.
    private var settings: [Setting] = []
    /// By region, what its present round has logged of its own about tables.
    private var logged: [[(table: TableUUID, position: LogPosition, mark: Mark)]]

    /// What one setting of a table was changed to, by whom.
    private struct Setting {
        let table: TableUUID
        let tableName: Text
        let kind: Kind
        var changes: [Change] = []
        /// Whether somebody has changed it, or may have, and it is not known when.
        var isUncertain = false
    }

    /// A part of a table that is changed as a whole.
    fileprivate enum Kind: Hashable {
        case table
        case index(Text)
        case replica(Text)
        /// What a region's replica has of its own.
        case overrides(Text)
        case billing
        case maxima
        case tableClass
        case warmThroughput
        case encryption
        case timeToLive
        /// Of one region's replica.
        case protection(Text)
    }

    private struct Change {
        let origin: Origin
        let position: LogPosition
        let mark: Mark
        let value: String
        var isLost = false
    }

    private static let there = "there"
    private static let gone = "gone"

    init(of world: World, history: History) {
        self.world = world
        self.history = history
        logged = world.regions.map { _ in [] }
    }

    // MARK: - What happens

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        logged[region.index].removeAll(keepingCapacity: true)
        for entry in entries where entry.header.kind == .catalog && entry.header.version.origin == store.origin {
            logged[region.index].append((entry.header.table, entry.position, Mark(entry.header.version)))
        }
    }

    func changed(_ command: CatalogCommand, to table: Table, by region: SimulatedRegion) {
        guard let entry = logged[region.index].last(where: { $0.table == table.uuid }) else {
            world.violate("tables", "\(region.name) acknowledged a change of \(table.name), and logged none")
            return
        }
        if case .updateTable(_, let changes) = command, !changes.allSatisfy({ $0.isShown(by: table) }) {
            world.violate(
                "tables", "\(region.name) acknowledged a change of \(table.name) that it has not made: \(changes)")
        }
        for (kind, value) in Self.values(of: command, after: table, in: region) {
            let change = Change(
                origin: Origin(rawValue: entry.mark.origin), position: entry.position, mark: entry.mark, value: value)
            settings[place(of: kind, table.uuid, table.name)].changes.append(change)
        }
        if case .updateTable(_, let changes) = command, changes.contains(where: \.clearsOverrides) {
            noteClearedOverrides(of: table.uuid)
        }
    }

    func unanswered(_ command: CatalogCommand, by region: SimulatedRegion) {
        switch command {
        case .createTable: break
        case .deleteTable(let name):
            noteUncertain(.replica(region.identity.name), of: name)
        case .updateTable(let name, let changes):
            for kind in changes.flatMap({ Self.kinds(of: $0, by: region) }) { noteUncertain(kind, of: name) }
        }
    }

    /// What replicas had of their own of a setting goes with its change, which is then a change of those replicas too: of which ones, only the
    /// region knows that made it.
    private func noteClearedOverrides(of table: TableUUID) {
        for index in settings.indices where settings[index].table == table {
            guard case .overrides = settings[index].kind,
                settings[index].changes.contains(where: { $0.value != Self.text(of: ReplicaOverrides()) })
            else { continue }
            settings[index].isUncertain = true
        }
    }

    private func noteUncertain(_ kind: Kind, of name: Text) {
        for setting in settings where setting.tableName == name && setting.kind == .table {
            settings[place(of: kind, setting.table, name)].isUncertain = true
        }
    }

    func losesDisk(_ region: SimulatedRegion) {
        logged[region.index] = []
        guard let origin = history.origin(of: region) else { return }
        let shipped = world.regions.filter { $0 !== region }.map { $0.committedVector[origin] }.max() ?? .zero
        for index in settings.indices {
            for place in settings[index].changes.indices where settings[index].changes[place].origin == origin {
                let position = settings[index].changes[place].position
                if let copy = region.oldCopy, copy.origin == origin, position <= copy.end { continue }
                if position > shipped { settings[index].changes[place].isLost = true }
            }
        }
    }

    private func place(of kind: Kind, _ table: TableUUID, _ name: Text) -> Int {
        if let known = settings.firstIndex(where: { $0.table == table && $0.kind == kind }) { return known }
        settings.append(Setting(table: table, tableName: name, kind: kind))
        return settings.count - 1
    }

    // MARK: - What is asked for

    private static func values(
        of command: CatalogCommand, after table: Table, in region: SimulatedRegion
    ) -> [(Kind, String)] {
        switch command {
        case .createTable: return [(.table, there)]
        // Only this region's replica goes, and with the last one the table.
        case .deleteTable: return [(.replica(region.identity.name), gone)]
        case .updateTable(_, let changes):
            return changes.flatMap { change in
                kinds(of: change, by: region).map { ($0, value(of: $0, as: change, in: table)) }
            }
        }
    }

    private static func value(of kind: Kind, as change: TableChange, in table: Table) -> String {
        switch change {
        case .createIndex(let index): definition(of: index)
        case .createReplica(_, let overrides), .updateReplica(_, let overrides):
            if case .overrides = kind { text(of: overrides) } else { there }
        case .deleteIndex, .deleteReplica: gone
        case .setTableClass(let tableClass): tableClass.rawValue
        case .setDeletionProtection(let isProtected): "\(isProtected)"
        case .setTimeToLive(let attribute, let isEnabled): "\(attribute) \(isEnabled)"
        case .setWarmThroughput(let throughput): "\(throughput.read)/\(throughput.write)"
        case .setEncryptionRequested(let isRequested): "\(isRequested)"
        // Of these a request may change a part: what became of the whole is what was acknowledged.
        default: value(of: kind, in: table)
        }
    }

    private static func kinds(of change: TableChange, by region: SimulatedRegion) -> [Kind] {
        switch change {
        case .createIndex(let index): [.index(index.name)]
        case .deleteIndex(let name), .updateIndex(let name, _, _), .setIndexWarmThroughput(let name, _): [.index(name)]
        case .createReplica(let name, _): [.replica(name), .overrides(name)]
        case .updateReplica(let name, _): [.overrides(name)]
        case .deleteReplica(let name): [.replica(name)]
        case .setTableClass: [.tableClass]
        case .setDeletionProtection: [.protection(region.identity.name)]
        case .setTimeToLive: [.timeToLive]
        case .changeOnDemandThroughput: [.maxima]
        case .setBilling: [.billing]
        case .setWarmThroughput: [.warmThroughput]
        case .setEncryptionRequested: [.encryption]
        case .enableStream, .disableStream: []
        }
    }

    /// What a table's description says of a setting.
    private static func value(of kind: Kind, in table: Table) -> String {
        switch kind {
        case .table: there
        case .index(let name): table.index(named: name).map { definition(of: $0.definition) } ?? gone
        case .replica(let name): table.replicas.contains { $0.region == name } ? there : gone
        case .overrides(let name): table.replicas.first { $0.region == name }.map { text(of: $0.overrides) } ?? gone
        case .billing:
            "\(table.billingMode.rawValue) \(table.sharedThroughput.map { "\($0.read)/\($0.write)" } ?? "")"
        case .maxima: maxima(of: table.sharedOnDemandThroughput)
        case .tableClass: table.sharedTableClass?.rawValue ?? ""
        case .warmThroughput: table.warmThroughput.map { "\($0.read)/\($0.write)" } ?? ""
        case .encryption: "\(table.isEncryptionRequested)"
        case .timeToLive: table.timeToLive.map { "\($0.attribute) \($0.isEnabled)" } ?? ""
        case .protection: "\(table.isDeletionProtected)"
        }
    }

    private static func maxima(of throughput: OnDemandThroughput?) -> String {
        throughput.map { "\($0.maximumRead ?? -1)/\($0.maximumWrite ?? -1)" } ?? "none"
    }

    private static func text(of overrides: ReplicaOverrides) -> String {
        "at most \(overrides.maximumReadRequestUnits ?? -1), \(overrides.readCapacityUnits ?? -1) provisioned"
    }

    /// All that is said of an index, which is one setting.
    private static func definition(of index: IndexDefinition) -> String {
        let keys = (index.keySchema.partition + index.keySchema.sort).map { "\($0.name)" }
        let projected =
            switch index.projection {
            case .all: "ALL"
            case .keysOnly: "KEYS_ONLY"
            case .include(let names): "\(names)"
            }
        return "\(keys.joined(separator: ", ")): \(projected), at most \(maxima(of: index.onDemandThroughput))"
    }

    // MARK: - The end

    func conclude() {
        for setting in settings where !setting.isUncertain {
            let allowed = allowedValues(of: setting)
            guard !allowed.isEmpty else { continue }
            if setting.kind == .table {
                checkTable(setting)
            } else {
                check(setting, allowed)
            }
        }
    }

    /// What a setting may be in the end: what the newest change says that was not lost, or one that may be lost and is newer still.
    private func allowedValues(of setting: Setting) -> [String] {
        let kept = setting.changes.filter { !$0.isLost }.max { $1.mark.beats($0.mark) }
        let newer = setting.changes.filter { change in change.isLost && kept.map { change.mark.beats($0.mark) } ?? true
        }
        // Where all that is known is lost, nothing is.
        guard let kept else { return [] }
        return [kept.value] + newer.map(\.value)
    }

    private func checkTable(_ setting: Setting) {
        let holders = world.regions.filter { $0.store?.reader.catalog.table(setting.table) != nil }
        // Whoever removes the last replica deletes the table, and with the only disk that had it it is gone.
        let isReduced = settings.contains { other in
            guard other.table == setting.table, case .replica = other.kind else { return false }
            return other.isUncertain || other.changes.contains { $0.value == Self.gone }
        }
        if holders.isEmpty, !isReduced, !history.origins.contains(where: \.isGone) {
            world.violate("tables", "\(setting.tableName) was made, and no region has it")
        }
    }

    private func check(_ setting: Setting, _ allowed: [String]) {
        for region in world.regions {
            guard let table = region.store?.reader.catalog.table(setting.table) else { continue }
            // Only its own region says of a replica whether it is protected.
            if case .protection(let owner) = setting.kind, owner != region.identity.name { continue }
            if setting.kind == .replica(region.identity.name), !allowed.contains(Self.there) {
                world.violate(
                    "tables",
                    "\(region.name) has a replica of \(setting.tableName), and its removal was acknowledged last")
            }
            // Whether it is there is the replica's own setting.
            if case .overrides(let name) = setting.kind, !table.replicas.contains(where: { $0.region == name }) {
                continue
            }
            let value = Self.value(of: setting.kind, in: table)
            guard !allowed.contains(value) else { continue }
            world.violate(
                "tables",
                "the \(setting.kind) of \(setting.tableName) is \(value) in \(region.name), and \(allowed[0]) was acknowledged last"
            )
        }
    }
}

extension TableChange {
    /// Whether replicas lose what they have of their own of the same setting.
    fileprivate var clearsOverrides: Bool {
        switch self {
        case .setBilling, .changeOnDemandThroughput, .setTableClass: true
        default: false
        }
    }

    /// Whether a table is as a change of a part of a setting asks for, which says nothing of the other part.
    fileprivate func isShown(by table: Table) -> Bool {
        func isShown(_ maximum: OnDemandChange.Maximum, _ units: Int?) -> Bool {
            switch maximum {
            case .keep: true
            case .remove: units == nil
            case .set(let wanted): units == wanted
            }
        }
        func isShown(_ change: OnDemandChange, _ maxima: OnDemandThroughput?) -> Bool {
            isShown(change.read, maxima?.maximumRead) && isShown(change.write, maxima?.maximumWrite)
        }
        return switch self {
        case .setBilling(let mode, let throughput):
            table.billingMode == mode && table.sharedThroughput == (mode == .provisioned ? throughput : nil)
        case .changeOnDemandThroughput(let change):
            // What replicas had instead goes.
            isShown(change, table.sharedOnDemandThroughput)
                && (change.read == .keep || table.replicas.allSatisfy { $0.overrides.maximumReadRequestUnits == nil })
        case .updateIndex(let name, _, let change?):
            isShown(change, table.index(named: name)?.definition.onDemandThroughput)
        default: true
        }
    }
}

extension TableChanges.Kind: CustomStringConvertible {
    var description: String {
        switch self {
        case .table: "existence"
        case .index(let name): "index \(name)"
        case .replica(let region): "replica in \(region)"
        case .overrides(let region): "own settings of the replica in \(region)"
        case .billing: "billing"
        case .maxima: "on-demand throughput"
        case .tableClass: "class"
        case .warmThroughput: "warm throughput"
        case .encryption: "encryption"
        case .timeToLive: "time to live"
        case .protection(let region): "deletion protection in \(region)"
        }
    }
}
