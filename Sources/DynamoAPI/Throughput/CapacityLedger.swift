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

    /// Takes all charges, unless something is left of each capacity.
    ///
    /// - Returns: nil, or the first account with nothing left; nothing is taken then.
    func take(_ charges: [Charge], at nowMilliseconds: UInt64) -> Account? {
        buckets.withLock { buckets in
            for charge in charges where buckets[charge.account, charge.limit, nowMilliseconds].isEmpty {
                return charge.account
            }
            buckets.charge(charges, at: nowMilliseconds)
            return nil
        }
    }

    private struct Buckets {
        private var accounts: [Account: (bucket: TokenBucket, unitsPerSecond: Int)] = [:]
        /// At how many accounts those go that are as if new: a deleted table's among them.
        private var sweepCount = 1024

        /// The bucket as it is now.
        subscript(account: Account, limit: CapacityLimit, nowMilliseconds: UInt64) -> TokenBucket {
            mutating get {
                let rate = limit.unitsPerSecond
                var bucket = accounts[account]?.bucket ?? TokenBucket(unitsPerSecond: rate, at: nowMilliseconds)
                bucket.fill(unitsPerSecond: rate, at: nowMilliseconds)
                accounts[account] = (bucket, rate)
                if accounts.count > sweepCount { sweep(at: nowMilliseconds) }
                return bucket
            }
        }

        mutating func charge(_ charges: [Charge], at nowMilliseconds: UInt64) {
            for charge in charges {
                var bucket = self[charge.account, charge.limit, nowMilliseconds]
                bucket.take(charge.units)
                accounts[charge.account] = (bucket, charge.limit.unitsPerSecond)
            }
        }

        private mutating func sweep(at nowMilliseconds: UInt64) {
            accounts = accounts.filter { _, entry in
                var bucket = entry.bucket
                bucket.fill(unitsPerSecond: entry.unitsPerSecond, at: nowMilliseconds)
                return !bucket.isFull(unitsPerSecond: entry.unitsPerSecond)
            }
            sweepCount = max(1024, accounts.count * 2)
        }
    }
}
