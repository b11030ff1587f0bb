import CZstd
import NIOCore

/// The decompressing end of one direction of a link, against a peer that may lie about everything.
struct ZstdDecompressor: ~Copyable {
    /// The largest window that a peer may ask this end to keep, as a power of two: 8 MiB.
    static let maximumWindowLog = 23

    private let context: OpaquePointer

    init() throws(ZstdError) {
        context = try Self.makeContext()
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Decompresses the next piece of the stream to the one message that it holds.
    ///
    /// - Parameter messageByteCount: what the frame declares, already checked against the limit. No more than this is written.
    mutating func decompress(_ payload: ByteBuffer, messageByteCount: Int) throws(ZstdError) -> [UInt8] {
        var status = 0
        let context = context
        // One byte more than is declared: with that byte free at the end, zstd cannot be holding back a surplus.
        let message = [UInt8](unsafeUninitializedCapacity: messageByteCount + 1) { free, byteCount in
            var output = ZSTD_outBuffer(dst: free.baseAddress, size: messageByteCount + 1, pos: 0)
            payload.withUnsafeReadableBytes { bytes in
                var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
                var ended = false
                while input.pos < input.size, output.pos < output.size, !ended {
                    status = ZSTD_decompressStream(context, &output, &input)
                    ended = ZSTD_isError(status) != 0 || status == 0
                }
            }
            byteCount = output.pos
        }
        if ZSTD_isError(status) != 0 {
            if ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge {
                throw .windowTooLarge(maximumWindowLog: Self.maximumWindowLog)
            }
            throw .library(ZstdError.text(of: status))
        }
        guard message.count <= messageByteCount else { throw .moreThanDeclared(declaredByteCount: messageByteCount) }
        // A return of zero is the end of a zstd frame; anything else, also of a payload of no bytes, is that it goes on.
        guard status != 0 || payload.readableBytes == 0 else { throw .streamEnded }
        guard message.count == messageByteCount else {
            throw .lessThanDeclared(declaredByteCount: messageByteCount, byteCount: message.count)
        }
        return message
    }

    private static func makeContext() throws(ZstdError) -> OpaquePointer {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        let status = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(maximumWindowLog))
        if ZSTD_isError(status) != 0 {
            ZSTD_freeDCtx(context)
            throw .library(ZstdError.text(of: status))
        }
        return context
    }
}
