import RegionStore

extension CatalogError {
    /// Why a region refuses a change of a table, for people.
    var reason: String {
        switch self {
        case .tableNotFound(let name): "there is no table \(name)"
        case .tableExists(let name): "there is a table \(name) already"
        case .tableInUse(let name): "the table \(name) is being changed"
        case .deletionProtected(let name): "the table \(name) is protected from deletion"
        case .replicaProtected(let region): "the replica in \(region) is protected from deletion"
        case .recentSource: "a replica that it is the source of was added a short time ago"
        case .replicaBeingAdded(let region): "the replica in \(region) is still being added"
        case .replicaInUse(let table): "a replica of \(table) is still being filled"
        case .indexInProgress(let table): "an index of \(table) is still being created"
        case .otherIndexInProgress: "another index is still being created or deleted"
        case .indexNotFound(let name): "there is no index \(name)"
        case .indexNotGlobal(let name): "the index \(name) is local"
        case .indexExists(let name): "there is an index \(name) already"
        case .streamEnabled(let table): "\(table) has a stream already"
        case .streamNotEnabled: "there is no stream"
        case .timeToLiveUnchanged(let isEnabled): "time to live is \(isEnabled ? "enabled" : "disabled") already"
        case .timeToLiveOtherAttribute(let name): "time to live is enabled by \(name)"
        case .timeToLiveChangedRecently: "time to live was changed a short time ago"
        case .streamNeededByReplicas: "other regions' replicas need the stream"
        case .replicaExists(let region): "there is a replica, or another table of this name, in \(region) already"
        case .replicaNotFound(let region): "there is no replica in \(region)"
        case .unknownRegion(let region): "\(region) is no region of the topology"
        case .localRegion(let region): "\(region) can neither add nor remove its own replica"
        case .storage(let text): "the store has failed: \(text)"
        case .limitExceeded(let text): text
        }
    }
}
