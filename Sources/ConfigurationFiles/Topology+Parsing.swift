import Foundation

extension Topology {
    /// The keys of the file's outermost mapping.
    private static let keys = [
        "regions", "access-keys", "certificates", "clock", "replication", "log", "disk", "streams", "waits",
        "connections", "latency",
    ]

    /// Reads a topology file.
    ///
    /// - Throws: everything that is wrong in it, with file and line.
    public static func load(path: String) throws(ConfigurationError) -> Topology {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw ConfigurationError(
                file: path,
                problems: [
                    ConfigurationProblem(line: 0, field: "", found: "the file can't be read: \(error)", expected: "")
                ])
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw ConfigurationError(
                file: path,
                problems: [ConfigurationProblem(line: 0, field: "", found: "the file is not UTF-8 text", expected: "")])
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return try parse(text, file: path, folder: folder)
    }

    /// Reads the text of a topology file.
    ///
    /// - Parameters:
    ///   - file: what problems call the file.
    ///   - folder: what relative paths in it start from.
    public static func parse(_ text: String, file: String, folder: String = ".") throws(ConfigurationError) -> Topology
    {
        let problems = ConfigurationProblems()
        let root = try ConfigurationField.root(of: text, file: file, problems: problems)
        var topology = Topology(regions: [], folder: folder)
        if let members = root.mapping(keys: keys, required: ["regions"]) {
            topology.regions = members["regions"].map(regions) ?? []
            topology.accessKeys = members["access-keys"].map(accessKeys) ?? []
            topology.certificates = members["certificates"].flatMap { $0.text(expected: "a folder") }
            members["clock"].map { readClock($0, into: &topology.clock) }
            members["replication"].map { readReplication($0, into: &topology.replication) }
            members["log"].map { readLog($0, into: &topology.log) }
            members["disk"].map { readDisk($0, into: &topology.disk) }
            members["streams"].map { readStreams($0, into: &topology.streams) }
            members["waits"].map { readWaits($0, into: &topology.waits) }
            members["connections"].map { readConnections($0, into: &topology.connections) }
            topology.latency = members["latency"].map { latency($0, regions: topology.regions) } ?? []
        }
        if let error = problems.error(file: file) { throw error }
        return topology
    }

    // MARK: Regions

    private static func regions(_ field: ConfigurationField) -> [Region] {
        guard let list = field.list() else { return [] }
        if list.isEmpty { field.refuse("the list is empty", expected: "at least one region") }
        var seen = SeenRegions()
        return list.compactMap { region($0, &seen) }
    }

    /// What regions may not share, with the field where each was first found.
    private struct SeenRegions {
        var names: [String: String] = [:]
        var ids: [Int: String] = [:]
        var addresses: [HostAndPort: String] = [:]
    }

    private static func region(_ field: ConfigurationField, _ seen: inout SeenRegions) -> Region? {
        let members = field.mapping(
            keys: [
                "name", "id", "endpoint", "replication", "admin", "bind", "data", "tls", "endpoint-tls", "throttling",
                "signature-region",
            ],
            required: ["name", "id", "endpoint", "replication", "admin"])
        guard let members else { return nil }
        let name = members["name"].flatMap(regionName)
        let id = members["id"].flatMap { $0.integer(in: 1...65_535) }
        if let name, let place = members["name"] { note(name, place, &seen.names) }
        if let id, let place = members["id"] { note(id, place, &seen.ids) }
        var addresses: [HostAndPort] = []
        for key in ["endpoint", "replication", "admin"] {
            guard let place = members[key], let address = address(place) else { continue }
            note(address, place, &seen.addresses)
            addresses.append(address)
        }
        let bind = members["bind"].flatMap(host)
        let data = members["data"].flatMap { $0.text(expected: "a folder") }
        let tls = members["tls"].flatMap { tlsFiles($0, needsAuthority: true) }
        let endpointTLS = members["endpoint-tls"].flatMap { tlsFiles($0, needsAuthority: false) }
        let isThrottling = members["throttling"].flatMap { $0.flag() }
        let acceptsAnySignatureRegion = members["signature-region"].flatMap(signatureRegion)
        guard let name, let id, addresses.count == 3 else { return nil }
        return Region(
            name: name, id: UInt16(id), endpoint: addresses[0], replication: addresses[1], admin: addresses[2],
            bind: bind, data: data ?? "data/\(name)", tls: tls, endpointTLS: endpointTLS,
            isThrottling: isThrottling ?? true, acceptsAnySignatureRegion: acceptsAnySignatureRegion ?? false)
    }

    /// Whether `any` region may be signed for, and not the region's `own` alone.
    private static func signatureRegion(_ field: ConfigurationField) -> Bool? {
        let expected = "any or own"
        guard let text = field.text(expected: expected) else { return nil }
        guard ["any", "own"].contains(text) else {
            field.refuse("found \(field.shown)", expected: expected)
            return nil
        }
        return text == "any"
    }

    /// Notes a value that must be unique, and refuses it when it was there before.
    private static func note<Value: Hashable>(
        _ value: Value, _ field: ConfigurationField, _ seen: inout [Value: String]
    ) {
        if let first = seen[value] {
            field.refuse("'\(value)' is already used by \(first)", expected: "a value of its own")
        } else {
            seen[value] = field.path
        }
    }

    private static func regionName(_ field: ConfigurationField) -> String? {
        let expected = "1 to 63 small letters, digits and hyphens that begin and end with a letter or digit"
        guard let text = field.text(expected: expected) else { return nil }
        let isMadeOfAllowed = text.utf8.allSatisfy {
            0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-")
        }
        guard isMadeOfAllowed, 1...63 ~= text.utf8.count, !text.hasPrefix("-"), !text.hasSuffix("-") else {
            field.refuse("found \(field.shown)", expected: expected)
            return nil
        }
        return text
    }

    private static func address(_ field: ConfigurationField) -> HostAndPort? {
        let expected = "host:port, such as 127.0.0.1:8000 or [::1]:8000, with a port from 1 to 65535"
        guard let text = field.text(expected: expected) else { return nil }
        guard let address = HostAndPort(text) else {
            field.refuse("found \(field.shown)", expected: expected)
            return nil
        }
        return address
    }

    private static func host(_ field: ConfigurationField) -> String? {
        let expected = "a host to listen at, such as 0.0.0.0, without a port"
        guard let text = field.text(expected: expected) else { return nil }
        let bracketed = text.contains(":") ? "[\(text)]:1" : "\(text):1"
        guard HostAndPort(bracketed) != nil else {
            field.refuse("found \(field.shown)", expected: expected)
            return nil
        }
        return text
    }

    private static func tlsFiles(_ field: ConfigurationField, needsAuthority: Bool) -> TLSFiles? {
        let required = needsAuthority ? ["certificate", "key", "authority"] : ["certificate", "key"]
        guard let members = field.mapping(keys: ["certificate", "key", "authority"], required: required) else {
            return nil
        }
        let authority = members["authority"].flatMap { $0.text(expected: "a file") }
        guard let certificate = members["certificate"].flatMap({ $0.text(expected: "a file") }),
            let key = members["key"].flatMap({ $0.text(expected: "a file") })
        else { return nil }
        return TLSFiles(certificate: certificate, key: key, authority: authority)
    }

    // MARK: The rest

    private static func accessKeys(_ field: ConfigurationField) -> [AccessKey] {
        var seen: [String: String] = [:]
        return (field.list() ?? []).compactMap { element in
            let members = element.mapping(
                keys: ["id", "secret", "name", "allow", "tables"], required: ["id", "secret"])
            guard let members else { return nil }
            let name = members["name"].flatMap { $0.text() }
            let secret = members["secret"].flatMap { $0.text() }
            guard let place = members["id"], let id = place.text() else { return nil }
            note(id, place, &seen)
            guard AccessKey.isValid(id: id) else {
                place.refuse("found \(place.shown)", expected: "1 to 128 letters, digits, hyphens and underscores")
                return nil
            }
            let actions = members["allow"].map {
                patterns($0, expected: "an action such as GetItem, Describe* or *").map(withoutService)
            }
            let tables = members["tables"].map { patterns($0, expected: "a table's name, or one with * and ? in it") }
            return secret.map { AccessKey(id: id, secret: $0, name: name, actions: actions, tables: tables) }
        }
    }

    /// Names in which `*` and `?` may stand.
    private static func patterns(_ field: ConfigurationField, expected: String) -> [String] {
        guard let list = field.list() else { return [] }
        if list.isEmpty { field.refuse("the list is empty", expected: "at least one; without it all are allowed") }
        return list.compactMap { element in
            guard let text = element.text(expected: expected) else { return nil }
            let isPattern = text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "*?_.-:".utf8.contains($0)
                }
            }
            guard isPattern else {
                element.refuse("found \(element.shown)", expected: expected)
                return nil
            }
            return text
        }
    }

    /// An action may be written as policies have it.
    private static func withoutService(_ action: String) -> String {
        action.hasPrefix("dynamodb:") ? String(action.dropFirst("dynamodb:".count)) : action
    }

    private static func readClock(_ field: ConfigurationField, into clock: inout Clock) {
        guard let members = field.mapping(keys: ["max-offset"]) else { return }
        members["max-offset"].flatMap { $0.duration(in: .milliseconds(1)...(.seconds(3600))) }
            .map { clock.maxOffset = $0 }
    }

    private static func readReplication(_ field: ConfigurationField, into replication: inout Replication) {
        let members = field.mapping(keys: ["batch", "in-flight", "heartbeat", "backoff-min", "backoff-max"])
        guard let members else { return }
        // A batch has to hold one change record, and an item has up to 400 KB: a larger record travels alone.
        members["batch"].flatMap { $0.byteCount(in: 1024...64 << 20) }.map { replication.batchByteCount = $0 }
        members["in-flight"].flatMap { $0.byteCount(in: 1024...4 << 30) }.map { replication.inFlightByteCount = $0 }
        let pauses: ClosedRange<Duration> = .milliseconds(1)...(.seconds(3600))
        members["heartbeat"].flatMap { $0.duration(in: pauses) }.map { replication.heartbeat = $0 }
        members["backoff-min"].flatMap { $0.duration(in: pauses) }.map { replication.backoffMin = $0 }
        members["backoff-max"].flatMap { $0.duration(in: pauses) }.map { replication.backoffMax = $0 }
        if replication.inFlightByteCount < replication.batchByteCount {
            field.refuse(
                "'in-flight' (\(ByteCountText.print(replication.inFlightByteCount))) is less than 'batch' "
                    + "(\(ByteCountText.print(replication.batchByteCount)))",
                expected: "room for at least one batch in flight")
        }
        if replication.backoffMax < replication.backoffMin {
            field.refuse(
                "'backoff-max' (\(replication.backoffMax.configurationText)) is less than 'backoff-min' "
                    + "(\(replication.backoffMin.configurationText))",
                expected: "a longest wait that is no shorter than the first")
        }
    }

    private static func readLog(_ field: ConfigurationField, into log: inout Log) {
        guard let members = field.mapping(keys: ["max-age", "max-bytes"]) else { return }
        // Streams keep their records for a day, whoever follows the log.
        members["max-age"].flatMap { $0.duration(in: .seconds(24 * 3600)...(.seconds(365 * 24 * 3600))) }
            .map { log.ageMax = $0 }
        members["max-bytes"].flatMap { $0.byteCount(in: 1 << 20...16 << 40) }.map { log.byteCountMax = $0 }
    }

    private static func readDisk(_ field: ConfigurationField, into disk: inout Disk) {
        guard let members = field.mapping(keys: ["reserve"]) else { return }
        members["reserve"].flatMap { $0.byteCount(in: 0...1 << 40) }.map { disk.reserveByteCount = $0 }
    }

    private static func readStreams(_ field: ConfigurationField, into streams: inout Streams) {
        guard let members = field.mapping(keys: ["shard-lifetime", "shards"]) else { return }
        members["shard-lifetime"].flatMap { $0.duration(in: .milliseconds(100)...(.seconds(24 * 3600))) }
            .map { streams.shardLifetime = $0 }
        members["shards"].flatMap { $0.shardCount() }.map { streams.shardCount = $0 }
    }

    private static func readWaits(_ field: ConfigurationField, into waits: inout Waits) {
        guard let members = field.mapping(keys: ["time-to-live", "source-replica"]) else { return }
        let allowed: ClosedRange<Duration> = .zero...(.seconds(7 * 24 * 3600))
        members["time-to-live"].flatMap { $0.duration(in: allowed) }.map { waits.timeToLive = $0 }
        members["source-replica"].flatMap { $0.duration(in: allowed) }.map { waits.sourceReplica = $0 }
    }

    private static func readConnections(_ field: ConfigurationField, into connections: inout Connections) {
        guard let members = field.mapping(keys: ["max", "idle", "idle-crowded", "request", "handshake"]) else { return }
        let allowed: ClosedRange<Duration> = .milliseconds(100)...(.seconds(24 * 3600))
        members["max"].flatMap { $0.integer(in: 1...1_000_000) }.map { connections.countMax = $0 }
        members["idle"].flatMap { $0.duration(in: allowed) }.map { connections.idle = $0 }
        members["idle-crowded"].flatMap { $0.duration(in: allowed) }.map { connections.idleWhenCrowded = $0 }
        members["request"].flatMap { $0.duration(in: allowed) }.map { connections.request = $0 }
        members["handshake"].flatMap { $0.duration(in: allowed) }.map { connections.handshake = $0 }
        if members["idle-crowded"] == nil {
            connections.idleWhenCrowded = min(connections.idleWhenCrowded, connections.idle)
        } else if connections.idle < connections.idleWhenCrowded {
            field.refuse(
                "'idle' (\(connections.idle.configurationText)) is less than 'idle-crowded' "
                    + "(\(connections.idleWhenCrowded.configurationText))",
                expected: "connections to be ended sooner while there are many")
        }
    }

    private static func latency(_ field: ConfigurationField, regions: [Region]) -> [RoundTrip] {
        let names = regions.map(\.name)
        var trips: [RoundTrip] = []
        guard let rows = field.anyMapping(expected: "a mapping from region to region to duration") else { return [] }
        for row in rows.fields {
            guard let cells = row.value.anyMapping(expected: "a mapping from region to duration") else { continue }
            if !names.contains(row.name) {
                field.problems.add(
                    line: row.keyLine, field: row.value.path, found: "no region is called '\(row.name)'",
                    expected: "one of \(names.joined(separator: ", "))")
            }
            for cell in cells.fields {
                guard names.contains(cell.name), cell.name != row.name else {
                    field.problems.add(
                        line: cell.keyLine, field: cell.value.path,
                        found: cell.name == row.name
                            ? "a region's way to itself takes no time" : "no region is called '\(cell.name)'",
                        expected: "one of \(names.filter { $0 != row.name }.joined(separator: ", "))")
                    continue
                }
                let isStated = trips.contains {
                    ($0.first == row.name && $0.second == cell.name) || ($0.first == cell.name && $0.second == row.name)
                }
                if isStated {
                    cell.value.refuse("the pair is stated twice", expected: "each pair of regions once")
                }
                guard let time = cell.value.duration(in: .zero...(.seconds(60))) else { continue }
                trips.append(RoundTrip(first: row.name, second: cell.name, time: time))
            }
        }
        return trips
    }
}
