public import ConfigurationFiles
import ItemModel
public import RegionStore
public import Replication

/// The one way from a topology file to what stores and links are told.
extension Topology {
    /// Every region, in the order of the file.
    public var regionIdentities: [RegionIdentity] {
        regions.map { RegionIdentity(id: RegionID(rawValue: $0.id), name: Text($0.name)) }
    }

    /// What the store of a region is configured by.
    public func storeConfiguration(of region: RegionIdentity) -> RegionConfiguration {
        var configuration = RegionConfiguration(region: region.id, regions: regionIdentities)
        configuration.maximumClockOffsetMilliseconds = clock.maxOffset.wholeMilliseconds
        configuration.timeToLiveChangeIntervalMilliseconds = waits.timeToLive.wholeMilliseconds
        configuration.sourceReplicaProtectionMilliseconds = waits.sourceReplica.wholeMilliseconds
        configuration.logRetentionLimitMilliseconds = log.ageMax.wholeMilliseconds
        configuration.logByteLimit = UInt64(log.byteCountMax)
        configuration.streamShardLifetimeMilliseconds = streams.shardLifetime.wholeMilliseconds
        configuration.streamShardCount = UInt32(streams.shardCount)
        return configuration
    }

    /// How links behave.
    public var linkConfiguration: LinkConfiguration {
        var configuration = LinkConfiguration()
        configuration.batchByteCount = replication.batchByteCount
        configuration.inFlightByteLimit = replication.inFlightByteCount
        configuration.heartbeatMilliseconds = max(1, replication.heartbeat.wholeMilliseconds)
        let shortest = max(1, replication.backoffMin.wholeMilliseconds)
        configuration.backoffMilliseconds = shortest...max(shortest, replication.backoffMax.wholeMilliseconds)
        // As many heartbeats may be late before a link counts as dead.
        let silence = max(1_000, configuration.heartbeatMilliseconds * 5)
        configuration.silenceMilliseconds = silence...max(10_000, silence * 4)
        configuration.connectMilliseconds = silence
        let refused = max(1_000, configuration.backoffMilliseconds.upperBound)
        configuration.refusalBackoffMilliseconds = refused...max(10_000, refused)
        return configuration
    }
}

extension Duration {
    /// Rounded down; zero for what is negative.
    public var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 ? 0 : UInt64(seconds) * 1000 + UInt64(max(0, attoseconds) / 1_000_000_000_000_000)
    }
}
