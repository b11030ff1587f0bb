public import ConfigurationFiles
public import Logging

/// What a region's process is told besides its topology.
public struct RegionOptions: Sendable {
    /// The name of the region to run.
    public var region: String
    /// Where its data lies; nil for what the topology says.
    public var data: String?
    /// Whether requests are answered without a look at their signatures: allowed on loopback addresses only.
    public var insecureNoAuth = false
    /// Whether no table's capacity is bounded, whatever the topology says.
    public var disablesThrottling = false
    public var logger: Logger

    public init(region: String, logger: Logger) {
        self.region = region
        self.logger = logger
    }
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
    case listening(what: String, address: HostAndPort, reason: String)
    /// The store has forgotten the end of its log: the region is to be started anew, and goes on with another log.
    case mustReopen
    /// A commit failed: what is durable is unknown until the process has started anew.
    case storeFailed(String)

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
        case .listening(let what, let address, let reason): "cannot listen at \(address) for \(what): \(reason)"
        case .mustReopen: "the store is opened anew"
        case .storeFailed(let reason): "the store failed, and the region stops: \(reason)"
        }
    }
}
