public import HybridClock

/// What a command came to: data, of which the answer is made after the commit, on the caller's thread.
public enum RegionOutcome: Sendable {
    case write(Result<ItemWriteResult, ItemWriteError>)
    /// In the order of the writes.
    case batch([Result<ItemWriteResult, ItemWriteError>])
    case transact(Result<TransactionOutcome, TransactionError>)
    case changeCatalog(Result<Table, CatalogError>)
    case changeLocalSettings(Result<LocalSettingsResult, LocalSettingsRefusal>)
    /// With what all replicas of the region have once the delivery is durable.
    case deliver(Result<AppliedVector, ApplyError>)
    /// A delivery behind one that was refused, of the same link: nothing was done.
    case skipped
    /// The region gives out no stamps just now: nothing was done.
    case refused(reason: String)
    case needs(RegionNeeds)
    case report(RegionReport)
    /// Of what cannot be refused and has no result.
    case done
}

extension RegionOutcome {
    /// The result of a `write`; nil of another command.
    public var write: Result<ItemWriteResult, ItemWriteError>? {
        if case .write(let result) = self { result } else { nil }
    }

    /// The results of a `batch`; nil of another command.
    public var batch: [Result<ItemWriteResult, ItemWriteError>]? {
        if case .batch(let results) = self { results } else { nil }
    }

    /// The result of a `transact`; nil of another command.
    public var transact: Result<TransactionOutcome, TransactionError>? {
        if case .transact(let result) = self { result } else { nil }
    }

    /// The result of a `changeCatalog`; nil of another command.
    public var changeCatalog: Result<Table, CatalogError>? {
        if case .changeCatalog(let result) = self { result } else { nil }
    }

    /// The result of a `changeLocalSettings`; nil of another command.
    public var changeLocalSettings: Result<LocalSettingsResult, LocalSettingsRefusal>? {
        if case .changeLocalSettings(let result) = self { result } else { nil }
    }
}

/// What only a region's writer knows, for status pages.
public struct RegionReport: Sendable {
    public let counters: RegionCounters
    /// For each region of the topology, in their order, up to where it is closed.
    public let closed: [(region: RegionID, stamp: HybridTimestamp)]
    /// Who reads the log, in the order of the names.
    public let followers: [LogFollowers.Status]
}

/// What a region has of every origin, and what it needs of the regions whose links to it are up.
public struct RegionNeeds: Sendable, Hashable {
    public let own: Origin
    /// What this region has received, its own log included.
    public let vector: AppliedVector
    /// Of which origins a replica here lacks changes that the vector counts, each with the position after which they stand.
    public let gaps: AppliedVector
    /// Which replica lacks changes of which origin after which position.
    public let catchUps: [CatchUp]
    /// In the order of the senders that were asked about.
    public let senders: [Sender]

    /// Whether nothing is needed.
    public var isEmpty: Bool {
        gaps.entries.isEmpty && catchUps.isEmpty
            && senders.allSatisfy { $0.transfers.isEmpty && $0.orphanedOrigins.isEmpty }
    }

    public init(own: Origin, vector: AppliedVector, gaps: AppliedVector, catchUps: [CatchUp], senders: [Sender]) {
        self.own = own
        self.vector = vector
        self.gaps = gaps
        self.catchUps = catchUps
        self.senders = senders
    }

    /// Changes that a replica lacks although the region's vector counts them.
    public struct CatchUp: Sendable, Hashable {
        public let replica: LocalReplica
        public let origin: Origin
        public let after: LogPosition
        /// Where this region's log says that the replica was added.
        public let added: LogPosition
    }

    /// What one sender can do.
    public struct Sender: Sendable, Hashable {
        public let origin: Origin
        /// The replicas whose snapshot transfer is reserved for it.
        public let transfers: [LocalReplica]
        /// The orphaned origins of which it holds something that is lacking here.
        public let orphanedOrigins: [Orphan]
    }

    /// An origin whose disk is lost.
    public struct Orphan: Sendable, Hashable {
        public let origin: Origin
        public let after: LogPosition
        /// The log that has taken its place.
        public let successor: Origin
    }
}

extension RegionStore {
    /// What status pages say of the store.
    public var report: RegionReport {
        RegionReport(
            counters: counters,
            closed: configuration.regions.map { ($0.id, closedTimestamp(of: $0.id)) },
            followers: followers)
    }

    /// Finds out what the region needs of `senders`, and reserves for them the snapshot transfers that they can make.
    public func needs(of senders: [Origin]) -> RegionNeeds {
        let gaps = gaps
        let catchUps = gaps.entries.flatMap { gap in
            self.catchUps(from: gap.origin).map { replica, after in
                RegionNeeds.CatchUp(
                    replica: replica, origin: gap.origin, after: after, added: addedPosition(of: replica))
            }
        }
        return RegionNeeds(
            own: origin, vector: receivedVector, gaps: gaps, catchUps: catchUps,
            senders: senders.map { sender in
                RegionNeeds.Sender(
                    origin: sender, transfers: claimTransfers(from: sender),
                    orphanedOrigins: orphanedOriginsNeeded(from: sender).map {
                        RegionNeeds.Orphan(origin: $0.origin, after: $0.after, successor: $0.successor)
                    })
            })
    }
}
