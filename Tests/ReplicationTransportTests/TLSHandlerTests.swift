import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import ReplicationTransport

@Suite struct TLSHandlerTests {
    private let authority: TestAuthority
    private let usEast: TLSContext
    private let euWest: TLSContext

    init() throws {
        authority = try TestAuthority()
        usEast = try authority.linkContext("us-east-1")
        euWest = try authority.linkContext("eu-west-1")
    }

    private func openPair() throws -> TLSPair {
        let pair = try TLSPair(client: usEast, server: euWest)
        try pair.connect()
        try pair.carry()
        return pair
    }

    @Test func `both ends learn who the other is`() throws {
        let pair = try openPair()
        #expect(pair.clientLog.completed == .init(peerNames: ["eu-west-1"], protocolVersion: "TLSv1.3"))
        #expect(pair.serverLog.completed == .init(peerNames: ["us-east-1"], protocolVersion: "TLSv1.3"))
        #expect(pair.clientLog.errors.isEmpty && pair.serverLog.errors.isEmpty)
    }

    @Test func `data passes both ways through any split`() throws {
        var generator = SplitMix64(seed: 10)
        for _ in 0..<10 {
            let pair = try TLSPair(client: usEast, server: euWest)
            try pair.connect()
            let up = generator.bytes(count: Int.random(in: 0...100_000, using: &generator))
            let down = generator.bytes(count: Int.random(in: 0...100_000, using: &generator))
            func split(_ bytes: ByteBuffer) -> [ByteBuffer] {
                var bytes = bytes
                var pieces: [ByteBuffer] = []
                while bytes.readableBytes > 0 {
                    let count = min(bytes.readableBytes, Int.random(in: 1...3000, using: &generator))
                    if let piece = bytes.readSlice(length: count) { pieces.append(piece) }
                }
                return pieces
            }
            try pair.carry(split)
            pair.client.writeAndFlush(ByteBuffer(bytes: up), promise: nil)
            pair.server.writeAndFlush(ByteBuffer(bytes: down), promise: nil)
            try pair.carry(split)
            #expect(pair.serverLog.plaintext == up)
            #expect(pair.clientLog.plaintext == down)
        }
    }

    @Test func `what is written before the handshake goes out after it, in order`() throws {
        let pair = try TLSPair(client: usEast, server: euWest)
        pair.client.write(ByteBuffer(string: "one "), promise: nil)
        let flushed = pair.client.writeAndFlush(ByteBuffer(string: "two"))
        try pair.connect()
        try pair.carry()
        try flushed.wait()
        #expect(pair.serverLog.plaintext == Array("one two".utf8))
        let tooMuch = try TLSPair(client: usEast, server: euWest)
        tooMuch.client.write(ByteBuffer(repeating: 0, count: TLSHandler.handshakeWriteLimit), promise: nil)
        let refused = tooMuch.client.write(ByteBuffer(repeating: 0, count: 1))
        #expect(throws: TLSError.tooMuchBeforeHandshake(limit: TLSHandler.handshakeWriteLimit)) { try refused.wait() }
    }

    @Test func `small writes share a record, and each promise is kept`() throws {
        let pair = try openPair()
        let writes = (0..<100).map { pair.client.write(ByteBuffer(string: "\($0),")) }
        let beforeFlush = try pair.client.readOutbound(as: ByteBuffer.self)
        #expect(beforeFlush == nil)
        pair.client.flush()
        for write in writes { try write.wait() }
        let record = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        #expect(record.readableBytes < 400)
        #expect(try pair.client.readOutbound(as: ByteBuffer.self) == nil)
        pair.server.pipeline.fireChannelRead(record)
        #expect(pair.serverLog.plaintext == (0..<100).flatMap { Array("\($0),".utf8) })
    }

    @Test func `a lot that is not flushed is encrypted all the same, where the channel counts it`() throws {
        let pair = try openPair()
        pair.client.write(ByteBuffer(repeating: 1, count: TLSHandler.eagerByteCount), promise: nil)
        // An embedded channel shows only what was flushed, so flush it below the handler under test.
        try pair.client.pipeline.syncOperations.context(handlerType: TLSHandler.self).flush()
        let output = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        #expect(output.readableBytes > TLSHandler.eagerByteCount)
    }

    @Test func `a close sends what was written and says so`() throws {
        let pair = try openPair()
        pair.client.write(ByteBuffer(string: "last words"), promise: nil)
        let closed = pair.client.close()
        try pair.carry()
        try closed.wait()
        #expect(pair.serverLog.plaintext == Array("last words".utf8))
        #expect(pair.serverLog.isInactive && pair.clientLog.isInactive)
        #expect(pair.clientLog.errors.isEmpty && pair.serverLog.errors.isEmpty)
    }

    @Test func `an end without close_notify is told as a truncation`() throws {
        let pair = try openPair()
        pair.server.pipeline.fireChannelInactive()
        #expect(pair.serverLog.errors == [.truncated])
        let early = try TLSPair(client: usEast, server: euWest)
        try early.connect()
        early.server.pipeline.fireChannelInactive()
        #expect(early.serverLog.errors == [.closedDuringHandshake])
    }

    @Test func `a handshake that takes too long is ended`() throws {
        let pair = try TLSPair(client: usEast, server: euWest)
        try pair.connect()
        pair.server.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(pair.server.isActive && pair.serverLog.errors.isEmpty)
        pair.server.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!pair.server.isActive)
        #expect(pair.serverLog.errors == [.handshakeTimedOut])
    }

    @Test func `the handshake's time does not run on after it`() throws {
        let pair = try openPair()
        pair.server.embeddedEventLoop.advanceTime(by: .hours(1))
        pair.client.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(pair.server.isActive && pair.client.isActive)
    }

    @Test func `a close in the middle of the handshake is quick and fails what waited`() throws {
        let pair = try TLSPair(client: usEast, server: euWest)
        try pair.connect()
        let write = pair.client.writeAndFlush(ByteBuffer(string: "never"))
        try pair.client.close().wait()
        #expect(throws: ChannelError.ioOnClosedChannel) { try write.wait() }
    }

    @Test(arguments: ["", ".eu-west-1", "eu\u{0}west"])
    func `a name that would not be checked cannot be asked for`(name: String) {
        #expect(throws: TLSError.invalidPeerName(name)) {
            try TLSHandler(context: usEast, role: .client(expectedPeerName: name))
        }
    }

    // MARK: Hostile bytes

    @Test func `random bytes end either end with an error`() throws {
        var generator = SplitMix64(seed: 11)
        for round in 0..<400 {
            let pair = try TLSPair(client: usEast, server: euWest)
            try pair.connect()
            var bytes = generator.bytes(count: Int.random(in: 5...2000, using: &generator))
            // Some look like the start of a handshake record of TLS.
            if round.isMultiple(of: 2) { bytes.replaceSubrange(0..<3, with: [22, 3, UInt8(round % 5)]) }
            for (channel, log) in [(pair.client, pair.clientLog), (pair.server, pair.serverLog)] {
                channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
                channel.pipeline.fireChannelReadComplete()
                if channel.isActive {
                    // A record that claims to be longer: its rest never comes.
                    channel.embeddedEventLoop.advanceTime(by: .seconds(11))
                }
                #expect(!channel.isActive && log.completed == nil && log.errors.count == 1)
            }
        }
    }

    @Test func `plain HTTP to a TLS port is an error`() throws {
        let pair = try TLSPair(client: usEast, server: euWest)
        try pair.connect()
        pair.server.pipeline.fireChannelRead(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
        guard case .handshakeFailed(let reason)? = pair.serverLog.errors.first else {
            Issue.record("HTTP was not refused: \(pair.serverLog.errors)")
            return
        }
        #expect(reason.contains("http request"))
        #expect(!pair.server.isActive)
    }

    @Test func `a damaged handshake never completes at both ends, and nothing is delivered from it`() throws {
        var generator = SplitMix64(seed: 12)
        for _ in 0..<150 {
            let pair = try TLSPair(client: usEast, server: euWest)
            try pair.connect()
            var flight = 0
            let victim = Int.random(in: 0..<3, using: &generator)
            try pair.carry { bytes in
                defer { flight += 1 }
                guard flight == victim else { return [bytes] }
                var damaged = bytes
                let index = Int.random(in: bytes.readerIndex..<bytes.writerIndex, using: &generator)
                let value: UInt8 = bytes.getInteger(at: index) ?? 0
                damaged.setInteger(value ^ (1 << UInt8.random(in: 0..<8, using: &generator)), at: index)
                return [damaged]
            }
            pair.client.writeAndFlush(ByteBuffer(string: "data"), promise: nil)
            try pair.carry()
            let isWhole = pair.serverLog.completed != nil && pair.clientLog.completed != nil
            // The only bits that may be wrong are the version of a record's head, which TLS 1.3 does not look at.
            #expect(!isWhole || pair.serverLog.plaintext == Array("data".utf8))
            #expect(pair.serverLog.completed != nil || pair.serverLog.plaintext.isEmpty)
        }
    }

    @Test func `damaged data is an error at the reader and an alert at the writer`() throws {
        var generator = SplitMix64(seed: 13)
        for _ in 0..<100 {
            let pair = try openPair()
            pair.client.writeAndFlush(ByteBuffer(bytes: generator.bytes(count: 500)), promise: nil)
            var record = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
            // Behind the record's head of five bytes.
            let index = Int.random(in: 5..<record.readableBytes, using: &generator)
            let value: UInt8 = record.getInteger(at: index) ?? 0
            record.setInteger(value ^ 0x10, at: index)
            pair.server.pipeline.fireChannelRead(record)
            #expect(pair.serverLog.plaintext.isEmpty && !pair.server.isActive)
            guard case .protocolViolation? = pair.serverLog.errors.first else {
                Issue.record("damaged data gave \(pair.serverLog.errors)")
                return
            }
            try pair.carry()
            guard case .refusedByPeer? = pair.clientLog.errors.first else {
                Issue.record("the writer was told \(pair.clientLog.errors)")
                return
            }
        }
    }

    @Test func `a record that is played again is refused`() throws {
        let pair = try openPair()
        pair.client.writeAndFlush(ByteBuffer(string: "pay once"), promise: nil)
        let record = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        pair.server.pipeline.fireChannelRead(record)
        pair.server.pipeline.fireChannelRead(record)
        #expect(pair.serverLog.plaintext == Array("pay once".utf8))
        #expect(pair.serverLog.errors.count == 1 && !pair.server.isActive)
    }
}
