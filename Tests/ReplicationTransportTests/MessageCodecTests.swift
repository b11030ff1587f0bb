import NIOCore
import TestSupport
import Testing

@testable import ReplicationTransport

@Suite struct MessageCodecTests {
    private let limits = FrameLimits(payloadByteCount: 100_000, messageByteCount: 200_000)
    private let allocator = ByteBufferAllocator()

    @Test(arguments: [3, nil])
    func `messages of every length come through any split`(level: Int?) throws {
        var generator = SplitMix64(seed: 8)
        var encoder = try MessageEncoder(limits: limits, compressionLevel: level, windowLog: 20)
        var decoder = try MessageDecoder(limits: limits)
        let messages = [0, 1, 19, 20, 21, 4096, 99_000].map { generator.bytes(count: $0) }
        var stream = ByteBuffer()
        for message in messages { stream.writeImmutableBuffer(try encoder.encode(message, allocator: allocator)) }
        let wireByteCount = stream.readableBytes
        var decoded: [[UInt8]] = []
        var counted = 0
        while stream.readableBytes > 0 {
            let count = min(stream.readableBytes, Int.random(in: 1...5000, using: &generator))
            let piece = stream.readSlice(length: count)
            decoder.append(try #require(piece))
            while let message = try decoder.next() {
                decoded.append(message.bytes)
                counted += message.wireByteCount
            }
        }
        try decoder.finished()
        #expect(decoded == messages)
        #expect(counted == wireByteCount)
    }

    @Test func `a message over the limit is refused before anything is done`() throws {
        var encoder = try MessageEncoder(limits: limits, compressionLevel: 3, windowLog: 20)
        let tooLong = [UInt8](repeating: 0, count: 200_001)
        let expected = LinkError.frame(.messageTooLong(byteCount: 200_001, limit: 200_000))
        let refusal = Self.failure { () throws(LinkError) in _ = try encoder.encode(tooLong, allocator: allocator) }
        #expect(refusal == expected)
        // The stream has not moved: the next message can still be read.
        let frame = try encoder.encode([1, 2, 3], allocator: allocator)
        var decoder = try MessageDecoder(limits: limits)
        decoder.append(frame)
        let message = try decoder.next()
        #expect(message?.bytes == [1, 2, 3])
    }

    @Test func `a message longer than a payload may be goes through where it shrinks`() throws {
        let message = [UInt8](repeating: 5, count: 150_000)
        var compressing = try MessageEncoder(limits: limits, compressionLevel: 3, windowLog: 20)
        let frame = try compressing.encode(message, allocator: allocator)
        #expect(frame.readableBytes < 1000)
        var plain = try MessageEncoder(limits: limits, compressionLevel: nil, windowLog: 20)
        let refusal = Self.failure { () throws(LinkError) in _ = try plain.encode(message, allocator: allocator) }
        #expect(refusal == .frame(.payloadTooLong(byteCount: 150_000, limit: 100_000)))
    }

    @Test(arguments: [10, 17, 23])
    func `what always fits does, even at random`(windowLog: Int) throws {
        var generator = SplitMix64(seed: 20)
        var encoder = try MessageEncoder(limits: limits, compressionLevel: 3, windowLog: windowLog)
        for _ in 0..<20 {
            let message = generator.bytes(count: limits.alwaysSendableByteCount)
            let frame = try encoder.encode(message, allocator: allocator)
            #expect(frame.readableBytes > message.count)
        }
    }

    @Test func `a frame that was lost or comes twice is found`() throws {
        var generator = SplitMix64(seed: 9)
        let batch = generator.bytes(count: 5000)
        var encoder = try MessageEncoder(limits: limits, compressionLevel: 3, windowLog: 20)
        _ = try encoder.encode(batch, allocator: allocator)
        let second = try encoder.encode(batch, allocator: allocator)
        var decoder = try MessageDecoder(limits: limits)
        decoder.append(second)
        let refusal = Self.failure { () throws(LinkError) in _ = try decoder.next() }
        guard case .compression? = refusal else {
            Issue.record("the second frame was read without the first: \(String(describing: refusal))")
            return
        }
    }

    private static func failure(_ body: () throws(LinkError) -> Void) -> LinkError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
