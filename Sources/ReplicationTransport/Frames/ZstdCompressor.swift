import CZstd
import NIOCore

/// The compressing end of one direction of a link: one zstd stream for as long as the link lives.
///
/// Each message is flushed, so that the peer can decode it as soon as it has come, but the window stays: a message refers to
/// what earlier ones said. https://facebook.github.io/zstd/doc/api_manual_latest.html (streaming compression)
struct ZstdCompressor: ~Copyable {
    private let context: OpaquePointer

    /// - Parameters:
    ///   - level: 1 to 22, and down to −131072 for speed; zstd takes the nearest that it has.
    ///   - windowLog: the window is 2 to this power of bytes; 10 to `ZstdDecompressor.maximumWindowLog`.
    init(level: Int, windowLog: Int) throws(ZstdError) {
        guard (10...ZstdDecompressor.maximumWindowLog).contains(windowLog) else {
            throw .unusableWindowLog(windowLog, maximum: ZstdDecompressor.maximumWindowLog)
        }
        context = try Self.makeContext(level: Int32(clamping: level), windowLog: Int32(windowLog))
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Appends the compressed `message` to `buffer`, and stops with an error when that takes more than `limit` bytes.
    ///
    /// After an error the stream has lost its place and cannot be used any more.
    mutating func compress(_ message: [UInt8], into buffer: inout ByteBuffer, limit: Int) throws(ZstdError) {
        let start = buffer.writerIndex
        // Small messages should not cost a large buffer, nor large ones many rounds.
        let step = min(max(64, ZSTD_compressBound(message.count)), ZSTD_CStreamOutSize())
        let context = context
        let status = message.withUnsafeBytes { bytes in
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            var remaining = 0
            repeat {
                buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: step) { free in
                    var output = ZSTD_outBuffer(dst: free.baseAddress, size: free.count, pos: 0)
                    remaining = ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush)
                    return output.pos
                }
            } while ZSTD_isError(remaining) == 0 && remaining > 0 && buffer.writerIndex - start <= limit
            return remaining
        }
        if ZSTD_isError(status) != 0 { throw .library(ZstdError.text(of: status)) }
        let byteCount = buffer.writerIndex - start
        guard byteCount <= limit else { throw .incompressible(byteCount: byteCount, limit: limit) }
    }

    private static func makeContext(level: Int32, windowLog: Int32) throws(ZstdError) -> OpaquePointer {
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        for (parameter, value) in [(ZSTD_c_compressionLevel, level), (ZSTD_c_windowLog, windowLog)] {
            let status = ZSTD_CCtx_setParameter(context, parameter, value)
            if ZSTD_isError(status) != 0 {
                ZSTD_freeCCtx(context)
                throw .library(ZstdError.text(of: status))
            }
        }
        return context
    }
}

/// Why a zstd stream cannot go on.
public enum ZstdError: Error, Sendable, Hashable {
    case outOfMemory
    /// zstd's own words about bytes or parameters.
    case library(String)
    case unusableWindowLog(Int, maximum: Int)
    /// The compressed message is longer than a frame may be.
    case incompressible(byteCount: Int, limit: Int)
    /// The peer's window is larger than a link's may be.
    case windowTooLarge(maximumWindowLog: Int)
    /// The payload decompresses to more bytes than its frame declares.
    case moreThanDeclared(declaredByteCount: Int)
    /// The payload decompresses to fewer bytes than its frame declares.
    case lessThanDeclared(declaredByteCount: Int, byteCount: Int)
    /// The peer ended the zstd stream, which lives as long as the link.
    case streamEnded

    static func text(of status: Int) -> String {
        String(cString: ZSTD_getErrorName(status))
    }
}
