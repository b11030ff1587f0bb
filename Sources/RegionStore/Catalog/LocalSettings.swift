public import ItemModel

/// What a user says of one region's replica and what no other region hears of.
public struct LocalSettings: Sendable, Hashable {
    /// In the order in which their keys were first set.
    public var tags: [Tag] = []
    /// At most one for each resource; in the order in which they were first put.
    public var policies: [ResourcePolicy] = []
    /// Nil until continuous backups were asked about for the first time.
    public var recovery: PointInTimeRecovery?
    /// `ENABLED` or `DISABLED`: whether settings would be shared with replicas of other accounts, which there are none of.
    public var settingsReplicationMode: Text?

    public init() {}
}

/// A tag of a table.
public struct Tag: Sendable, Hashable {
    public let key: Text
    public let value: Text

    public init(key: Text, value: Text) {
        self.key = key
        self.value = value
    }
}

/// A policy that says who may do what with a table or its stream; kept and returned, not enforced.
public struct ResourcePolicy: Sendable, Hashable {
    /// Empty for the table; otherwise the label of its stream.
    public let resource: Text
    /// The policy as it was put.
    public let document: Text
    /// Larger with each change of the table's policies.
    public let revision: UInt64

    public init(resource: Text, document: Text, revision: UInt64) {
        self.resource = resource
        self.document = document
        self.revision = revision
    }
}

/// Whether point-in-time recovery was asked for; kept and returned, no backup is taken.
public struct PointInTimeRecovery: Sendable, Hashable {
    public let isEnabled: Bool
    /// 1 to 35.
    public let days: Int
    /// When it was last enabled, in milliseconds since the Unix epoch.
    public let sinceMilliseconds: UInt64

    public init(isEnabled: Bool, days: Int, sinceMilliseconds: UInt64) {
        self.isEnabled = isEnabled
        self.days = days
        self.sinceMilliseconds = sinceMilliseconds
    }
}

extension LocalSettings {
    /// What is stored.
    func encoded() -> AttributeMap {
        var map = AttributeMap()
        map["tags"] = .list(tags.map { .map(["key": .string($0.key), "value": .string($0.value)]) })
        map["policies"] = .list(
            policies.map {
                .map([
                    "resource": .string($0.resource), "document": .string($0.document),
                    "revision": .number(Number(Int(clamping: $0.revision))),
                ])
            })
        if let recovery {
            map["recovery"] = .map([
                "enabled": .bool(recovery.isEnabled), "days": .number(Number(recovery.days)),
                "since": .number(Number(Int(clamping: recovery.sinceMilliseconds))),
            ])
        }
        map["replication"] = settingsReplicationMode.map(AttributeValue.string)
        return map
    }

    /// Nil for what ``encoded()`` never wrote.
    init?(_ map: AttributeMap) {
        for case .map(let tag) in map.list("tags") {
            guard let key = tag.text("key"), let value = tag.text("value") else { return nil }
            tags.append(Tag(key: key, value: value))
        }
        for case .map(let policy) in map.list("policies") {
            guard let resource = policy.text("resource"), let document = policy.text("document"),
                let revision = policy.unsigned("revision")
            else { return nil }
            policies.append(ResourcePolicy(resource: resource, document: document, revision: revision))
        }
        if let recovery = map.map("recovery") {
            guard let isEnabled = recovery.bool("enabled"), let days = recovery.integer("days"),
                let since = recovery.unsigned("since")
            else { return nil }
            self.recovery = PointInTimeRecovery(isEnabled: isEnabled, days: days, sinceMilliseconds: since)
        }
        settingsReplicationMode = map.text("replication")
    }
}
