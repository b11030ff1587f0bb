import NIOCore

/// One frame, its checksums and lengths verified.
struct Frame: Equatable {
    var header: FrameHeader
    /// Shares its memory with the decoder: let go of it before the decoder is fed again.
    var payload: ByteBuffer
}

/// Cuts a stream of bytes, split in any way, into frames.
///
/// Holds at most one unfinished frame and what came with its last piece, so at most the payload limit and one read of the
/// socket. After an error it must not be asked again: where the next frame begins is unknown.
struct FrameDecoder {
    private let limits: FrameLimits
    private var received = ByteBuffer()
    /// The header at the front of `received`, once it was verified.
    private var header: FrameHeader?

    init(limits: FrameLimits) {
        self.limits = limits
    }

    mutating func append(_ bytes: ByteBuffer) {
        guard received.readableBytes > 0 else {
            received = bytes
            return
        }
        received.discardReadBytes()
        received.writeImmutableBuffer(bytes)
    }

    /// Takes the next whole frame, or nil where more bytes are needed.
    mutating func next() throws(FrameError) -> Frame? {
        guard let header = try verifiedHeader() else { return nil }
        guard received.readableBytes >= FrameHeader.byteCount + header.payloadByteCount else { return nil }
        received.moveReaderIndex(forwardBy: FrameHeader.byteCount)
        guard let payload = received.readSlice(length: header.payloadByteCount) else { return nil }
        self.header = nil
        if received.readableBytes == 0 { received = ByteBuffer() }
        let computed = payload.withUnsafeReadableBytes(CRC32C.checksum(of:))
        guard computed == header.payloadChecksum else {
            throw .payloadChecksumMismatch(declared: header.payloadChecksum, computed: computed)
        }
        return Frame(header: header, payload: payload)
    }

    /// Tells the decoder that no more bytes will come.
    func finished() throws(FrameError) {
        guard received.readableBytes == 0 else { throw .endedInsideFrame(byteCount: received.readableBytes) }
    }

    private mutating func verifiedHeader() throws(FrameError) -> FrameHeader? {
        if let header { return header }
        guard received.readableBytes >= FrameHeader.byteCount else { return nil }
        let verified = try FrameHeader(peeking: received, limits: limits)
        header = verified
        return verified
    }
}
