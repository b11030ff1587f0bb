import ItemModel

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

/// How far a table's expired items have been dealt with: places in its part of the `expiry` keyspace.
///
/// Lost with the process: the sweeper then begins anew, and finds only what is still there.
struct ExpiryProgress {
    /// Before it there is nothing that this region wrote last, of what has expired.
    var own: [UInt8] = []
    /// Before it there is nothing at all.
    var everybody: [UInt8] = []

    /// Goes back to an entry that was put behind.
    mutating func include(_ key: [UInt8]) {
        if key.lexicographicallyPrecedes(own) { own = key }
        if key.lexicographicallyPrecedes(everybody) { everybody = key }
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
