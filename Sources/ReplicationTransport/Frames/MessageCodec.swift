import NIOCore

/// Turns messages into the bytes of one direction of a link.
struct MessageEncoder: ~Copyable {
    private let limits: FrameLimits
    private var compressor: ZstdCompressor?

    /// - Parameter compressionLevel: as for `ZstdCompressor`; nil for a link that does not compress.
    init(limits: FrameLimits, compressionLevel: Int?, windowLog: Int) throws(ZstdError) {
        self.limits = limits
        compressor = nil
        if let compressionLevel {
            compressor = try ZstdCompressor(level: compressionLevel, windowLog: windowLog)
        }
    }

    /// Makes the frame that carries `message`.
    ///
    /// After an error the direction is lost, and the link with it.
    mutating func encode(_ message: [UInt8], allocator: ByteBufferAllocator) throws(LinkError) -> ByteBuffer {
        guard message.count <= limits.messageByteCount else {
            throw .frame(.messageTooLong(byteCount: message.count, limit: limits.messageByteCount))
        }
        let isCompressed = compressor != nil && !message.isEmpty
        var frame = allocator.buffer(
            capacity: FrameHeader.byteCount + (isCompressed ? message.count / 2 : message.count))
        frame.writeRepeatingByte(0, count: FrameHeader.byteCount)
        if isCompressed {
            do {
                try compressor?.compress(message, into: &frame, limit: limits.payloadByteCount)
            } catch {
                throw .compression(error)
            }
        } else {
            guard message.count <= limits.payloadByteCount else {
                throw .frame(.payloadTooLong(byteCount: message.count, limit: limits.payloadByteCount))
            }
            frame.writeBytes(message)
        }
        let checksum = frame.withUnsafeReadableBytes { bytes in
            CRC32C.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.byteCount...]))
        }
        let header = FrameHeader(
            isCompressed: isCompressed, payloadByteCount: frame.readableBytes - FrameHeader.byteCount,
            messageByteCount: message.count, payloadChecksum: checksum)
        header.patch(&frame, at: frame.readerIndex)
        return frame
    }
}

/// Turns the bytes of one direction of a link, split in any way, back into messages.
struct MessageDecoder: ~Copyable {
    /// One message and what it took on the wire inside TLS.
    struct Message: Equatable {
        var bytes: [UInt8]
        var wireByteCount: Int
    }

    private var frames: FrameDecoder
    private var decompressor: ZstdDecompressor

    init(limits: FrameLimits) throws(ZstdError) {
        frames = FrameDecoder(limits: limits)
        decompressor = try ZstdDecompressor()
    }

    mutating func append(_ bytes: ByteBuffer) {
        frames.append(bytes)
    }

    /// Takes the next whole message, or nil where more bytes are needed.
    ///
    /// After an error it must not be asked again.
    mutating func next() throws(LinkError) -> Message? {
        let frame: Frame
        do {
            guard let next = try frames.next() else { return nil }
            frame = next
        } catch {
            throw .frame(error)
        }
        let wireByteCount = FrameHeader.byteCount + frame.header.payloadByteCount
        guard frame.header.isCompressed else {
            return Message(bytes: Array(frame.payload.readableBytesView), wireByteCount: wireByteCount)
        }
        do {
            let bytes = try decompressor.decompress(
                frame.payload, messageByteCount: frame.header.messageByteCount)
            return Message(bytes: bytes, wireByteCount: wireByteCount)
        } catch {
            throw .compression(error)
        }
    }

    /// Tells the decoder that no more bytes will come.
    func finished() throws(LinkError) {
        do {
            try frames.finished()
        } catch {
            throw .frame(error)
        }
    }
}
