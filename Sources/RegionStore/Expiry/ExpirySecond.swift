import ItemModel
import KeyValueStore

/// When an item expires, by the attribute that its table's time to live goes by.
enum ExpirySecond {
    /// Items that expired longer ago than this are left alone, in seconds: DynamoDB takes their attribute for something else.
    static let oldestSeconds: UInt64 = 5 * 365 * 86_400

    /// Seconds since the Unix epoch, rounded down; nil for an attribute that is not a number, or lies before the epoch or
    /// beyond all time.
    static func of(_ value: AttributeValue?) -> UInt64? {
        guard case .number(let number) = value, !number.isNegative else { return nil }
        if let integer = number.intValue { return UInt64(exactly: integer) }
        guard number.exponent < 0 else { return nil }
        var whole = number.coefficient
        for _ in 0..<(-Int(number.exponent)) where whole > 0 { whole /= 10 }
        return whole <= UInt128(Int64.max) ? UInt64(whole) : nil
    }
}

/// What a change of an item does to the time at which it expires.
struct ExpiryChange {
    /// Nil where the item has no entry in the expiry index, before the change or after it.
    let before: UInt64?
    let after: UInt64?

    /// Nil in a table whose items do not expire.
    init?(from old: OldItem?, to new: EncodedItem?, in table: Table) throws(KeyValueStoreError) {
        guard let attribute = table.expiryAttribute else { return nil }
        before = ExpirySecond.of(try old?.value(named: attribute))
        after = ExpirySecond.of(new?.item[attribute])
    }
}

/// Which expired items one region deletes by now, in seconds since the Unix epoch.
///
/// The region that wrote an item last deletes it, and the deletion is shipped as any other: so mostly just one region's stream calls
/// it an expiry. An item is gone within a minute wherever it is, also where regions are cut off from one another.
struct ExpiryWindow {
    /// Before it items are left alone.
    let oldest: UInt64
    /// Before it the items that this region wrote last go.
    let ownEnd: UInt64
    /// Before it all go; nil for a table that no other region has.
    let othersEnd: UInt64?

    /// For how long the region that wrote an item last waits to hear of later writes, in seconds.
    ///
    /// Mostly it waits less: as soon as it knows all that was written anywhere before the item expired.
    private static let ownGraceSeconds: UInt64 = 15
    /// After how long any other region deletes an item that is still there, in seconds: the one that wrote it last may be cut off.
    private static let otherGraceSeconds: UInt64 = 35

    /// - Parameter stableMilliseconds: up to where everything written anywhere is here.
    init(at nowMilliseconds: UInt64, stableMilliseconds: UInt64, isGlobal: Bool) {
        let now = nowMilliseconds / 1000
        oldest = now - min(now, ExpirySecond.oldestSeconds)
        if isGlobal {
            ownEnd = min(now, max(stableMilliseconds / 1000, now - min(now, Self.ownGraceSeconds)))
            othersEnd = now - min(now, Self.otherGraceSeconds)
        } else {
            ownEnd = now
            othersEnd = nil
        }
    }
}

extension Layout {
    /// The key in the `expiry` keyspace for the item under `itemKey` of the `items` keyspace.
    static func expiryKey(_ table: TableID, _ second: UInt64, itemKey: [UInt8]) -> [UInt8] {
        prefix(table) + bigEndian(second) + itemKey.dropFirst(4)
    }

    /// The key in the `items` keyspace of the item that an entry of the `expiry` keyspace is for.
    static func itemKey(ofExpiryKey key: [UInt8]) -> [UInt8] { Array(key.prefix(4)) + key.dropFirst(12) }
}
