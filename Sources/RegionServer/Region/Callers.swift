import ConfigurationFiles
import DynamoAPI

/// What the holder of each access key may do.
struct Callers: Sendable {
    /// By the key's identifier; those that may do everything are not among them.
    private let restricted: [String: Caller]

    /// - Parameter actions: the names of all actions, by which mistakes in what keys allow are found.
    /// - Throws: `RegionError` for a key that allows an action that there is not.
    init(_ keys: [AccessKey], actions: [String]) throws(RegionError) {
        var restricted: [String: Caller] = [:]
        for key in keys where key.actions != nil || key.tables != nil {
            if let unknown = Caller.patterns(key.actions ?? [], matchingNoneOf: actions).first {
                throw .accessKey(key.id, unknownAction: unknown)
            }
            restricted[key.id] = Caller(name: key.name ?? key.id, actions: key.actions, tables: key.tables)
        }
        self.restricted = restricted
    }

    /// Who sends a request that is signed with that key.
    ///
    /// - Parameter key: nil where signatures are not looked at, so that everybody may do everything.
    func caller(with key: AccessKey?) -> Caller {
        guard let key, !restricted.isEmpty else { return .unrestricted }
        return restricted[key.id] ?? .unrestricted
    }
}
