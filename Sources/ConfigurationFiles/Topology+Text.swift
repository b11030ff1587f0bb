extension Topology: CustomStringConvertible {
    /// The topology as the text of a file that reads back to it, with every default written out.
    ///
    /// It contains the access keys' secrets.
    public var description: String {
        var lines = ["regions:"]
        for region in regions {
            lines += Self.lines(of: region)
        }
        if !accessKeys.isEmpty {
            lines.append("access-keys:")
            for key in accessKeys {
                var members = [
                    "id: \(ConfigurationText.quoted(key.id))", "secret: \(ConfigurationText.quoted(key.secret))",
                ]
                if let name = key.name { members.append("name: \(ConfigurationText.quoted(name))") }
                for (member, patterns) in [("allow", key.actions), ("tables", key.tables)] {
                    guard let patterns else { continue }
                    members.append(
                        "\(member): [\(patterns.map(ConfigurationText.quoted).joined(separator: ", "))]")
                }
                lines.append("  - {\(members.joined(separator: ", "))}")
            }
        }
        if let certificates { lines.append("certificates: \(ConfigurationText.quoted(certificates))") }
        lines += [
            "clock:",
            "  max-offset: \(clock.maxOffset.configurationText)",
            "replication:",
            "  batch: \(ByteCountText.print(replication.batchByteCount))",
            "  in-flight: \(ByteCountText.print(replication.inFlightByteCount))",
            "  heartbeat: \(replication.heartbeat.configurationText)",
            "  backoff-min: \(replication.backoffMin.configurationText)",
            "  backoff-max: \(replication.backoffMax.configurationText)",
            "log:",
            "  max-age: \(log.ageMax.configurationText)",
            "  max-bytes: \(ByteCountText.print(log.byteCountMax))",
            "disk:",
            "  reserve: \(ByteCountText.print(disk.reserveByteCount))",
            "streams:",
            "  shard-lifetime: \(streams.shardLifetime.configurationText)",
            "  shards: \(streams.shardCount)",
            "waits:",
            "  time-to-live: \(waits.timeToLive.configurationText)",
            "  source-replica: \(waits.sourceReplica.configurationText)",
            "connections:",
            "  max: \(connections.countMax)",
            "  idle: \(connections.idle.configurationText)",
            "  idle-crowded: \(connections.idleWhenCrowded.configurationText)",
            "  request: \(connections.request.configurationText)",
            "  handshake: \(connections.handshake.configurationText)",
        ]
        lines += latencyLines
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of region: Region) -> [String] {
        var lines = [
            "  - name: \(ConfigurationText.quoted(region.name))",
            "    id: \(region.id)",
            "    endpoint: \(ConfigurationText.quoted(region.endpoint.description))",
            "    replication: \(ConfigurationText.quoted(region.replication.description))",
            "    admin: \(ConfigurationText.quoted(region.admin.description))",
        ]
        if let bind = region.bind { lines.append("    bind: \(ConfigurationText.quoted(bind))") }
        lines.append("    data: \(ConfigurationText.quoted(region.data))")
        for (key, files) in [("tls", region.tls), ("endpoint-tls", region.endpointTLS)] {
            guard let files else { continue }
            let authority = files.authority.map { ", authority: \(ConfigurationText.quoted($0))" } ?? ""
            lines.append(
                "    \(key): {certificate: \(ConfigurationText.quoted(files.certificate)), key: \(ConfigurationText.quoted(files.key))\(authority)}"
            )
        }
        if !region.isThrottling { lines.append("    throttling: false") }
        if region.acceptsAnySignatureRegion { lines.append("    signature-region: any") }
        return lines
    }

    /// The round trips, those that share their first region in one mapping.
    private var latencyLines: [String] {
        guard !latency.isEmpty else { return [] }
        var rows: [(first: String, cells: [String])] = []
        for trip in latency {
            let cell = "\(ConfigurationText.quoted(trip.second)): \(trip.time.configurationText)"
            if let index = rows.firstIndex(where: { $0.first == trip.first }) {
                rows[index].cells.append(cell)
            } else {
                rows.append((trip.first, [cell]))
            }
        }
        return ["latency:"]
            + rows.map { "  \(ConfigurationText.quoted($0.first)): {\($0.cells.joined(separator: ", "))}" }
    }
}
