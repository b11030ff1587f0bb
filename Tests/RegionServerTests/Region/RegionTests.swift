import ConfigurationFiles
import Foundation
import Logging
import ReplicationTransport
import Testing

@testable import RegionServer

@Suite("A region's process")
struct RegionTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "meridian-\(UUID().uuidString)").path

    private func topology(_ regions: [Topology.Region], accessKeys: [AccessKey] = [AccessKey(id: "a", secret: "b")])
        -> Topology
    {
        var topology = Topology(regions: regions, folder: folder)
        topology.accessKeys = accessKeys
        topology.certificates = "certificates"
        return topology
    }

    private func region(_ name: String, id: UInt16, port: Int = 0) -> Topology.Region {
        let anyPort = HostAndPort(host: "127.0.0.1", port: port)
        return Topology.Region(
            name: name, id: id, endpoint: anyPort, replication: anyPort, admin: anyPort, data: "\(folder)/\(name)")
    }

    private func options(_ name: String) -> RegionOptions {
        RegionOptions(region: name, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func makeCertificates() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let authority = try CertificateAuthority.openOrCreate(in: "\(folder)/certificates", now: Date())
        for name in ["us-east-1", "eu-west-1"] { _ = try authority.issue(region: name, now: Date()) }
    }

    private func refusal(_ options: RegionOptions, _ topology: Topology) async -> String {
        do {
            let region = try await RegionProcess.start(options, in: topology)
            await region.stop()
            return "it started"
        } catch {
            return "\(error)"
        }
    }

    @Test("does not start as a region that the topology lacks")
    func unknownRegion() async {
        let text = await refusal(options("mars-1"), topology([region("us-east-1", id: 1)]))
        #expect(text == #"the topology has no region "mars-1"; its regions are us-east-1"#)
    }

    @Test("does not start without keys to verify requests by")
    func noKeys() async {
        let text = await refusal(options("us-east-1"), topology([region("us-east-1", id: 1)], accessKeys: []))
        #expect(text.contains("no request could be verified"))
    }

    @Test("does not start without certificates, and says how to get some")
    func noCertificates() async {
        let text = await refusal(options("us-east-1"), topology([region("us-east-1", id: 1)]))
        #expect(text.contains("us-east-1.pem"))
        #expect(text.contains("meridian certificates"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/us-east-1"))
    }

    @Test("starts, stops, starts again on its data, and refuses another region's")
    func restart() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try makeCertificates()
        let topology = topology([region("us-east-1", id: 1), region("eu-west-1", id: 2)])
        for _ in 0..<2 {
            let region = try await RegionProcess.start(options("us-east-1"), in: topology)
            #expect(region.endpoint.port > 0)
            await region.stop()
        }
        var other = options("eu-west-1")
        other.data = "\(folder)/us-east-1"
        let text = await refusal(other, topology)
        #expect(text.contains("belongs to the region with id 1"))
    }

    @Test("does not start where its port is taken, and leaves nothing running")
    func portTaken() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try makeCertificates()
        let first = try await RegionProcess.start(options("us-east-1"), in: topology([region("us-east-1", id: 1)]))
        var second = region("eu-west-1", id: 2)
        second.endpoint = first.endpoint
        let text = await refusal(options("eu-west-1"), topology([second]))
        #expect(
            text.contains(
                "cannot listen at \(first.endpoint) for DynamoDB clients: another process listens at the port, perhaps a region"
            ))
        await first.stop()
        second.endpoint.port = 0
        let third = try await RegionProcess.start(options("eu-west-1"), in: topology([second]))
        await third.stop()
    }
}
