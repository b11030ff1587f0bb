import NIOCore
import NIOEmbedded
import ReplicationTransport
import Testing

@testable import RegionServer

/// How long a connection may do nothing, and how long a request and its answer may be on their way.
@Suite struct EndpointDeadlineTests {
    private static let call = EndpointHarness.call(_:body:fields:)

    @Test func `an idle connection is closed`() throws {
        let endpoint = try EndpointHarness()
        endpoint.advanceTime(by: .seconds(299))
        #expect(endpoint.channel.isActive)
        endpoint.advanceTime(by: .seconds(2))
        #expect(!endpoint.channel.isActive)
        #expect(try endpoint.written() == "")
    }

    @Test func `each request makes the time anew that a connection may be idle`() throws {
        let endpoint = try EndpointHarness()
        for _ in 0..<5 {
            endpoint.advanceTime(by: .seconds(200))
            try endpoint.send(Self.call("now a", "{}", []))
            #expect(try endpoint.bodies() == ["a"])
        }
        endpoint.advanceTime(by: .seconds(301))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a connection that waits for an answer is not idle`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("a", "{}", []))
        endpoint.advanceTime(by: .hours(1))
        endpoint.service.answer("a")
        #expect(try endpoint.bodies() == ["a"])
        endpoint.advanceTime(by: .seconds(299))
        #expect(endpoint.channel.isActive)
        endpoint.advanceTime(by: .seconds(2))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `while more than half of the places are taken an idle connection is closed sooner`() throws {
        let endpoint = try EndpointHarness { $0.connectionCountMax = 4 }
        for _ in 0..<2 { #expect(endpoint.census.enter()) }
        endpoint.advanceTime(by: .seconds(60))
        #expect(endpoint.channel.isActive)
        #expect(endpoint.census.enter())
        endpoint.advanceTime(by: .seconds(1))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a body that trickles in is refused when the request's time is over`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
        for _ in 0..<59 {
            endpoint.advanceTime(by: .seconds(1))
            try endpoint.send("x")
            #expect(try endpoint.written() == "")
        }
        endpoint.advanceTime(by: .seconds(2))
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(answer.contains("Connection: close"))
        endpoint.advanceTime(by: .seconds(3))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `head and body share the request's time`() throws {
        let endpoint = try EndpointHarness()
        let call = Self.call("now a", String(repeating: "x", count: 1000), [])
        var rest = Substring(call)
        for _ in 0..<59 {
            try endpoint.send(String(rest.removeFirst()))
            endpoint.advanceTime(by: .seconds(1))
        }
        #expect(try endpoint.written() == "")
        try endpoint.send(String(rest.dropLast()))
        endpoint.advanceTime(by: .seconds(2))
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(endpoint.service.requests.isEmpty)
    }

    @Test func `a request's time begins with its first byte`() throws {
        let endpoint = try EndpointHarness()
        let call = Self.call("now a", "{}", [])
        for _ in 0..<3 {
            endpoint.advanceTime(by: .seconds(200))
            try endpoint.send(String(call.prefix(10)))
            endpoint.advanceTime(by: .seconds(59))
            try endpoint.send(String(call.dropFirst(10)))
            #expect(try endpoint.bodies() == ["a"])
        }
    }

    @Test func `the time of a request that arrives while another is answered begins after that`() throws {
        let endpoint = try EndpointHarness()
        let second = Self.call("now b", "{}", [])
        try endpoint.send(Self.call("a", "{}", []) + second.dropLast())
        endpoint.advanceTime(by: .seconds(500))
        endpoint.service.answer("a")
        #expect(try endpoint.bodies() == ["a"])
        endpoint.advanceTime(by: .seconds(59))
        try endpoint.send(String(second.suffix(1)))
        #expect(try endpoint.bodies() == ["b"])
    }

    @Test func `a client that does not read its answers is cut off`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", []) + Self.call("slow", "{}", []))
        endpoint.channel.isWritable = false
        endpoint.channel.pipeline.fireChannelWritabilityChanged()
        endpoint.advanceTime(by: .seconds(59))
        #expect(endpoint.channel.isActive)
        endpoint.advanceTime(by: .seconds(2))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a client that reads its answers late is not`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("slow", "{}", []))
        for isWritable in [false, true, false, true] {
            endpoint.channel.isWritable = isWritable
            endpoint.channel.pipeline.fireChannelWritabilityChanged()
            endpoint.advanceTime(by: .seconds(59))
        }
        endpoint.service.answer("slow")
        #expect(try endpoint.bodies() == ["slow"])
    }

    /// A socket that takes nothing more for a while.
    private final class FullSocket: ChannelOutboundHandler, RemovableChannelHandler {
        typealias OutboundIn = ByteBuffer

        func flush(context: ChannelHandlerContext) {}
    }

    @Test func `a connection whose answer is still to be sent has the time of a request for it`() throws {
        let endpoint = try EndpointHarness()
        let socket = FullSocket()
        try endpoint.channel.pipeline.syncOperations.addHandler(socket, position: .first)
        try endpoint.send(Self.call("now a", "{}", []))
        endpoint.advanceTime(by: .seconds(355))
        #expect(endpoint.channel.isActive)
        endpoint.advanceTime(by: .seconds(10))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a connection whose answer was read late is idle from when that is noticed`() throws {
        let endpoint = try EndpointHarness()
        let socket = FullSocket()
        try endpoint.channel.pipeline.syncOperations.addHandler(socket, position: .first)
        try endpoint.send(Self.call("now a", "{}", []))
        endpoint.advanceTime(by: .seconds(355))
        endpoint.channel.pipeline.syncOperations.removeHandler(socket, promise: nil)
        endpoint.channel.flush()
        #expect(try endpoint.bodies() == ["a"])
        endpoint.advanceTime(by: .seconds(299))
        #expect(endpoint.channel.isActive)
        endpoint.advanceTime(by: .seconds(10))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a TLS handshake is no request that arrives`() throws {
        let endpoint = try EndpointHarness()
        endpoint.channel.pipeline.fireChannelReadComplete()
        endpoint.channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(peerNames: [], protocolVersion: "TLSv1.3"))
        endpoint.channel.pipeline.fireChannelReadComplete()
        endpoint.advanceTime(by: .seconds(200))
        #expect(endpoint.channel.isActive)
        #expect(try endpoint.written() == "")
    }
}
