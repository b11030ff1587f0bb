public import ConfigurationFiles

/// Which addresses an endpoint may listen at: others than loopback only where requests are verified.
///
/// An endpoint without keys answers whoever reaches it. On a loopback address that is the developer; on any other it would be
/// the network.
public enum BindingRule {
    /// Why an endpoint may not listen where it is configured to.
    public enum Violation: Error, Equatable, Sendable, CustomStringConvertible {
        /// It can be reached from other hosts and there is no access key.
        case noAccessKeys(region: String, address: HostAndPort)
        /// It can be reached from other hosts and authentication was switched off.
        case noAuthentication(region: String, address: HostAndPort)
        /// No request could ever be verified.
        case nobodyCanCall(region: String)

        public var description: String {
            switch self {
            case .noAccessKeys(let region, let address):
                "\(region): the endpoint \(address) can be reached from other hosts, and the topology has no access-keys. "
                    + "Add access-keys, or listen at a loopback address such as 127.0.0.1:\(address.port)."
            case .noAuthentication(let region, let address):
                "\(region): --insecure-no-auth is allowed only on a loopback address, and the endpoint \(address) can be "
                    + "reached from other hosts. Leave the option out, or listen at 127.0.0.1:\(address.port)."
            case .nobodyCanCall(let region):
                "\(region): the topology has no access-keys, so no request could be verified. "
                    + "Add access-keys, or start with --insecure-no-auth, which answers everybody on this host."
            }
        }
    }

    /// Checks a region before it listens.
    ///
    /// - Parameter insecureNoAuth: whether authentication was switched off.
    /// - Returns: whom the endpoint shall answer.
    public static func authentication(
        of region: Topology.Region, accessKeys: [AccessKey], insecureNoAuth: Bool
    ) throws(Violation) -> EndpointConfiguration.Authentication {
        let address = region.endpointListener
        if insecureNoAuth {
            guard address.isLoopback else { throw .noAuthentication(region: region.name, address: address) }
            return .none
        }
        guard !accessKeys.isEmpty else {
            throw address.isLoopback
                ? .nobodyCanCall(region: region.name) : .noAccessKeys(region: region.name, address: address)
        }
        return .signatures(AccessKeys(accessKeys))
    }
}
