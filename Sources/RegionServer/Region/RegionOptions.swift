public import ConfigurationFiles
import KeyValueStore
public import Logging
import RegionStore

/// What a region's process is told besides its topology.
public struct RegionOptions: Sendable {
    /// The name of the region to run.
    public var region: String
    /// Where its data lies; nil for what the topology says.
    public var data: String?
    /// Of a region whose folder was set aside: the region whose replicas its new ones are filled from, where it has them; nil for any.
    public var repairFrom: String?
    /// Whether requests are answered without a look at their signatures: allowed on loopback addresses only.
    public var insecureNoAuth = false
    /// Whether no table's capacity is bounded, whatever the topology says.
    public var disablesThrottling = false
    public var logger: Logger

    public init(region: String, logger: Logger) {
        self.region = region
        self.logger = logger
    }

    /// The folder of the region's data.
    func dataFolder(of region: Topology.Region) -> String { data ?? region.data }
}

/// Why a region cannot start or go on.
public enum RegionError: Error, Sendable, CustomStringConvertible {
    case unknownRegion(String, known: [String])
    /// The links' certificate, key or authority cannot be used.
    case certificates(region: String, reason: String)
    case binding(BindingRule.Violation)
    /// An access key allows an action that there is not.
    case accessKey(String, unknownAction: String)
    case data(path: String, reason: String)
    /// The data folder is open already: the holder is the process that has it.
    case inUse(path: String, holder: String)
    /// The reason says what to do where that is known.
    case listening(what: String, address: HostAndPort, reason: String)
    /// The store has forgotten the end of its log: the region is to be started anew, and goes on with another log.
    case mustReopen
    /// It was told to stop before it had started.
    case stopped
    /// A damaged folder cannot be set aside.
    case repair(String)
    /// The store's files are damaged; the reason names the file.
    case damaged(path: String, reason: String)
    /// The disk was full, and the store has to be opened anew when there is room.
    case full(path: String, reason: String)
    /// A commit failed: what is durable is unknown until the process has started anew.
    case storeFailed(String)

    /// What an error of the store at `path` means for its region, where it means more than that it cannot go on.
    init?(of error: any Error, at path: String) {
        switch error {
        case KeyValueStoreError.corruption(let reason), RegionStoreError.store(.corruption(let reason)),
            RegionStoreError.corrupt(let reason):
            self = .damaged(path: path, reason: reason)
        case KeyValueStoreError.full(let reason), RegionStoreError.store(.full(let reason)):
            self = .full(path: path, reason: reason)
        case KeyValueStoreError.inUse(let holder): self = .inUse(path: path, holder: holder)
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .unknownRegion(let name, let known):
            "the topology has no region \"\(name)\"; its regions are \(known.joined(separator: ", "))"
        case .certificates(let region, let reason):
            "\(region): the certificates for links cannot be used: \(reason). "
                + "`meridian certificates` makes them for development."
        case .binding(let violation): "\(violation)"
        case .accessKey(let id, let action):
            "the access key \(id) allows \"\(action)\", and there is no such action; they are called as DynamoDB's operations, "
                + "such as GetItem or Describe*. Transactions take the actions of what they do, such as PutItem and "
                + "ConditionCheckItem, statements PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete"
        case .data(let path, let reason): "the data in \(path) cannot be used: \(reason)"
        case .inUse(let path, let holder):
            "the data folder \(path) is in use by \(holder): each region has a folder of its own, and one process. End that process, "
                + "or name another folder with --data"
        case .listening(let what, let address, let reason): "cannot listen at \(address) for \(what): \(reason)"
        case .mustReopen: "the store is opened anew"
        case .stopped: "the region was stopped before it answered"
        case .repair(let reason): "nothing was repaired: \(reason)"
        case .damaged(let path, let reason):
            """
            the data in \(path) is damaged: \(reason). The region answers nothing from it. To fill it from another region, which keeps this folder \
            as \(RepairFolder.path(for: path)), start it with --repair-from <region>; what had not been shipped is then only in that folder
            """
        case .full(let path, let reason): "the disk of \(path) is full: \(reason)"
        case .storeFailed(let reason): "the store failed, and the region stops: \(reason)"
        }
    }
}
