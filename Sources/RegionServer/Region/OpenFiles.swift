import Glibc

/// The process's limit of open files and sockets.
enum OpenFileLimit {
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the soft limit to the hard one, as the soft one is kept low for programs that cannot deal with more.
    ///
    /// - Returns: the limit that holds now; nil where the system does not tell it.
    static func raise() -> Int? {
        var limits = rlimit()
        guard getrlimit(resource, &limits) == 0 else { return nil }
        if limits.rlim_cur < limits.rlim_max {
            var raised = limits
            raised.rlim_cur = limits.rlim_max
            if setrlimit(resource, &raised) == 0 { limits = raised }
        }
        return Int(clamping: limits.rlim_cur)
    }
}

/// Who may have how many of the process's open files, so that clients cannot take what the region itself needs.
struct OpenFileBudget: Equatable, Sendable {
    /// Sorted files of the store that are kept open.
    let storeFileCount: Int
    /// Clients' connections.
    let connectionCount: Int
    /// Clients' connections beyond that, which wait for a place or are being refused.
    let excessConnectionCount: Int
    /// Connections to the replication port that are in their handshake.
    let pendingLinkCount: Int

    /// Shares out `limit` open files.
    ///
    /// Half goes to clients and a quarter to the store's sorted files. The last quarter is for everything else: connections that are not
    /// admitted yet, links, the administrator, the store's other files, listeners and event loops.
    ///
    /// - Parameters:
    ///   - limit: the process's limit; nil where it is unknown, so that only the other bounds hold.
    ///   - connectionCountMax: the most clients' connections, whatever the limit.
    ///   - storeFileCountMax: the most sorted files, whatever the limit.
    ///   - pendingLinkCountMax: the most handshakes at the replication port, whatever the limit.
    init(limit: Int?, connectionCountMax: Int, storeFileCountMax: Int, pendingLinkCountMax: Int) {
        let limit = limit ?? .max
        storeFileCount = min(storeFileCountMax, max(limit / 4, 16))
        connectionCount = min(connectionCountMax, max(limit / 2, 1))
        excessConnectionCount = min(256, max(limit / 16, 1))
        pendingLinkCount = min(pendingLinkCountMax, max(limit / 16, 1))
    }
}
