import AWSProtocol
import ConfigurationFiles
import Testing

@testable import RegionServer

@Suite struct BindingRuleTests {
    private static let keys = [AccessKey(id: "a", secret: "s")]

    private func region(_ host: String, bind: String? = nil) -> Topology.Region {
        Topology.Region(
            name: "r", id: 1, endpoint: HostAndPort(host: host, port: 1), replication: HostAndPort(host: host, port: 2),
            admin: HostAndPort(host: host, port: 3), bind: bind, data: "d")
    }

    private func outcome(_ region: Topology.Region, _ keys: [AccessKey], _ insecure: Bool) -> String {
        do {
            switch try BindingRule.authentication(of: region, accessKeys: keys, insecureNoAuth: insecure) {
            case .signatures(let keys): return "signatures of \(keys.credentials.count)"
            case .none: return "none"
            }
        } catch {
            return error.description
        }
    }

    @Test func `an endpoint on loopback needs keys or the word that it needs none`() {
        #expect(outcome(region("127.0.0.1"), Self.keys, false) == "signatures of 1")
        #expect(outcome(region("127.0.0.1"), Self.keys, true) == "none")
        #expect(outcome(region("127.0.0.1"), [], true) == "none")
        #expect(outcome(region("127.0.0.1"), [], false).hasPrefix("r: the topology has no access-keys"))
    }

    @Test func `an endpoint that others can reach needs keys`() {
        for region in [region("10.0.0.1"), region("127.0.0.1", bind: "0.0.0.0")] {
            #expect(outcome(region, Self.keys, false) == "signatures of 1")
            #expect(
                outcome(region, [], false).contains(
                    "can be reached from other hosts, and the topology has no access-keys"))
            #expect(
                outcome(region, Self.keys, true).contains("--insecure-no-auth is allowed only on a loopback address"))
        }
    }
}
