/// The regions of one installation, where each is, and how they behave towards each other: what a topology file says.
///
/// Every region runs from the same file. `Regions/three-continents.yaml` shows and explains all of its fields.
public struct Topology: Equatable, Sendable {
    /// In the file's order.
    public var regions: [Region]
    /// Whom the endpoints answer.
    public var accessKeys: [AccessKey] = []
    /// The folder of certificates and private keys, relative to the file.
    public var certificates: String?
    public var clock = Clock()
    public var replication = Replication()
    public var log = Log()
    public var disk = Disk()
    public var streams = Streams()
    public var waits = Waits()
    public var connections = Connections()
    /// Round trips between regions, for the simulator; each pair once.
    public var latency: [RoundTrip] = []
    /// The folder that the file is in, which relative paths in it start from.
    public var folder: String

    /// One region.
    public struct Region: Equatable, Sendable {
        /// Its name, as clients and other regions say it: small letters, digits and hyphens, such as `us-east-1`.
        public var name: String
        /// Its number in the versions of items, 1 to 65535.
        ///
        /// It must never be given to another region of the installation.
        public var id: UInt16
        /// Where it answers DynamoDB's clients.
        public var endpoint: HostAndPort
        /// Where the other regions reach it.
        public var replication: HostAndPort
        /// Where it tells of its state.
        public var admin: HostAndPort
        /// The host to listen at, instead of the hosts in the three addresses above.
        public var bind: String?
        /// Its data folder when the command line names none, relative to the working folder.
        public var data: String
        /// What it shows to the other regions, instead of the files in `certificates`.
        public var tls: TLSFiles?
        /// What the endpoint shows to clients; without it the endpoint speaks plain HTTP.
        public var endpointTLS: TLSFiles?
        /// Whether tables' provisioned capacities and on-demand maxima bound what clients may take here.
        public var isThrottling: Bool
        /// Whether clients may sign for any region, not this one alone: for those that sign for `localhost`, or cannot be told.
        public var acceptsAnySignatureRegion: Bool

        public init(
            name: String, id: UInt16, endpoint: HostAndPort, replication: HostAndPort, admin: HostAndPort,
            bind: String? = nil, data: String, tls: TLSFiles? = nil, endpointTLS: TLSFiles? = nil,
            isThrottling: Bool = true, acceptsAnySignatureRegion: Bool = false
        ) {
            self.name = name
            self.id = id
            self.endpoint = endpoint
            self.replication = replication
            self.admin = admin
            self.bind = bind
            self.data = data
            self.tls = tls
            self.endpointTLS = endpointTLS
            self.isThrottling = isThrottling
            self.acceptsAnySignatureRegion = acceptsAnySignatureRegion
        }
    }

    /// The files of one side of a TLS connection, in PEM form, relative to the topology file.
    public struct TLSFiles: Equatable, Sendable {
        public var certificate: String
        public var key: String
        /// The certificates of the authorities whose peers are trusted.
        public var authority: String?

        public init(certificate: String, key: String, authority: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    /// What is expected of the hosts' clocks.
    public struct Clock: Equatable, Sendable {
        /// How far two clocks may be apart: a region whose clock is further from the others' refuses writes, and one refuses changes that are
        /// stamped further ahead of its own.
        public var maxOffset = Duration.milliseconds(500)
    }

    /// How links carry changes.
    public struct Replication: Equatable, Sendable {
        /// How many bytes of change records are put into one batch at most.
        public var batchByteCount = 256 * 1024
        /// How many bytes may be on their way to one region without its acknowledgement.
        public var inFlightByteCount = 16 * 1024 * 1024
        /// How often a link with nothing to ship says so; it counts as dead after ten times that without a word, and not before a second.
        public var heartbeat = Duration.milliseconds(200)
        /// How long a broken link waits at first before it is opened again.
        public var backoffMin = Duration.milliseconds(100)
        /// How long it waits at most, after doubling; longer where a region refuses another.
        public var backoffMax = Duration.milliseconds(300)
    }

    /// For how long the change log is kept for a follower, such as another region, that does not take it.
    ///
    /// One that falls behind either bound lapses: what it lacks is then transferred by snapshot.
    public struct Log: Equatable, Sendable {
        /// At least a day.
        public var ageMax = Duration.seconds(7 * 24 * 3600)
        /// Of all entries together, beyond those of the last day.
        public var byteCountMax = 64 << 30
    }

    /// What is left of the disks that regions keep their data on.
    public struct Disk: Equatable, Sendable {
        /// How many bytes are kept free: a region with less refuses writes.
        ///
        /// Of a file system that is smaller than ten times that, a tenth.
        public var reserveByteCount = 1 << 30
    }

    /// How tables' streams of changes are divided.
    public struct Streams: Equatable, Sendable {
        /// How long a shard takes records before others follow it.
        public var shardLifetime = Duration.seconds(4 * 3600)
        /// How many shards of a stream are open at a time: a power of two.
        public var shardCount = 1
    }

    /// How long the service makes its clients wait between changes that it has to protect itself from.
    ///
    /// Nothing here needs the waits: they are for applications that are to meet what they will meet there.
    public struct Waits: Equatable, Sendable {
        /// Between changes of a table's time to live; the service's is about half an hour.
        public var timeToLive = Duration.zero
        /// Until a region that has added a replica may remove its own; the service's is a day.
        public var sourceReplica = Duration.zero
    }

    /// How many connections of clients each region's endpoint holds, and for how long.
    public struct Connections: Equatable, Sendable {
        /// How many there are at most, as far as the process may open files: beyond it the one goes that has been idle longest.
        public var countMax = 10_000
        /// How long one may stay open without a request: clients keep connections to use them again.
        public var idle = Duration.seconds(300)
        /// The same while more than half of `countMax` are open; no longer than `idle`.
        public var idleWhenCrowded = Duration.seconds(30)
        /// How long a request may take to arrive, head and body together, and how long a client may take to read an answer.
        public var request = Duration.seconds(60)
        /// How long a TLS handshake may take.
        public var handshake = Duration.seconds(10)
    }

    /// The time from one region to another and back.
    public struct RoundTrip: Equatable, Sendable {
        public var first: String
        public var second: String
        public var time: Duration

        public init(first: String, second: String, time: Duration) {
            self.first = first
            self.second = second
            self.time = time
        }
    }

    public init(regions: [Region], folder: String = ".") {
        self.regions = regions
        self.folder = folder
    }

    /// The region of that name.
    public func region(named name: String) -> Region? {
        regions.first { $0.name == name }
    }

    /// The round trip between two regions, in whichever order the file names them; nothing when it doesn't.
    public func roundTrip(between first: String, and second: String) -> Duration? {
        if first == second { return .zero }
        return latency.first {
            ($0.first == first && $0.second == second) || ($0.first == second && $0.second == first)
        }?.time
    }

    /// The files that a region shows to the other regions: its own `tls`, or the ones named for it in `certificates`.
    ///
    /// There they are called `<region>.pem`, `<region>-key.pem` and `authority.pem`. The paths in the result can be opened as they are.
    public func linkTLS(of region: Region) -> TLSFiles? {
        if let files = region.tls { return resolved(files) }
        guard let certificates else { return nil }
        return resolved(
            TLSFiles(
                certificate: "\(certificates)/\(region.name).pem", key: "\(certificates)/\(region.name)-key.pem",
                authority: "\(certificates)/authority.pem"))
    }

    /// The files that a region's endpoint shows to clients, as paths that can be opened as they are.
    public func endpointTLS(of region: Region) -> TLSFiles? {
        region.endpointTLS.map(resolved)
    }

    /// A path of the file as one that can be opened from the working folder.
    public func resolve(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    private func resolved(_ files: TLSFiles) -> TLSFiles {
        TLSFiles(
            certificate: resolve(files.certificate), key: resolve(files.key), authority: files.authority.map(resolve))
    }
}

extension Topology.Region {
    /// Where the endpoint listens: its address, with the host replaced by `bind` if there is one.
    public var endpointListener: HostAndPort { listener(endpoint) }

    /// Where the region listens for links.
    public var replicationListener: HostAndPort { listener(replication) }

    /// Where the region listens for questions about its state.
    public var adminListener: HostAndPort { listener(admin) }

    private func listener(_ address: HostAndPort) -> HostAndPort {
        HostAndPort(host: bind ?? address.host, port: address.port)
    }
}
