import ItemModel
import RegionStore
import Synchronization

/// What is left of the capacity of every table and index of a region that has a limit.
///
/// It is kept in memory only. May be used from any number of threads.
final class CapacityLedger: Sendable {
    private let buckets = Mutex(Buckets())

    /// One capacity: of a table, or of one of its global indexes.
    struct Account: Hashable, Sendable {
        let table: TableID
        let index: IndexID?
        let kind: CapacityKind
    }

    /// What a request takes of one capacity.
    struct Charge: Sendable {
        let account: Account
        let limit: CapacityLimit
        let units: Double
    }

    /// Whether anything is left.
    func hasCapacity(_ account: Account, _ limit: CapacityLimit, at nowMilliseconds: UInt64) -> Bool {
        buckets.withLock { !$0[account, limit, nowMilliseconds].isEmpty }
    }

    /// Takes what a request took, also where less is left.
    func charge(_ charges: [Charge], at nowMilliseconds: UInt64) {
        buckets.withLock { $0.charge(charges, at: nowMilliseconds) }
    }

    /// Takes all charges, if something is left of each capacity.
    ///
    /// - Returns: nil, or the position of the first charge of an account with nothing left; nothing is taken then.
    func take(_ charges: [Charge], at nowMilliseconds: UInt64) -> Int? {
        buckets.withLock { buckets in
            for (position, charge) in charges.enumerated()
            where buckets[charge.account, charge.limit, nowMilliseconds].isEmpty {
                return position
            }
            buckets.charge(charges, at: nowMilliseconds)
            return nil
        }
    }

    /// How many accounts are kept: those of which something was taken, and some that are full again.
    var accountCount: Int { buckets.withLock { $0.count } }

    private struct Buckets {
        var count: Int { buckets.count }
        private var buckets: [Account: TokenBucket] = [:]
        /// At how many those go that are as if new: a deleted table's among them.
        private var sweepCount = 1024

        /// The bucket as it is now.
        subscript(account: Account, limit: CapacityLimit, nowMilliseconds: UInt64) -> TokenBucket {
            mutating get {
                let rate = limit.unitsPerSecond
                var bucket = buckets[account] ?? TokenBucket(unitsPerSecond: rate, at: nowMilliseconds)
                bucket.fill(unitsPerSecond: rate, at: nowMilliseconds)
                buckets[account] = bucket
                if buckets.count > sweepCount { sweep(at: nowMilliseconds) }
                return bucket
            }
        }

        mutating func charge(_ charges: [Charge], at nowMilliseconds: UInt64) {
            for charge in charges {
                var bucket = self[charge.account, charge.limit, nowMilliseconds]
                bucket.take(charge.units)
                buckets[charge.account] = bucket
            }
        }

        private mutating func sweep(at nowMilliseconds: UInt64) {
            buckets = buckets.compactMapValues { bucket in
                var filled = bucket
                filled.fill(at: nowMilliseconds)
                return filled.isFull ? nil : filled
            }
            sweepCount = max(1024, buckets.count * 2)
        }
    }
}
