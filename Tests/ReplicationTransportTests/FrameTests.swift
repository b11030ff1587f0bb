import NIOCore
import TestSupport
import Testing

@testable import ReplicationTransport

@Suite struct FrameTests {
    private let limits = FrameLimits(payloadByteCount: 4096, messageByteCount: 65536)

    private func frame(
        _ payload: [UInt8], isCompressed: Bool = false, messageByteCount: Int? = nil, declaring declared: Int? = nil
    ) -> ByteBuffer {
        var buffer = ByteBuffer(repeating: 0, count: FrameHeader.byteCount)
        buffer.writeBytes(payload)
        let header = FrameHeader(
            isCompressed: isCompressed, payloadByteCount: declared ?? payload.count,
            messageByteCount: messageByteCount ?? declared ?? payload.count,
            payloadChecksum: payload.withUnsafeBytes(CRC32C.checksum(of:)))
        header.patch(&buffer, at: 0)
        return buffer
    }

    private func decode(_ bytes: ByteBuffer) throws(FrameError) -> Frame? {
        var decoder = FrameDecoder(limits: limits)
        decoder.append(bytes)
        return try decoder.next()
    }

    @Test func `the layout is the documented one`() {
        let bytes = frame(Array("123456789".utf8))
        let expected: [UInt8] =
            [0x4D, 0x52, 0x01, 0x00, 0, 0, 0, 9, 0, 0, 0, 9, 0xE3, 0x06, 0x92, 0x83]
            + [0x91, 0x00, 0x5F, 0xFA]
            + Array("123456789".utf8)
        #expect(Array(bytes.readableBytesView) == expected)
    }

    @Test func `frames come out of any split as they went in`() throws {
        var generator = SplitMix64(seed: 2)
        for _ in 0..<100 {
            let payloads = (0..<8).map { _ in generator.bytes(count: Int.random(in: 0...600, using: &generator)) }
            var stream = ByteBuffer()
            for payload in payloads { stream.writeImmutableBuffer(frame(payload)) }
            var decoder = FrameDecoder(limits: limits)
            var decoded: [[UInt8]] = []
            while stream.readableBytes > 0 {
                let count = min(stream.readableBytes, Int.random(in: 1...700, using: &generator))
                let piece = stream.readSlice(length: count)
                decoder.append(try #require(piece))
                while let next = try decoder.next() { decoded.append(Array(next.payload.readableBytesView)) }
            }
            try decoder.finished()
            #expect(decoded == payloads)
        }
    }

    @Test func `any single wrong bit is found`() throws {
        let good = Array(frame(Array("a payload of some bytes".utf8)).readableBytesView)
        for bit in 0..<(good.count * 8) {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: FrameError.self) { try decode(ByteBuffer(bytes: bad)) }
        }
    }

    @Test func `a frame that has not come whole is waited for, and its end is an error`() throws {
        let whole = frame(Array("payload".utf8))
        for count in 1..<whole.readableBytes {
            var decoder = FrameDecoder(limits: limits)
            decoder.append(try #require(whole.getSlice(at: 0, length: count)))
            let next = try decoder.next()
            #expect(next == nil)
            #expect(throws: FrameError.endedInsideFrame(byteCount: count)) { try decoder.finished() }
        }
    }

    @Test func `lengths are held against their limits before the payload is awaited`() {
        #expect(throws: FrameError.payloadTooLong(byteCount: 4097, limit: 4096)) {
            try decode(frame([], isCompressed: true, messageByteCount: 1, declaring: 4097))
        }
        #expect(throws: FrameError.messageTooLong(byteCount: 65537, limit: 65536)) {
            try decode(frame([], isCompressed: true, messageByteCount: 65537, declaring: 10))
        }
        #expect(throws: FrameError.payloadTooLong(byteCount: Int(UInt32.max), limit: 4096)) {
            try decode(frame([], declaring: Int(UInt32.max)))
        }
    }

    @Test func `a payload of exactly the limit is taken`() throws {
        let payload = [UInt8](repeating: 7, count: 4096)
        #expect(try decode(frame(payload))?.payload.readableBytes == 4096)
    }

    @Test func `two byte counts of an uncompressed frame must agree`() {
        #expect(throws: FrameError.byteCountsDiffer(payload: 3, message: 4)) {
            try decode(frame([1, 2, 3], messageByteCount: 4))
        }
    }

    @Test func `what is not a frame is named for what it is`() {
        #expect(throws: FrameError.wrongMagic(0x4745)) {
            try decode(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
        }
        var future = frame([])
        future.setInteger(UInt8(2), at: 2)
        #expect(throws: FrameError.unknownVersion(2)) { try decode(future) }
    }

    @Test func `random bytes never do worse than an error`() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            var bytes = generator.bytes(count: Int.random(in: 0...200, using: &generator))
            // Half of them begin as a frame does, so that they get past the first check.
            if generator.next() & 1 == 0 {
                bytes = Array([0x4D, 0x52, 1].prefix(bytes.count)) + bytes.dropFirst(3)
            }
            let result = try? decode(ByteBuffer(bytes: bytes))
            #expect(result == nil || result == .some(nil))
        }
    }
}
