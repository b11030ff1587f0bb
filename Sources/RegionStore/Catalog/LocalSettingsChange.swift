public import ItemModel

/// One change of what only this region's replica of a table has.
public enum LocalSettingsChange: Sendable, Hashable {
    /// Puts tags; a tag whose key is there takes its place.
    case putTags([Tag])
    /// Removes the tags with these keys; keys that the table does not have are ignored.
    case removeTags(keys: [Text])
    /// Asks for point-in-time recovery, or no longer; without `days` an enabled one keeps its period.
    case setRecovery(isEnabled: Bool, days: Int?)
    /// `ENABLED` or `DISABLED`.
    case setSettingsReplicationMode(Text)
    /// Puts the policy of a resource; one with the same document stays as it is, with its revision.
    case putPolicy(resource: Text, document: Text, expected: PolicyExpectation)
    /// Removes the policy of a resource, if there is one.
    case removePolicy(resource: Text, expected: PolicyExpectation)
}

/// What whoever changes a policy believes it to be.
public enum PolicyExpectation: Sendable, Hashable {
    case anything
    /// The resource has no policy.
    case noPolicy
    /// The policy has the revision of this decimal form.
    case revision(Text)

    func isMet(by policy: ResourcePolicy?) -> Bool {
        switch self {
        case .anything: true
        case .noPolicy: policy == nil
        case .revision(let text): policy.map { Text("\($0.revision)") } == text
        }
    }
}

/// Why a change of local settings was refused; nothing has changed then.
public enum LocalSettingsRefusal: Error, Sendable, Hashable {
    /// There is no table of that name, or its replica here is not in use.
    case tableNotFound
    /// The table would have more than ``LocalSettings/maximumTagCount`` tags.
    case tooManyTags
    /// The policy is not as the change expects it to be.
    case unexpectedPolicy(revision: UInt64?)
    /// The store failed: nothing more can be written until the process has started anew.
    case storage(String)
}

/// What a change of local settings did.
public struct LocalSettingsResult: Sendable {
    /// The table after the change.
    public let table: Table
    /// The revision of the policy that was put, or of the one that was removed; nil where there was none.
    public let policyRevision: UInt64?
    /// The time of the change, in milliseconds since the Unix epoch.
    public let nowMilliseconds: UInt64
}

extension LocalSettings {
    /// How many tags a table has at the most.
    ///
    /// Source: AWS developer guide, "Tagging restrictions in DynamoDB".
    public static let maximumTagCount = 50

    /// Applies a change, or leaves everything as it is where it is refused.
    ///
    /// - Returns: the revision of the policy that was put, or of the one that was removed.
    mutating func apply(
        _ change: LocalSettingsChange, at nowMilliseconds: UInt64
    ) throws(LocalSettingsRefusal) -> UInt64? {
        switch change {
        case .putTags(let tags):
            try put(tags)
        case .removeTags(let keys):
            tags.removeAll { keys.contains($0.key) }
        case .setRecovery(let isEnabled, let days):
            setRecovery(isEnabled: isEnabled, days: days, at: nowMilliseconds)
        case .setSettingsReplicationMode(let mode):
            settingsReplicationMode = mode
        case .putPolicy(let resource, let document, let expected):
            return try putPolicy(of: resource, document, expected, at: nowMilliseconds)
        case .removePolicy(let resource, let expected):
            let old = policy(of: resource)
            guard expected.isMet(by: old) else { throw .unexpectedPolicy(revision: old?.revision) }
            policies.removeAll { $0.resource == resource }
            return old?.revision
        }
        return nil
    }

    private func policy(of resource: Text) -> ResourcePolicy? { policies.first { $0.resource == resource } }

    private mutating func put(_ new: [Tag]) throws(LocalSettingsRefusal) {
        var result = tags
        for tag in new {
            if let place = result.firstIndex(where: { $0.key == tag.key }) {
                result[place] = tag
            } else {
                result.append(tag)
            }
        }
        guard result.count <= Self.maximumTagCount else { throw .tooManyTags }
        tags = result
    }

    private mutating func setRecovery(isEnabled: Bool, days: Int?, at nowMilliseconds: UInt64) {
        // Enabling what is enabled keeps its beginning.
        let enabled = recovery.flatMap { $0.isEnabled ? $0 : nil }
        recovery = PointInTimeRecovery(
            isEnabled: isEnabled, days: days ?? enabled?.days ?? PointInTimeRecovery.defaultDays,
            sinceMilliseconds: isEnabled ? enabled?.sinceMilliseconds ?? nowMilliseconds : nowMilliseconds)
    }

    private mutating func putPolicy(
        of resource: Text, _ document: Text, _ expected: PolicyExpectation, at nowMilliseconds: UInt64
    ) throws(LocalSettingsRefusal) -> UInt64 {
        let old = policy(of: resource)
        guard expected.isMet(by: old) else { throw .unexpectedPolicy(revision: old?.revision) }
        if let old, old.document == document { return old.revision }
        let last = policies.map(\.revision).max() ?? 0
        let new = ResourcePolicy(resource: resource, document: document, revision: max(nowMilliseconds, last + 1))
        if let place = policies.firstIndex(where: { $0.resource == resource }) {
            policies[place] = new
        } else {
            policies.append(new)
        }
        return new.revision
    }
}

extension PointInTimeRecovery {
    /// For how many days back recovery is possible where nothing else was asked for.
    public static let defaultDays = 35
}
