import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import RegionServer

@Suite struct ConnectionAdmissionTests {
    private static let call = EndpointHarness.call(_:body:fields:)

    /// An endpoint of two event loops, whose time the test moves.
    private final class Endpoint {
        let service = ScriptedService()
        let eventLoops = [EmbeddedEventLoop(), EmbeddedEventLoop()]
        let loops: [EndpointLoop]
        let admission: ConnectionAdmission

        init(connectionCountMax: Int, excessConnectionCountMax: Int = 2) throws {
            var configuration = EndpointConfiguration(region: "us-east-1", authentication: .none)
            configuration.limits.connectionCountMax = connectionCountMax
            configuration.limits.excessConnectionCountMax = excessConnectionCountMax
            let census = ConnectionCensus(configuration.limits)
            var random = SplitMix64(seed: 7)
            loops = eventLoops.map { eventLoop in
                EndpointLoop(
                    eventLoop: eventLoop, configuration: configuration, census: census, log: .silent, random: &random,
                    clock: { EndpointHarness.now * 1000 })
            }
            admission = ConnectionAdmission(census: census, loops: loops, log: .silent)
        }

        /// What is decided about a connection; it is connected on the event loop of that index where it is admitted.
        func connect(on index: Int) throws -> (ConnectionAdmission.Decision?, EmbeddedChannel) {
            let channel = EmbeddedChannel(loop: eventLoops[index])
            var decision: ConnectionAdmission.Decision?
            admission.admit(on: eventLoops[index]).assumeIsolated().whenSuccess { decision = $0 }
            for _ in 0..<4 { eventLoops.forEach { $0.run() } }
            if let decision {
                channel.closeFuture.whenComplete { [admission] _ in admission.leave(decision) }
            }
            guard decision == .admitted else { return (decision, channel) }
            try EndpointServer.addHandlers(to: channel, service: service, loop: loops[index])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            advance()
            return (decision, channel)
        }

        func advance() { eventLoops.forEach { $0.advanceTime(by: .milliseconds(1)) } }

        func close(_ channel: EmbeddedChannel) throws {
            try channel.close().wait()
            advance()
        }

        func send(_ text: String, on channel: EmbeddedChannel) throws {
            try channel.writeInbound(ByteBuffer(string: text))
            advance()
        }
    }

    @Test func `at the bound the connection goes that has been idle longest, on whichever event loop it is`() throws {
        let endpoint = try Endpoint(connectionCountMax: 4)
        var channels = try (0..<4).map { try endpoint.connect(on: $0 % 2).1 }
        for index in 0..<8 {
            let (decision, channel) = try endpoint.connect(on: index / 2 % 2)
            #expect(decision == .admitted)
            channels.append(channel)
            #expect(channels.map(\.isActive) == channels.indices.map { $0 > index })
        }
    }

    @Test func `of many that come at once each ends the one that is then idle longest`() throws {
        let endpoint = try Endpoint(connectionCountMax: 6, excessConnectionCountMax: 3)
        let channels = try (0..<6).map { try endpoint.connect(on: $0 % 2).1 }
        var admittedCount = 0
        for _ in 0..<3 {
            endpoint.admission.admit(on: endpoint.eventLoops[1]).assumeIsolated().whenSuccess { decision in
                if case .admitted = decision { admittedCount += 1 }
            }
        }
        for _ in 0..<8 { endpoint.eventLoops.forEach { $0.run() } }
        #expect(admittedCount == 3)
        #expect(channels.map(\.isActive) == [false, false, false, true, true, true])
    }

    @Test func `a connection that has just been answered goes last`() throws {
        let endpoint = try Endpoint(connectionCountMax: 2)
        let channels = try (0..<2).map { try endpoint.connect(on: $0).1 }
        try endpoint.send(Self.call("now a", "{}", []), on: channels[0])
        #expect(try endpoint.connect(on: 0).0 == .admitted)
        #expect(channels.map(\.isActive) == [true, false])
    }

    @Test func `where none is idle the oldest request that arrives goes, and one that is answered never`() throws {
        let endpoint = try Endpoint(connectionCountMax: 3)
        let channels = try (0..<3).map { try endpoint.connect(on: $0 % 2).1 }
        try endpoint.send(Self.call("slow", "{}", []), on: channels[0])
        try endpoint.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", on: channels[1])
        try endpoint.send("POST / HT", on: channels[2])
        var decisions: [ConnectionAdmission.Decision?] = []
        for _ in 0..<2 {
            let (decision, channel) = try endpoint.connect(on: 0)
            decisions.append(decision)
            try endpoint.send(Self.call("slow", "{}", []), on: channel)
        }
        #expect(decisions == [.admitted, .admitted])
        #expect(channels.map(\.isActive) == [true, false, false])
    }

    @Test func `while all are busy new connections are refused, and closed at once where many are refused`() throws {
        let endpoint = try Endpoint(connectionCountMax: 2)
        let busy = try (0..<2).map { try endpoint.connect(on: $0).1 }
        for channel in busy { try endpoint.send(Self.call("slow", "{}", []), on: channel) }
        let refused = try (0..<3).map { try endpoint.connect(on: $0 % 2) }
        #expect(refused.map(\.0) == [.refused, .refused, .closedAtOnce])
        for (_, channel) in refused { try endpoint.close(channel) }
        #expect(try endpoint.connect(on: 0).0 == .refused)

        endpoint.service.answer("slow")
        endpoint.advance()
        #expect(try endpoint.connect(on: 1).0 == .admitted)
        #expect(busy.map(\.isActive) == [false, true])
    }

    @Test func `a place is free when a connection has left`() throws {
        let endpoint = try Endpoint(connectionCountMax: 1)
        for _ in 0..<3 {
            let (decision, channel) = try endpoint.connect(on: 0)
            #expect(decision == .admitted)
            try endpoint.send(Self.call("slow", "{}", []), on: channel)
            let (refusal, refused) = try endpoint.connect(on: 1)
            #expect(refusal == .refused)
            try endpoint.close(refused)
            try endpoint.close(channel)
        }
    }
}
