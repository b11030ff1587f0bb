import AWSProtocol
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import RegionServer

@Suite struct EndpointHandlerTests {
    private static let call = EndpointHarness.call(_:body:fields:)

    // MARK: Answers

    @Test func `an answer has every field that DynamoDB's have`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now {}", "{}", []))
        let answers = try EndpointHarness.answers(in: endpoint.writtenBytes())
        #expect(answers.count == 1)
        let lines = answers[0].head.components(separatedBy: "\r\n")
        #expect(
            lines.filter { !$0.hasPrefix("x-amzn-RequestId") } == [
                "HTTP/1.1 200 OK", "Server: Server", "Date: Fri, 02 Jan 2026 03:04:05 GMT",
                "Content-Type: application/x-amz-json-1.0", "Connection: keep-alive", "Content-Length: 2",
                "x-amz-crc32: 2745614147",
            ])
        let id = try #require(lines.first { $0.hasPrefix("x-amzn-RequestId: ") }).dropFirst("x-amzn-RequestId: ".count)
        #expect(id.count == 52)
        #expect(id.allSatisfy { ("0"..."9").contains($0) || ("A"..."V").contains($0) })
        #expect(endpoint.service.requests.first?.id.text == String(id))
    }

    @Test(arguments: [1, 2, 7, 64])
    func `a request may come in any pieces`(readByteCount: Int) throws {
        let endpoint = try EndpointHarness()
        let calls = (0..<3).map { Self.call("now \($0)", "{\"n\":\($0)}", []) }.joined()
        try endpoint.send(calls, readByteCount: readByteCount)
        #expect(try endpoint.bodies() == ["0", "1", "2"])
        #expect(endpoint.service.requests.map { String(buffer: $0.body) } == ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"])
    }

    @Test func `answers come in the order of the requests, whichever is ready first`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(["a", "now b", "c", "now d"].map { Self.call($0, "{}", []) }.joined())
        #expect(try endpoint.bodies() == [])
        endpoint.service.answer("c")
        #expect(try endpoint.bodies() == [])
        endpoint.service.answer("a")
        #expect(try endpoint.bodies() == ["a", "b", "c", "d"])
    }

    @Test func `random interleavings keep every connection's order`() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<200 {
            let endpoint = try EndpointHarness { $0.pipelinedRequestCountMax = 4 }
            let targets = (0..<20).map { Bool.random(using: &random) ? "now \($0)" : "\($0)" }
            try endpoint.send(
                targets.map { Self.call($0, "{}", []) }.joined(),
                readByteCount: Int.random(in: 1...2000, using: &random))
            var bodies = try endpoint.bodies()
            while bodies.count < targets.count {
                let unanswered = targets.filter { !$0.hasPrefix("now ") }.shuffled(using: &random)
                endpoint.service.answer(unanswered[0])
                endpoint.service.answer(unanswered[0])
                bodies += try endpoint.bodies()
            }
            #expect(bodies == (0..<20).map(String.init))
        }
    }

    @Test func `a full queue stops the requests behind it until there is room`() throws {
        let endpoint = try EndpointHarness { $0.pipelinedRequestCountMax = 2 }
        try endpoint.send((0..<5).map { Self.call("\($0)", "{}", []) }.joined())
        #expect(endpoint.service.requests.map(\.target) == ["0", "1"])
        endpoint.service.answer("1")
        endpoint.service.answer("0")
        #expect(try endpoint.bodies() == ["0", "1"])
        #expect(endpoint.service.requests.map(\.target) == ["0", "1", "2", "3"])
    }

    @Test func `an answer that comes after the connection has closed is dropped`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("late", "{}", []))
        try endpoint.channel.close().wait()
        endpoint.service.answer("late")
        #expect(try endpoint.written() == "")
    }

    @Test func `the identifiers of a thousand requests differ`() throws {
        let endpoint = try EndpointHarness()
        for _ in 0..<1000 {
            try endpoint.send(Self.call("now x", "{}", []))
            _ = try endpoint.written()
        }
        #expect(Set(endpoint.service.requests.map(\.id.text)).count == 1000)
    }

    // MARK: Ends of connections

    @Test func `a request that asks for the connection's end gets it, and what follows is not answered`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", ["Connection: close"]) + Self.call("now b", "{}", []))
        let answers = try EndpointHarness.answers(in: endpoint.writtenBytes())
        #expect(answers.map { String(decoding: $0.body, as: UTF8.self) } == ["a"])
        #expect(answers.first?.head.contains("Connection: close") == true)
        #expect(!endpoint.channel.isActive)
        #expect(endpoint.service.requests.count == 1)
    }

    @Test func `a request of HTTP 1.0 ends its connection`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", []).replacing("HTTP/1.1", with: "HTTP/1.0"))
        #expect(try endpoint.written().contains("Connection: close"))
        #expect(!endpoint.channel.isActive)
    }

    @Test func `a draining connection answers what has begun, says that it closes, and closes`() throws {
        let endpoint = try EndpointHarness()
        let second = Self.call("now b", "{}", [])
        try endpoint.send(Self.call("a", "{}", []) + second.dropLast(1))
        let drained = endpoint.loop.drain()
        endpoint.service.answer("a")
        let first = try endpoint.written()
        #expect(first.contains("Connection: keep-alive"))
        #expect(endpoint.channel.isActive)
        try endpoint.send(second.suffix(1) + Self.call("now c", "{}", []))
        let last = try EndpointHarness.answers(in: endpoint.writtenBytes())
        #expect(last.map { String(decoding: $0.body, as: UTF8.self) } == ["b"])
        #expect(last.first?.head.contains("Connection: close") == true)
        #expect(!endpoint.channel.isActive)
        try drained.wait()
    }

    @Test func `a draining connection that owes nothing closes at once`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.loop.drain().wait()
        #expect(!endpoint.channel.isActive)
    }

    // MARK: Limits and malformed requests

    @Test func `a body of exactly the limit is taken, and one byte more is refused`() throws {
        let endpoint = try EndpointHarness { $0.bodyByteCountMax = 1000 }
        try endpoint.send(Self.call("now a", String(repeating: "x", count: 1000), []))
        #expect(try endpoint.bodies() == ["a"])
        try endpoint.send(chunked("now b", chunks: [600, 400]))
        #expect(try endpoint.bodies() == ["b"])
        try endpoint.send(chunked("now c", chunks: [600, 401]))
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
        #expect(answer.contains("Connection: close"))
        #expect(endpoint.service.requests.count == 2)
    }

    @Test func `a length beyond the limit is refused before the body comes`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 16777217\r\n\r\n")
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
    }

    @Test(arguments: [(20_000, 0, 0), (0, 1, 20_000), (0, 40, 500), (0, 200, 80)])
    func `a head beyond 16 KB is refused`(pathLength: Int, fieldCount: Int, fieldLength: Int) throws {
        let endpoint = try EndpointHarness()
        let path = String(repeating: "a", count: pathLength)
        let value = String(repeating: "a", count: fieldLength)
        let fields = (0..<fieldCount).map { "X-\($0): \(value)\r\n" }.joined()
        try endpoint.send("GET /\(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `bytes that are no request get 400, after the answers that are owed, and the end`(request: String) throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("a", "{}", []))
        try endpoint.send(request)
        #expect(try endpoint.written() == "")
        endpoint.service.answer("a")
        let answers = try EndpointHarness.answers(in: endpoint.writtenBytes())
        #expect(answers.count == 2)
        #expect(answers.last?.head.hasPrefix("HTTP/1.1 400 Bad Request\r\n") == true)
        #expect(answers.last?.head.contains("Connection: close") == true)
    }

    @Test func `a client that waits for 100 Continue is told to go on`() throws {
        let endpoint = try EndpointHarness()
        let call = Self.call("now a", "{}", ["Expect: 100-Continue"])
        try endpoint.send(String(call.dropLast(2)))
        #expect(try endpoint.written() == "HTTP/1.1 100 Continue\r\n\r\n")
        try endpoint.send("{}")
        #expect(try endpoint.bodies() == ["a"])
    }

    @Test func `100 Continue waits for the answers before it`() throws {
        let endpoint = try EndpointHarness()
        let call = Self.call("now b", "{}", ["Expect: 100-continue"])
        try endpoint.send(Self.call("a", "{}", []) + call.dropLast(2))
        #expect(try endpoint.written() == "")
        endpoint.service.answer("a")
        #expect(try endpoint.written().hasSuffix("aHTTP/1.1 100 Continue\r\n\r\n"))
        try endpoint.send("{}")
        #expect(try endpoint.bodies() == ["b"])
    }

    @Test func `random bytes never break a connection's handler`() throws {
        var random = SplitMix64(seed: 13)
        let valid = Array((Self.call("now a", "{}", []) + chunked("now b", chunks: [3, 5])).utf8)
        for _ in 0..<2000 {
            let endpoint = try EndpointHarness()
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try endpoint.send(
                Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))),
                readByteCount: Int.random(in: 1...300, using: &random))
            for answer in try EndpointHarness.answers(in: endpoint.writtenBytes()) {
                #expect(answer.head.hasPrefix("HTTP/1.1 "))
            }
        }
    }

    private func chunked(_ target: String, chunks: [Int]) -> String {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: \(target)\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
            + chunks.map { "\(String($0, radix: 16))\r\n\(String(repeating: "x", count: $0))\r\n" }.joined()
            + "0\r\n\r\n"
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
