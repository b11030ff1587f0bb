public import HybridClock
public import ItemModel

/// What decides between two writes of one item: the stamp, then the origin.
///
/// Sixteen bytes; no two writes ever share one.
///
/// The higher version wins everywhere, so every region that has seen the same changes holds the same items. The six
/// random bytes of the incarnation keep a region that lost both its disk and its clock from issuing a version twice.
public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let stamp: HybridTimestamp
    public let origin: Origin

    /// The length of the binary form.
    public static let byteCount = 16

    /// Below every version.
    public static let zero = Version(stamp: .zero, origin: Origin(rawValue: 0))

    @inlinable
    public init(stamp: HybridTimestamp, origin: Origin) {
        self.stamp = stamp
        self.origin = origin
    }

    @inlinable
    public static func < (left: Version, right: Version) -> Bool {
        left.stamp == right.stamp ? left.origin < right.origin : left.stamp < right.stamp
    }

    /// Big-endian, so that versions are ordered by their bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.append(stamp.rawValue)
        writer.append(origin.rawValue)
    }

    /// Every sixteen bytes are a version.
    public init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        stamp = HybridTimestamp(rawValue: try reader.readUInt64())
        origin = Origin(rawValue: try reader.readUInt64())
    }

    public var description: String { "\(stamp)@\(origin)" }
}

extension TableUUID {
    /// The identity of the table that the change of `version` creates.
    ///
    /// Versions are unique for ever, and each half is mixed by a bijection, so that the identity is unique too and yet looks
    /// like any UUID; nothing random is needed. Source of the mixer: Stafford, "Better Bit Mixing", variant 13, 2011.
    init(createdBy version: Version) {
        func mixed(_ value: UInt64) -> UInt64 {
            var value = value
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
        self.init(high: mixed(version.stamp.rawValue), low: mixed(version.origin.rawValue))
    }
}
