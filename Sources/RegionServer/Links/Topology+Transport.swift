import ConfigurationFiles
import NIOCore
import RegionCore
import Replication
import ReplicationTransport

extension Topology {
    /// How the connections of links are opened, and how much waits in them.
    var transportConfiguration: TransportConfiguration {
        var configuration = TransportConfiguration()
        configuration.connectTimeout = .milliseconds(Int64(clamping: linkConfiguration.connectMilliseconds))
        // What a sending end has in flight waits for its acknowledgement; the rest is for answers and requests.
        configuration.backlogLimitByteCount = max(
            configuration.backlogLimitByteCount, linkConfiguration.inFlightByteLimit * 2)
        return configuration
    }
}
