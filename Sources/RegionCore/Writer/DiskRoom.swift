/// How much room the disk of a region's store has left.
///
/// Below the reserve a region takes no writes of clients and fills no indexes; below half of it, of what other regions have changed it takes
/// only deletions. What is left then is for what frees room: trimming, deletions, merging files, and opening the store once more.
public struct DiskRoom: Sendable, Hashable, CustomStringConvertible {
    /// Bytes that the file system has left for this process.
    public let availableByteCount: UInt64
    /// Bytes that are not to be used up.
    public let reserveByteCount: UInt64

    public init(availableByteCount: UInt64, reserveByteCount: UInt64) {
        self.availableByteCount = availableByteCount
        self.reserveByteCount = reserveByteCount
    }

    /// Whether the reserve is touched.
    ///
    /// - Parameter wasLow: whether it was touched when it was last measured: then an eighth more has to be free, so that a region does not
    ///   change its mind with each file.
    public func isLow(after wasLow: Bool) -> Bool {
        availableByteCount < reserveByteCount + (wasLow ? reserveByteCount / 8 : 0)
    }

    /// Whether only deletions are taken from other regions.
    public var isCritical: Bool { availableByteCount < reserveByteCount / 2 }

    public var description: String {
        "\(availableByteCount >> 20) MiB are free, and the last \(reserveByteCount >> 20) MiB are kept in reserve"
    }
}
