import HybridClock
import ItemModel

/// Names of the settings in a `CatalogEntry`.
///
/// Persisted and shipped: never used again for something else.
enum SettingName {
    static let deleted: Text = "deleted"
    static let table: Text = "table"
    static let billing: Text = "billing"
    static let onDemand: Text = "onDemand"
    static let stream: Text = "stream"
    static let tableClass: Text = "class"
    static let encryption: Text = "encryption"
    static let timeToLive: Text = "timeToLive"
    static let warm: Text = "warm"
    static let indexPrefix: Text = "index/"
    static let replicaPrefix: Text = "replica/"
    static let overridesPrefix: Text = "overrides/"
    static let protectionPrefix: Text = "protection/"

    static func index(_ name: Text) -> Text { Text(indexPrefix.string + name.string) }
    static func overrides(_ region: Text) -> Text { Text(overridesPrefix.string + region.string) }
    static func protection(_ region: Text) -> Text { Text(protectionPrefix.string + region.string) }
    static func replica(_ region: Text) -> Text { Text(replicaPrefix.string + region.string) }
}

/// What is said of a table once, at its creation: the value of the setting `table`.
struct TableFoundation: Sendable, Hashable {
    let keySchema: KeySchema
    let localIndexes: [IndexDefinition]

    func encoded() -> AttributeMap {
        ["key": .map(keySchema.encoded()), "indexes": .list(localIndexes.map { .map($0.encoded(withName: true)) })]
    }

    init(keySchema: KeySchema, localIndexes: [IndexDefinition]) {
        self.keySchema = keySchema
        self.localIndexes = localIndexes
    }

    /// Nil for what ``encoded()`` never wrote.
    init?(_ map: AttributeMap) {
        guard let key = map.map("key").flatMap(KeySchema.init) else { return nil }
        keySchema = key
        var indexes: [IndexDefinition] = []
        for case .map(let index) in map.list("indexes") {
            guard let name = index.text("name"), let definition = IndexDefinition(name: name, isGlobal: false, index)
            else {
                return nil
            }
            indexes.append(definition)
        }
        localIndexes = indexes
    }
}

extension KeySchema {
    func encoded() -> AttributeMap {
        func list(_ attributes: [KeyAttribute]) -> AttributeValue {
            .list(attributes.map { .map(["name": .string($0.name), "kind": .string(Text($0.kind.rawValue))]) })
        }
        return ["partition": list(partition), "sort": list(sort)]
    }

    init?(_ map: AttributeMap) {
        func attributes(_ list: [AttributeValue]) -> [KeyAttribute]? {
            var result: [KeyAttribute] = []
            for element in list {
                guard case .map(let map) = element, let name = map.text("name"),
                    let kind = map.text("kind").flatMap({ AttributeValue.Kind(rawValue: $0.string) }),
                    [.string, .number, .binary].contains(kind)
                else { return nil }
                result.append(KeyAttribute(name: name, kind: kind))
            }
            return result
        }
        guard let partition = attributes(map.list("partition")), let sort = attributes(map.list("sort")),
            (1...4).contains(partition.count), sort.count <= 4
        else { return nil }
        self.init(partition: partition, sort: sort)
    }
}

extension IndexDefinition {
    func encoded(withName: Bool) -> AttributeMap {
        var map: AttributeMap = ["key": .map(keySchema.encoded())]
        if withName { map["name"] = .string(name) }
        switch projection {
        case .all: map["projection"] = .string("ALL")
        case .keysOnly: map["projection"] = .string("KEYS_ONLY")
        case .include(let names):
            map["projection"] = .string("INCLUDE")
            map["include"] = .list(names.map(AttributeValue.string))
        }
        map["throughput"] = throughput.map { .map($0.encoded()) }
        map["onDemand"] = onDemandThroughput.map { .map($0.encoded()) }
        map["warm"] = warmThroughput.map { .map($0.encoded()) }
        map["history"] = throughputHistory.encoded().map(AttributeValue.map)
        return map
    }

    /// All that decides which entries the index has, and where.
    var shape: AttributeMap {
        IndexDefinition(name: name, isGlobal: isGlobal, keySchema: keySchema, projection: projection)
            .encoded(withName: false)
    }

    init?(name: Text, isGlobal: Bool, _ map: AttributeMap) {
        guard let key = map.map("key").flatMap(KeySchema.init) else { return nil }
        let projection: IndexProjection
        switch map.text("projection")?.string {
        case "ALL": projection = .all
        case "KEYS_ONLY": projection = .keysOnly
        case "INCLUDE":
            projection = .include(
                map.list("include").compactMap { value in
                    if case .string(let name) = value { name } else { nil }
                })
        default: return nil
        }
        self.init(
            name: name, isGlobal: isGlobal, keySchema: key, projection: projection,
            throughput: map.map("throughput").map(Throughput.init),
            onDemandThroughput: map.map("onDemand").map(OnDemandThroughput.init),
            warmThroughput: map.map("warm").map(WarmThroughput.init))
        throughputHistory = map.map("history").map(ThroughputHistory.init) ?? ThroughputHistory()
    }
}

extension ThroughputHistory {
    /// Nil where nothing has happened.
    func encoded() -> AttributeMap? {
        guard increasedMilliseconds != nil || decreasedMilliseconds != nil else { return nil }
        var map: AttributeMap = ["decreases": .number(Number(decreaseCount))]
        map["increased"] = increasedMilliseconds.map { .number(Number(Int(clamping: $0))) }
        map["decreased"] = decreasedMilliseconds.map { .number(Number(Int(clamping: $0))) }
        return map
    }

    init(_ map: AttributeMap) {
        increasedMilliseconds = map.unsigned("increased")
        decreasedMilliseconds = map.unsigned("decreased")
        // Whatever another region says, one more of them can be counted.
        decreaseCount = min(map.integer("decreases") ?? 0, 1 << 32)
    }
}

extension Throughput {
    func encoded() -> AttributeMap { ["read": .number(Number(read)), "write": .number(Number(write))] }

    init(_ map: AttributeMap) {
        self.init(read: map.integer("read") ?? 0, write: map.integer("write") ?? 0)
    }
}

extension WarmThroughput {
    func encoded() -> AttributeMap { ["read": .number(Number(read)), "write": .number(Number(write))] }

    init(_ map: AttributeMap) {
        self.init(read: map.integer("read") ?? 0, write: map.integer("write") ?? 0)
    }
}

extension TimeToLive {
    func encoded() -> AttributeMap {
        [
            "attribute": .string(attribute), "enabled": .bool(isEnabled),
            "changed": .number(Number(Int(clamping: changedMilliseconds))),
        ]
    }

    /// Nil for a value that no region writes.
    init?(_ map: AttributeMap) {
        guard let attribute = map.text("attribute"), let isEnabled = map.bool("enabled") else { return nil }
        self.init(
            attribute: attribute, isEnabled: isEnabled, changedMilliseconds: map.unsigned("changed") ?? 0)
    }
}

extension OnDemandThroughput {
    func encoded() -> AttributeMap {
        var map = AttributeMap()
        map["read"] = maximumRead.map { .number(Number($0)) }
        map["write"] = maximumWrite.map { .number(Number($0)) }
        return map
    }

    init(_ map: AttributeMap) {
        self.init(maximumRead: map.integer("read"), maximumWrite: map.integer("write"))
    }
}

extension ReplicaOverrides {
    /// The value of an `overrides/REGION` setting; nil where nothing is overridden.
    func encoded() -> AttributeMap? {
        guard self != ReplicaOverrides() else { return nil }
        var map = AttributeMap()
        map["read"] = readCapacityUnits.map { .number(Number($0)) }
        map["maximumRead"] = maximumReadRequestUnits.map(Self.encoded)
        map["class"] = tableClass.map { .string(Text($0.rawValue)) }
        if !indexReadCapacityUnits.isEmpty {
            map["indexes"] = .list(
                indexReadCapacityUnits.map { index in
                    var entry: AttributeMap = ["name": .string(index.index)]
                    entry["read"] = index.readCapacityUnits.map { .number(Number($0)) }
                    entry["maximumRead"] = index.maximumReadRequestUnits.map(Self.encoded)
                    return .map(entry)
                })
        }
        return map
    }

    init(_ map: AttributeMap) {
        self.init()
        readCapacityUnits = map.integer("read")
        maximumReadRequestUnits = map.integer("maximumRead").map(Self.decoded)
        tableClass = map.text("class").flatMap { TableClass(rawValue: $0.string) }
        for case .map(let entry) in map.list("indexes") {
            guard let name = entry.text("name") else { continue }
            indexReadCapacityUnits.append(
                IndexRead(
                    index: name, readCapacityUnits: entry.integer("read"),
                    maximumReadRequestUnits: entry.integer("maximumRead").map(Self.decoded)))
        }
    }

    /// No maximum, -1, is kept as zero, which no maximum is.
    private static func encoded(_ maximum: Int) -> AttributeValue { .number(Number(max(0, maximum))) }
    private static func decoded(_ maximum: Int) -> Int { maximum == 0 ? -1 : maximum }
}

extension Replica {
    /// The value of a `replica/REGION` setting.
    static func encoded(status: TableStatus, created: Version) -> AttributeMap {
        var writer = ByteWriter()
        created.encode(into: &writer)
        return ["status": .string(Text(status.rawValue)), "created": .binary(writer.bytes)]
    }

    /// Nil for a value that no region writes.
    init?(region: Text, _ map: AttributeMap) {
        guard let status = map.text("status").flatMap({ TableStatus(rawValue: $0.string) }),
            case .binary(let created) = map["created"]
        else { return nil }
        var reader = ByteReader(created)
        guard let version = try? Version(from: &reader) else { return nil }
        self.init(region: region, status: status, created: version)
    }
}

extension TableSettings {
    /// What `entry` says, with the defaults for what it does not.
    init(_ entry: CatalogEntry) {
        let billing = entry[SettingName.billing]
        billingMode = billing?.text("mode").flatMap { BillingMode(rawValue: $0.string) } ?? .payPerRequest
        throughput = billing?.map("throughput").map(Throughput.init)
        throughputHistory = billing?.map("history").map(ThroughputHistory.init) ?? ThroughputHistory()
        payPerRequestSinceMilliseconds = billing?.unsigned("payPerRequestSince")
        onDemandThroughput = entry[SettingName.onDemand].map(OnDemandThroughput.init)
        streamViewType = entry[SettingName.stream]?.text("view").flatMap { StreamViewType(rawValue: $0.string) }
        timeToLive = entry[SettingName.timeToLive].flatMap(TimeToLive.init)
        warmThroughput = entry[SettingName.warm].map(WarmThroughput.init)
        tableClass = entry[SettingName.tableClass]?.text("class").flatMap { TableClass(rawValue: $0.string) }
        isEncryptionRequested = entry[SettingName.encryption] != nil
    }

    /// What `entry` says, with what the region of that name says of its own replica.
    init(_ entry: CatalogEntry, in region: Text) {
        self.init(entry)
        isDeletionProtected = entry[SettingName.protection(region)] != nil
    }

    func encodedBilling() -> AttributeMap {
        var map: AttributeMap = ["mode": .string(Text(billingMode.rawValue))]
        map["throughput"] = throughput.map { .map($0.encoded()) }
        map["history"] = throughputHistory.encoded().map(AttributeValue.map)
        map["payPerRequestSince"] = payPerRequestSinceMilliseconds.map { .number(Number(Int(clamping: $0))) }
        return map
    }
}
