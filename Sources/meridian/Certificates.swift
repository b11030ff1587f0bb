import ArgumentParser
import ConfigurationFiles
import Foundation
import RegionServer
import ReplicationTransport

/// Makes certificates for development.
struct Certificates: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a development authority, and one certificate for each region.",
        discussion: """
            The files go into the folder that the topology names under `certificates`: authority.pem, and for each region \
            <region>.pem and <region>-key.pem. Files that are there already stay as they are. In production put files of your own \
            authority in their places: a region's certificate must have the region's name as a DNS name.
            """)

    @OptionGroup var topology: TopologyOption

    @Flag(help: "Make everything anew, the authority too; certificates of the old one are then worth nothing.")
    var force = false

    func run() throws {
        let topology = try topology.load()
        for line in try CertificateFolder(of: topology).fill(replacing: force) { print(line) }
    }
}

/// The folder of a topology's certificates.
struct CertificateFolder {
    private let path: String
    private let topology: Topology

    init(of topology: Topology) throws {
        guard let folder = topology.certificates else {
            throw CommandFailure(
                "the topology names no folder for certificates; add a line such as `certificates: ../certificates`")
        }
        self.topology = topology
        path = topology.resolve(folder)
    }

    /// The regions whose links need the folder and lack a file there.
    var regionsWithoutCertificate: [String] {
        topology.regions.filter { region in
            guard region.tls == nil, let files = topology.linkTLS(of: region) else { return false }
            return [files.certificate, files.key, files.authority].contains { path in
                path.map { !FileManager.default.fileExists(atPath: $0) } ?? false
            }
        }.map(\.name)
    }

    /// Makes what is missing, or everything.
    ///
    /// - Returns: a line for each region, on what was done.
    func fill(replacing: Bool) throws -> [String] {
        let lock = try lockFolder()
        // Closing it unlocks it.
        defer { close(lock) }
        do throws(CertificateError) {
            let now = Date()
            let authority = try CertificateAuthority.openOrCreate(in: path, now: now, replacing: replacing)
            var lines = ["authority: \(authority.certificatePath)"]
            for region in topology.regions {
                if region.tls != nil {
                    lines.append("\(region.name): has files of its own in the topology")
                    continue
                }
                if !replacing, !regionsWithoutCertificate.contains(region.name) {
                    lines.append("\(region.name): is there already")
                    continue
                }
                let hosts = [region.endpoint.host, region.replication.host]
                let issued = try authority.issue(
                    region: region.name, additionalNames: Array(Set(hosts)).sorted(), now: now, replacing: true)
                lines.append("\(region.name): \(issued.certificatePath)")
            }
            return lines
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Waits until no other process fills the folder: two authorities beside each other would trust no certificate of the other's.
    ///
    /// - Returns: the descriptor that holds the lock.
    private func lockFolder() throws -> Int32 {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("cannot make the folder \(path): \(error.localizedDescription)")
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw CommandFailure("cannot lock the folder \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}
