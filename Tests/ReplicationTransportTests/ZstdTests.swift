import NIOCore
import TestSupport
import Testing

@testable import ReplicationTransport

@Suite struct ZstdTests {
    private let limit = 64 << 20

    private func compressed(_ message: [UInt8], by compressor: inout ZstdCompressor) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try compressor.compress(message, into: &buffer, limit: limit)
        return buffer
    }

    @Test func `messages come back one by one`() throws {
        var generator = SplitMix64(seed: 4)
        var compressor = try ZstdCompressor(level: 3, windowLog: 21)
        var decompressor = try ZstdDecompressor()
        for round in 0..<60 {
            let random = generator.bytes(count: Int.random(in: 0...5000, using: &generator))
            let message = round.isMultiple(of: 2) ? random : random.map { $0 & 3 }
            let payload = try compressed(message, by: &compressor)
            let decoded = try decompressor.decompress(payload, messageByteCount: message.count)
            #expect(decoded == message)
        }
    }

    @Test(arguments: [-5, 1, 3, 19])
    func `every level can be read`(level: Int) throws {
        let message = Array(repeating: Array("some text that repeats ".utf8), count: 100).flatMap { $0 }
        var compressor = try ZstdCompressor(level: level, windowLog: 18)
        var decompressor = try ZstdDecompressor()
        let payload = try compressed(message, by: &compressor)
        #expect(payload.readableBytes < message.count / 5)
        let decoded = try decompressor.decompress(payload, messageByteCount: message.count)
        #expect(decoded == message)
    }

    @Test func `a batch that was said before costs almost nothing`() throws {
        var generator = SplitMix64(seed: 5)
        let batch = generator.bytes(count: 64 << 10)
        let other = generator.bytes(count: 512 << 10)
        var compressor = try ZstdCompressor(level: 3, windowLog: 21)
        let first = try compressed(batch, by: &compressor).readableBytes
        _ = try compressed(other, by: &compressor)
        let second = try compressed(batch, by: &compressor).readableBytes
        #expect(first >= batch.count)
        #expect(second * 50 < first, "\(first) bytes, then \(second)")
    }

    @Test func `a payload that swells beyond what it declares is refused`() throws {
        let bomb = [UInt8](repeating: 0, count: 10 << 20)
        var compressor = try ZstdCompressor(level: 3, windowLog: 21)
        let payload = try compressed(bomb, by: &compressor)
        #expect(payload.readableBytes < 4096)
        for declared in [0, 1, 1000, bomb.count - 1] {
            #expect(throws: ZstdError.moreThanDeclared(declaredByteCount: declared)) {
                var decompressor = try ZstdDecompressor()
                _ = try decompressor.decompress(payload, messageByteCount: declared)
            }
        }
    }

    @Test func `a payload that holds less than it declares is refused`() throws {
        var compressor = try ZstdCompressor(level: 3, windowLog: 21)
        let payload = try compressed([1, 2, 3], by: &compressor)
        #expect(throws: ZstdError.lessThanDeclared(declaredByteCount: 4, byteCount: 3)) {
            var decompressor = try ZstdDecompressor()
            _ = try decompressor.decompress(payload, messageByteCount: 4)
        }
        #expect(throws: ZstdError.lessThanDeclared(declaredByteCount: 1, byteCount: 0)) {
            var decompressor = try ZstdDecompressor()
            _ = try decompressor.decompress(ByteBuffer(), messageByteCount: 1)
        }
    }

    /// RFC 8878, section 3.1.1: magic, no content size, a window of 2^27, one empty block that is not the last.
    @Test func `a window larger than a link may have is refused`() {
        let payload = ByteBuffer(bytes: [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x88, 0x00, 0x00, 0x00])
        #expect(throws: ZstdError.windowTooLarge(maximumWindowLog: 23)) {
            var decompressor = try ZstdDecompressor()
            _ = try decompressor.decompress(payload, messageByteCount: 0)
        }
        #expect(throws: ZstdError.unusableWindowLog(24, maximum: 23)) {
            _ = try ZstdCompressor(level: 3, windowLog: 24)
        }
        #expect(throws: ZstdError.unusableWindowLog(9, maximum: 23)) { _ = try ZstdCompressor(level: 3, windowLog: 9) }
    }

    /// The same with a single segment of no bytes and a last block, and a skippable frame of section 3.1.2.
    @Test(
        arguments: [
            [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00],
            [0x50, 0x2A, 0x4D, 0x18, 0x01, 0x00, 0x00, 0x00, 0x00],
        ] as [[UInt8]])
    func `the stream cannot be ended, nor hold what is not for it`(bytes: [UInt8]) {
        #expect(throws: ZstdError.streamEnded) {
            var decompressor = try ZstdDecompressor()
            _ = try decompressor.decompress(ByteBuffer(bytes: bytes), messageByteCount: 0)
        }
    }

    @Test func `what does not shrink to the limit is told`() throws {
        var generator = SplitMix64(seed: 6)
        let message = generator.bytes(count: 100_000)
        #expect {
            var compressor = try ZstdCompressor(level: 3, windowLog: 21)
            var buffer = ByteBuffer()
            try compressor.compress(message, into: &buffer, limit: 50_000)
        } throws: { error in
            guard case .incompressible(let byteCount, 50_000)? = error as? ZstdError else { return false }
            return byteCount > 50_000
        }
    }

    @Test func `random and damaged payloads never do worse than an error`() throws {
        var generator = SplitMix64(seed: 7)
        var compressor = try ZstdCompressor(level: 3, windowLog: 18)
        let message = generator.bytes(count: 3000).map { $0 & 7 }
        let good = Array(try compressed(message, by: &compressor).readableBytesView)
        for round in 0..<1500 {
            var bytes = round.isMultiple(of: 2) ? generator.bytes(count: 64) : good
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[index] ^= UInt8.random(in: 1...255, using: &generator)
            var decompressor = try ZstdDecompressor()
            // A flipped literal may go unseen here: the frame's checksum is what finds it.
            let decoded = try? decompressor.decompress(ByteBuffer(bytes: bytes), messageByteCount: message.count)
            #expect(decoded == nil || decoded?.count == message.count)
        }
    }
}
