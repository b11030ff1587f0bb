import Foundation
import TestSupport
import Testing

@testable import ConfigurationFiles

@Suite struct TopologyTests {
    private static let minimal = """
        regions:
          - {name: us-east-1, id: 1, endpoint: "127.0.0.1:8000", replication: "127.0.0.1:8100", admin: "127.0.0.1:8200"}
        """

    private func problems(_ text: String) -> [String] {
        do {
            _ = try Topology.parse(text, file: "t.yaml")
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    /// The folder of the topologies that come with the project.
    private static var shipped: String {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.appendingPathComponent("Regions").path
    }

    @Test(arguments: [("three-continents.yaml", 3), ("five-regions.yaml", 5)])
    func `the topologies that come with the project are complete`(file: String, count: Int) throws {
        let topology = try Topology.load(path: "\(Self.shipped)/\(file)")
        #expect(topology.regions.count == count)
        #expect(topology.regions.map(\.id) == (1...UInt16(count)).map(\.self))
        #expect(topology.accessKeys == [AccessKey(id: "test", secret: "test", name: "developer")])
        for first in topology.regions {
            for second in topology.regions {
                let time = try #require(topology.roundTrip(between: first.name, and: second.name))
                #expect(time == topology.roundTrip(between: second.name, and: first.name))
                #expect((time == .zero) == (first.name == second.name))
            }
        }
        #expect(topology.region(named: "us-east-1")?.endpoint == HostAndPort(host: "127.0.0.1", port: 8000))
        #expect(topology.roundTrip(between: "eu-west-1", and: "us-east-1") == .microseconds(80_550))
        let region = topology.regions[0]
        #expect(topology.linkTLS(of: region)?.certificate == "\(Self.shipped)/../certificates/us-east-1.pem")
        #expect(try Topology.parse(topology.description, file: file, folder: topology.folder) == topology)
    }

    @Test func `what is not said has its default`() throws {
        let topology = try Topology.parse(Self.minimal, file: "t.yaml")
        #expect(topology.regions[0].data == "data/us-east-1")
        #expect(topology.clock.maxOffset == .milliseconds(500))
        #expect(topology.replication == Topology.Replication())
        #expect(topology.linkTLS(of: topology.regions[0]) == nil)
        #expect(topology.endpointTLS(of: topology.regions[0]) == nil)
    }

    @Test func `connections may idle no longer while there are many than while there are few`() throws {
        let topology = try Topology.parse(Self.minimal + "\nconnections: {idle: 10s}", file: "t.yaml")
        #expect(topology.connections.idle == .seconds(10))
        #expect(topology.connections.idleWhenCrowded == .seconds(10))
    }

    @Test func `signatures are for the region's own name or for any`() throws {
        for (text, isAny) in [("own", true), ("any", true), ("'*'", false), ("us-east-1", false), ("[any]", false)] {
            let problems = problems(Self.minimal.replacing("id: 1", with: "id: 1, signature-region: \(text)"))
            #expect(problems.isEmpty == isAny)
            #expect(
                problems.allSatisfy {
                    $0.contains("regions[0].signature-region: found ") && $0.hasSuffix("expected any or own")
                })
        }
    }

    @Test func `every field is read`() throws {
        let topology = try Topology.parse(
            """
            regions:
              - name: a
                id: 65535
                endpoint: "[::1]:1"
                replication: host.example.com:2
                admin: 10.0.0.1:65535
                bind: 0.0.0.0
                data: /srv/a
                tls: {certificate: a.crt, key: /keys/a.key, authority: ca.crt}
                endpoint-tls: {certificate: e.crt, key: e.key}
                throttling: false
                signature-region: any
              - {name: b, id: 2, endpoint: "b:1", replication: "b:2", admin: "b:3"}
            access-keys:
              - {id: AKIA, secret: "s/+ ecret\\n", allow: ["dynamodb:GetItem", "Describe*"], tables: [orders]}
            certificates: /etc/meridian
            clock: {max-offset: 2s}
            replication: {batch: 1MiB, in-flight: 2097152, heartbeat: 250ms, backoff-min: 1s, backoff-max: 1m}
            log: {max-age: 48h, max-bytes: 2GiB}
            disk: {reserve: 64MiB}
            streams: {shard-lifetime: 5m, shards: 8}
            waits: {time-to-live: 30m, source-replica: 24h}
            connections: {max: 500, idle: 10m, idle-crowded: 5s, request: 2m, handshake: 3s}
            latency:
              b: {a: 12.345ms}
            """, file: "t.yaml", folder: "/etc")
        let region = topology.regions[0]
        #expect(region.endpoint == HostAndPort(host: "::1", port: 1))
        #expect(region.endpointListener == HostAndPort(host: "0.0.0.0", port: 1))
        #expect(
            topology.linkTLS(of: region)
                == Topology.TLSFiles(certificate: "/etc/a.crt", key: "/keys/a.key", authority: "/etc/ca.crt"))
        #expect(topology.linkTLS(of: topology.regions[1])?.key == "/etc/meridian/b-key.pem")
        #expect(topology.endpointTLS(of: region)?.key == "/etc/e.key")
        #expect(topology.regions.map(\.isThrottling) == [false, true])
        #expect(topology.regions.map(\.acceptsAnySignatureRegion) == [true, false])
        #expect(topology.log == Topology.Log(ageMax: .seconds(48 * 3600), byteCountMax: 2 << 30))
        #expect(topology.disk == Topology.Disk(reserveByteCount: 64 << 20))
        #expect(topology.streams == Topology.Streams(shardLifetime: .seconds(300), shardCount: 8))
        #expect(topology.waits == Topology.Waits(timeToLive: .seconds(1800), sourceReplica: .seconds(86_400)))
        #expect(
            topology.connections
                == Topology.Connections(
                    countMax: 500, idle: .seconds(600), idleWhenCrowded: .seconds(5), request: .seconds(120),
                    handshake: .seconds(3)))
        #expect(
            topology.accessKeys == [
                AccessKey(id: "AKIA", secret: "s/+ ecret\n", actions: ["GetItem", "Describe*"], tables: ["orders"])
            ])
        #expect(topology.replication.inFlightByteCount == 2 << 20)
        #expect(topology.replication.backoffMax == .seconds(60))
        #expect(topology.roundTrip(between: "a", and: "b") == .microseconds(12_345))
        #expect(topology.roundTrip(between: "a", and: "c") == nil)
        #expect(try Topology.parse(topology.description, file: "t.yaml", folder: "/etc") == topology)
    }

    @Test func `random topologies print and read back to themselves`() throws {
        var random = SplitMix64(seed: 9)
        let letters = Array("ab\"\\ :#'\n\t\u{e9}\u{1f600}-{}[],&*!|>%@`true0123456789")
        func word() -> String {
            String(
                (0..<Int.random(in: 1...12, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<300 {
            var topology = Topology(
                regions: (1...3).map { number in
                    var region = Topology.Region(
                        name: "region-\(number)", id: UInt16(number), endpoint: HostAndPort(host: "h", port: number),
                        replication: HostAndPort(host: "::1", port: 10 + number),
                        admin: HostAndPort(host: "h", port: 20 + number), data: word())
                    if Bool.random(using: &random) {
                        region.tls = Topology.TLSFiles(certificate: word(), key: word(), authority: word())
                    }
                    return region
                })
            topology.accessKeys = [AccessKey(id: "null", secret: word(), name: word())]
            topology.clock.maxOffset = .microseconds(Int64.random(in: 1000...3_600_000_000, using: &random))
            topology.replication.batchByteCount = Int.random(in: 1024...1 << 20, using: &random)
            topology.log.ageMax = .seconds(Int64.random(in: 86_400...1_000_000, using: &random))
            topology.log.byteCountMax = Int.random(in: 1 << 20...1 << 40, using: &random)
            topology.streams.shardLifetime = .seconds(Int64.random(in: 60...86_400, using: &random))
            topology.streams.shardCount = 1 << Int.random(in: 0...4, using: &random)
            topology.connections.countMax = Int.random(in: 1...1_000_000, using: &random)
            topology.connections.request = .milliseconds(Int64.random(in: 100...86_400_000, using: &random))
            topology.latency = [
                Topology.RoundTrip(
                    first: "region-1", second: "region-3",
                    time: .microseconds(Int64.random(in: 0...60_000_000, using: &random)))
            ]
            #expect(try Topology.parse(topology.description, file: "t.yaml") == topology)
        }
    }

    @Test func `all problems are reported at once, with file, line, field and what is allowed`() {
        let text = """
            regions:
              - name: US
                id: 0
                endpoint: 127.0.0.1
                replication: 127.0.0.1:8100
                admin: 127.0.0.1:8100
                color: blue
              - name: b
                id: two
            latency:
              b: {c: 1ms}
            clock: {max-offset: 500}
            extra: 1
            """
        #expect(
            problems(text) == [
                "t.yaml:2: regions[0].name: found 'US'; expected 1 to 63 small letters, digits and hyphens that begin and "
                    + "end with a letter or digit",
                "t.yaml:3: regions[0].id: found '0'; expected a whole number from 1 to 65535",
                "t.yaml:4: regions[0].endpoint: found '127.0.0.1'; expected host:port, such as 127.0.0.1:8000 or "
                    + "[::1]:8000, with a port from 1 to 65535",
                "t.yaml:6: regions[0].admin: '127.0.0.1:8100' is already used by regions[0].replication; expected a value "
                    + "of its own",
                "t.yaml:7: regions[0].color: unknown key; expected one of name, id, endpoint, replication, admin, bind, "
                    + "data, tls, endpoint-tls, throttling, signature-region",
                "t.yaml:8: regions[1]: 'endpoint' is missing",
                "t.yaml:8: regions[1]: 'replication' is missing",
                "t.yaml:8: regions[1]: 'admin' is missing",
                "t.yaml:9: regions[1].id: found 'two'; expected a whole number from 1 to 65535",
                "t.yaml:11: latency.b: no region is called 'b'; expected one of ",
                "t.yaml:11: latency.b.c: no region is called 'c'; expected one of ",
                "t.yaml:12: clock.max-offset: found '500'; expected a duration such as 500ms, 2s or 10m, from 1ms to 1h",
                "t.yaml:13: extra: unknown key; expected one of regions, access-keys, certificates, clock, replication, "
                    + "log, disk, streams, waits, connections, latency",
            ])
    }

    @Test(arguments: [
        ("", "t.yaml: the file is empty; expected a mapping"),
        ("a: [", "t.yaml:2: not YAML: did not find expected node content"),
        ("- 1", "t.yaml:1: found a list; expected a mapping with regions"),
        ("regions: 5", "t.yaml:1: regions: found '5'; expected a list"),
        ("regions: []", "t.yaml:1: regions: the list is empty; expected at least one region"),
        ("clock: {}", "t.yaml:1: 'regions' is missing"),
        ("regions: []\nregions: []", "t.yaml:1: keys appear twice in one mapping: "),
    ])
    func `a file that is no topology is refused`(text: String, problem: String) {
        #expect(problems(text).first?.hasPrefix(problem) == true, "\(problems(text))")
    }

    @Test(arguments: [
        ("replication: {batch: 2MiB, in-flight: 1MiB}", "replication: 'in-flight' (1MiB) is less than 'batch' (2MiB)"),
        ("replication: {backoff-min: 20s}", "replication: 'backoff-max' (300ms) is less than 'backoff-min' (20s)"),
        ("replication: {batch: 10}", "replication.batch: found '10'; expected a number of bytes"),
        ("replication: {batch: 1 MiB}", "replication.batch: found '1 MiB'"),
        ("access-keys: [{id: a/b, secret: s}]", "access-keys[0].id: found 'a/b'; expected 1 to 128 letters"),
        ("access-keys: [{id: a}]", "access-keys[0]: 'secret' is missing"),
        ("access-keys: [{id: a, secret: s, allow: []}]", "access-keys[0].allow: the list is empty"),
        ("access-keys: [{id: a, secret: s, tables: [a b]}]", "access-keys[0].tables[0]: found 'a b'"),
        (
            "access-keys: [{id: a, secret: s}, {id: a, secret: t}]",
            "access-keys[1].id: 'a' is already used by access-keys[0].id"
        ),
        ("latency: {us-east-1: {us-east-1: 1ms}}", "latency.us-east-1.us-east-1: a region's way to itself"),
        ("latency: {us-east-1: 5ms}", "latency.us-east-1: found '5ms'; expected a mapping from region to duration"),
        ("certificates: ", "certificates: found nothing; expected a folder"),
        ("connections: {max: 0}", "connections.max: found '0'; expected a whole number from 1 to 1000000"),
        ("connections: {request: 10ms}", "connections.request: found '10ms'; expected a duration"),
        (
            "connections: {idle: 10s, idle-crowded: 20s}",
            "connections: 'idle' (10s) is less than 'idle-crowded' (20s); expected connections to be ended sooner"
        ),
    ])
    func `a value that makes no sense is refused`(line: String, problem: String) {
        #expect(problems(Self.minimal + "\n" + line).first?.hasPrefix("t.yaml:3: \(problem)") == true)
    }

    @Test func `names, numbers and addresses belong to one region each, and a pair of regions has one round trip`() {
        let text =
            Self.minimal + "\n"
                + """
                  - {name: us-east-1, id: 1, endpoint: "127.0.0.1:8000", replication: "127.0.0.1:8101", admin: "a:8201"}
                  - {name: b, id: 2, endpoint: "b:1", replication: "b:2", admin: "b:3"}
                latency:
                  us-east-1: {b: 1ms}
                  b: {us-east-1: 1ms}
                """
        let found = problems(text)
        #expect(found.count == 4)
        #expect(found[0].hasPrefix("t.yaml:3: regions[1].name: 'us-east-1' is already used by regions[0].name"))
        #expect(found[1].hasPrefix("t.yaml:3: regions[1].id: '1' is already used by regions[0].id"))
        #expect(found[2].hasPrefix("t.yaml:3: regions[1].endpoint: '127.0.0.1:8000' is already used by"))
        #expect(found[3].hasPrefix("t.yaml:7: latency.b.us-east-1: the pair is stated twice"))
    }

    @Test func `a file that isn't there is one problem`() {
        #expect(throws: ConfigurationError.self) { try Topology.load(path: "/nonexistent/topology.yaml") }
    }

    @Test func `no text breaks the reader`() {
        var random = SplitMix64(seed: 10)
        let valid = Array(Self.minimal.utf8)
        for _ in 0..<1000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 9..<127, using: &random)
            }
            _ = problems(String(decoding: bytes, as: UTF8.self))
        }
    }
}

@Suite struct ConfigurationUnitsTests {
    @Test(
        arguments: [
            ("0s", 0), ("1us", 1), ("80.55ms", 80_550), ("500ms", 500_000), ("2s", 2_000_000), ("10m", 600_000_000),
            ("1h", 3_600_000_000), ("1.5s", 1_500_000),
        ] as [(String, Int64)])
    func `durations are read`(text: String, microseconds: Int64) {
        #expect(Duration(configurationText: text) == .microseconds(microseconds))
    }

    @Test(arguments: [
        "", "s", "5", "-1s", "1 s", "1.s", ".5s", "1.2.3s", "1d", "0.0001ms", "1.5us", "9999999999999s",
        "999999999999h",
        "1,5s", "١s",
    ])
    func `what is no duration is refused`(text: String) {
        #expect(Duration(configurationText: text) == nil)
    }

    @Test func `durations print and read back`() {
        var random = SplitMix64(seed: 12)
        for _ in 0..<5000 {
            let magnitude = Int64.random(in: 0...12, using: &random)
            let bound = (0..<magnitude).reduce(into: Int64(10)) { bound, _ in bound *= 10 }
            let duration = Duration.microseconds(Int64.random(in: 0..<bound, using: &random))
            #expect(Duration(configurationText: duration.configurationText) == duration)
        }
    }

    @Test(arguments: [("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("16MiB", 16 << 20), ("1GiB", 1 << 30)])
    func `numbers of bytes are read`(text: String, count: Int) {
        #expect(ByteCountText.parse(text) == count)
        #expect(ByteCountText.parse(ByteCountText.print(count)) == count)
    }

    @Test(arguments: ["", "KiB", "1KB", "-1", "1.5MiB", "99999999999999999999", "9999999999999GiB"])
    func `what is no number of bytes is refused`(text: String) {
        #expect(ByteCountText.parse(text) == nil)
    }
}

@Suite struct HostAndPortTests {
    @Test(arguments: ["127.0.0.1:8000", "[::1]:8000", "db.example.com:1", "localhost:65535", "my_host:80"])
    func `addresses print and read back`(text: String) {
        #expect(HostAndPort(text)?.description == text)
    }

    @Test(arguments: [
        "", ":", "a", "a:", ":1", "a:0", "a:65536", "a:x", "a:+1", "::1:80", "[]:1", "[a]:1", "a b:1", "a/b:1", "[::1]",
        "a:111111", "a:١",
    ])
    func `what is no address is refused`(text: String) {
        #expect(HostAndPort(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.3", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
        ("10.0.0.1", false), ("127.0.0.1.example.com", false), ("128.0.0.1", false), ("::", false), ("127.1", false),
    ])
    func `only addresses of this host are loopback`(host: String, isLoopback: Bool) {
        #expect(HostAndPort(host: host, port: 1).isLoopback == isLoopback)
    }
}
