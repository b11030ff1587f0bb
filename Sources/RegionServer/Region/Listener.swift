import ConfigurationFiles
import Glibc
import NIOCore

/// What a region listens for, each at an address of its own.
enum Listener {
    case links, status, clients

    /// Who connects, in words.
    var purpose: String {
        switch self {
        case .links: "links"
        case .status: "status"
        case .clients: "DynamoDB clients"
        }
    }

    /// The address's key in the topology file.
    private var key: String {
        switch self {
        case .links: "replication"
        case .status: "admin"
        case .clients: "endpoint"
        }
    }

    /// Why the region cannot listen at `address`, and what to do where that is known.
    func reason(_ error: any Error, _ address: HostAndPort) -> String {
        if error is SocketAddressError.UnknownHost {
            return
                "the host has no address. Correct it under `\(key)`, or add `bind`, the address to listen at, to the region"
        }
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE?:
            return "another process listens at the port, perhaps a region that still runs. End that process, which "
                + "`ss -ltnp 'sport = :\(address.port)'` shows, or give the region another port under `\(key)` in the topology"
        case EACCES?:
            return
                "this user may not listen at the port: those below 1024 are for root. Give the region a higher port under "
                + "`\(key)` in the topology"
        case EADDRNOTAVAIL?:
            return
                "no interface of this host has the address. Correct it under `\(key)`, or add `bind`, the address to listen "
                + "at, to the region in the topology"
        default: return "\(error)"
        }
    }
}
