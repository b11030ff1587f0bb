import NIOCore

/// What stands before each message on the wire, inside TLS.
///
/// All numbers are big-endian.
///
///     offset  size  field
///          0     2  magic, 0x4D52 ("MR")
///          2     1  version of the format, 1
///          3     1  flags: bit 0 = the payload is compressed; all others are zero
///          4     4  payload byte count: what follows the header
///          8     4  message byte count: the payload's after decompression; equal to the former where it is not compressed
///         12     4  CRC32C of the payload
///         16     4  CRC32C of bytes 0 to 15, and so through the field before it of the whole frame
///         20        payload
///
/// A compressed payload is the next piece of the direction's one zstd stream (`ZstdCompressor`), not a zstd frame of its own.
/// TLS already refuses bytes that somebody changed: the checksums are against faults of memory and software on either side of
/// it. The header has its own, so that a wrong length is found before anything is reserved or awaited for it.
struct FrameHeader: Equatable {
    static let byteCount = 20
    static let magic: UInt16 = 0x4D52
    static let version: UInt8 = 1
    private static let compressedFlag: UInt8 = 1

    var isCompressed: Bool
    var payloadByteCount: Int
    var messageByteCount: Int
    var payloadChecksum: UInt32

    init(isCompressed: Bool, payloadByteCount: Int, messageByteCount: Int, payloadChecksum: UInt32) {
        self.isCompressed = isCompressed
        self.payloadByteCount = payloadByteCount
        self.messageByteCount = messageByteCount
        self.payloadChecksum = payloadChecksum
    }

    /// Reads the header at the start of `buffer`, which holds at least `byteCount` bytes, and leaves it there.
    ///
    /// Lengths are those of a frame within `limits`: nothing that this returns leads to more memory than they allow.
    init(peeking buffer: ByteBuffer, limits: FrameLimits) throws(FrameError) {
        let start = buffer.readerIndex
        guard
            let magic = buffer.getInteger(at: start, as: UInt16.self),
            let version = buffer.getInteger(at: start + 2, as: UInt8.self),
            let flags = buffer.getInteger(at: start + 3, as: UInt8.self),
            let payloadByteCount = buffer.getInteger(at: start + 4, as: UInt32.self),
            let messageByteCount = buffer.getInteger(at: start + 8, as: UInt32.self),
            let payloadChecksum = buffer.getInteger(at: start + 12, as: UInt32.self),
            let headerChecksum = buffer.getInteger(at: start + 16, as: UInt32.self)
        else { throw .endedInsideFrame(byteCount: buffer.readableBytes) }
        guard magic == Self.magic else { throw .wrongMagic(magic) }
        guard version == Self.version else { throw .unknownVersion(version) }
        let computed = Self.checksum(of: buffer, at: start)
        guard computed == headerChecksum else {
            throw .headerChecksumMismatch(declared: headerChecksum, computed: computed)
        }
        guard flags & ~Self.compressedFlag == 0 else { throw .unknownFlags(flags) }
        isCompressed = flags & Self.compressedFlag != 0
        self.payloadByteCount = Int(payloadByteCount)
        self.messageByteCount = Int(messageByteCount)
        self.payloadChecksum = payloadChecksum
        guard self.payloadByteCount <= limits.payloadByteCount else {
            throw .payloadTooLong(byteCount: self.payloadByteCount, limit: limits.payloadByteCount)
        }
        guard self.messageByteCount <= limits.messageByteCount else {
            throw .messageTooLong(byteCount: self.messageByteCount, limit: limits.messageByteCount)
        }
        guard isCompressed || payloadByteCount == messageByteCount else {
            throw .byteCountsDiffer(payload: self.payloadByteCount, message: self.messageByteCount)
        }
    }

    /// Writes the header over the `byteCount` bytes of `buffer` that were left free for it at `index`.
    func patch(_ buffer: inout ByteBuffer, at index: Int) {
        buffer.setInteger(Self.magic, at: index)
        buffer.setInteger(Self.version, at: index + 2)
        buffer.setInteger(isCompressed ? Self.compressedFlag : 0, at: index + 3)
        buffer.setInteger(UInt32(payloadByteCount), at: index + 4)
        buffer.setInteger(UInt32(messageByteCount), at: index + 8)
        buffer.setInteger(payloadChecksum, at: index + 12)
        buffer.setInteger(Self.checksum(of: buffer, at: index), at: index + 16)
    }

    private static func checksum(of buffer: ByteBuffer, at index: Int) -> UInt32 {
        buffer.withUnsafeReadableBytes { bytes in
            let start = index - buffer.readerIndex
            return CRC32C.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[start..<start + 16]))
        }
    }
}

/// How long a frame may be.
///
/// Both ends of a link have the same.
public struct FrameLimits: Sendable, Hashable {
    /// The most bytes that a frame may carry on the wire, without its header.
    public var payloadByteCount: Int
    /// The most bytes that a message may have before compression and after decompression.
    public var messageByteCount: Int

    /// - Parameters:
    ///   - payloadByteCount: 1 to 2³² − 1.
    ///   - messageByteCount: 1 to 2³² − 1.
    public init(payloadByteCount: Int = 16 << 20, messageByteCount: Int = 64 << 20) {
        precondition(payloadByteCount > 0 && payloadByteCount <= Int(UInt32.max), "a payload limit of 1 to 2^32 - 1")
        precondition(messageByteCount > 0 && messageByteCount <= Int(UInt32.max), "a message limit of 1 to 2^32 - 1")
        self.payloadByteCount = payloadByteCount
        self.messageByteCount = messageByteCount
    }

    /// The most bytes of a message that fits whatever it holds.
    ///
    /// zstd adds 3 bytes to each block of bytes that it cannot compress, of which the smallest window makes 1 KiB long ones.
    public var alwaysSendableByteCount: Int {
        min(messageByteCount, max(0, payloadByteCount - payloadByteCount / 256 - 64))
    }
}

/// What is wrong with the bytes of a frame.
public enum FrameError: Error, Sendable, Hashable {
    case wrongMagic(UInt16)
    case unknownVersion(UInt8)
    case unknownFlags(UInt8)
    case headerChecksumMismatch(declared: UInt32, computed: UInt32)
    case payloadChecksumMismatch(declared: UInt32, computed: UInt32)
    case payloadTooLong(byteCount: Int, limit: Int)
    case messageTooLong(byteCount: Int, limit: Int)
    /// A frame that is not compressed whose two byte counts differ.
    case byteCountsDiffer(payload: Int, message: Int)
    /// The stream ended with this many bytes of an unfinished frame.
    case endedInsideFrame(byteCount: Int)
}
