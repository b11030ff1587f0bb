/// Which log's store transfers a snapshot to which replica just now, so that no two links send one replica at once.
///
/// Lost with the process, as the links are.
struct TransferClaims {
    private var claims: [(replica: LocalReplica, source: Origin)] = []

    /// Who transfers to `replica`.
    func source(of replica: LocalReplica) -> Origin? { claims.first { $0.replica == replica }?.source }

    /// Has `source` transfer to `replica`, and nobody else.
    mutating func set(_ source: Origin, for replica: LocalReplica) {
        end(replica)
        claims.append((replica, source))
    }

    /// Ends the transfer to `replica`, whoever it was from.
    mutating func end(_ replica: LocalReplica) { claims.removeAll { $0.replica == replica } }

    /// Ends the transfer from `source` to `replica`.
    mutating func end(_ replica: LocalReplica, from source: Origin) {
        claims.removeAll { $0.replica == replica && $0.source == source }
    }

    /// Ends all transfers from `source`.
    mutating func endAll(from source: Origin) { claims.removeAll { $0.source == source } }
}
