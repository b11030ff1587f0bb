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
                let name = key.name.map { ", name: \(Self.quoted($0))" } ?? ""
                lines.append("  - {id: \(Self.quoted(key.id)), secret: \(Self.quoted(key.secret))\(name)}")
            }
        }
        if let certificates { lines.append("certificates: \(Self.quoted(certificates))") }
        lines += [
            "clock:",
            "  max-offset: \(clock.maxOffset.configurationText)",
            "replication:",
            "  batch: \(ByteCountText.print(replication.batchByteCount))",
            "  in-flight: \(ByteCountText.print(replication.inFlightByteCount))",
            "  heartbeat: \(replication.heartbeat.configurationText)",
            "  backoff-min: \(replication.backoffMin.configurationText)",
            "  backoff-max: \(replication.backoffMax.configurationText)",
        ]
        lines += latencyLines
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of region: Region) -> [String] {
        var lines = [
            "  - name: \(quoted(region.name))",
            "    id: \(region.id)",
            "    endpoint: \(quoted(region.endpoint.description))",
            "    replication: \(quoted(region.replication.description))",
            "    admin: \(quoted(region.admin.description))",
        ]
        if let bind = region.bind { lines.append("    bind: \(quoted(bind))") }
        lines.append("    data: \(quoted(region.data))")
        for (key, files) in [("tls", region.tls), ("endpoint-tls", region.endpointTLS)] {
            guard let files else { continue }
            let authority = files.authority.map { ", authority: \(quoted($0))" } ?? ""
            lines.append(
                "    \(key): {certificate: \(quoted(files.certificate)), key: \(quoted(files.key))\(authority)}")
        }
        return lines
    }

    /// The round trips, those that share their first region in one mapping.
    private var latencyLines: [String] {
        guard !latency.isEmpty else { return [] }
        var rows: [(first: String, cells: [String])] = []
        for trip in latency {
            let cell = "\(Self.quoted(trip.second)): \(trip.time.configurationText)"
            if let index = rows.firstIndex(where: { $0.first == trip.first }) {
                rows[index].cells.append(cell)
            } else {
                rows.append((trip.first, [cell]))
            }
        }
        return ["latency:"] + rows.map { "  \(Self.quoted($0.first)): {\($0.cells.joined(separator: ", "))}" }
    }

    /// The text in double quotes, with what YAML wants escaped there.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".")
        }
        // Words such as `true` or `null`, and numbers, would come back as the same text: every value is read as one.
        if isPlain, let first = text.utf8.first, 0x61...0x7A ~= first { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hexadecimal = String(scalar.value, radix: 16)
                quoted += "\\x" + (hexadecimal.count == 1 ? "0" : "") + hexadecimal
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
