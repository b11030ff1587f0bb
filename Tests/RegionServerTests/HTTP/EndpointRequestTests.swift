import CZlib
import ConfigurationFiles
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import RegionServer

/// What the endpoint does with whole requests: methods, paths, content types, codings and signatures.
@Suite struct EndpointRequestTests {
    private static let call = EndpointHarness.call(_:body:fields:)

    @Test func `GET of the root tells that the region is healthy`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nhealthy: dynamodb.us-east-1.amazonaws.com "))
        #expect(answer.contains("\r\nx-amzn-RequestId: "))
        #expect(answer.contains("\r\nx-amz-crc32: "))
    }

    @Test(arguments: [
        "GET /other HTTP/1.1\r\nHost: h\r\n\r\n", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /other HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
    ])
    func `what calls no operation gets 404 and the connection goes on`(request: String) throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(request)
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n<UnknownOperationException/>\n"))
        try endpoint.send(Self.call("now a", "{}", []))
        #expect(try endpoint.bodies() == ["a"])
    }

    @Test func `the answer to HEAD has no body`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(answer.contains("Content-Length: 29"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"), ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("application/x-amz-json-1.0 ; charset=utf-8", "application/x-amz-json-1.0"),
    ])
    func `the content type is echoed`(sent: String, answered: String) throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", []).replacing("application/x-amz-json-1.0", with: sent))
        #expect(try endpoint.written().contains("\r\nContent-Type: \(answered)\r\n"))
    }

    @Test func `a page from anywhere may ask and read`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(
            "OPTIONS / HTTP/1.1\r\nHost: h\r\nOrigin: https://example.com\r\nAccess-Control-Request-Method: POST\r\n"
                + "Access-Control-Request-Headers: x-amz-target\r\n\r\n")
        let preflight = try endpoint.written()
        #expect(preflight.hasPrefix("HTTP/1.1 200 OK\r\n"))
        for field in [
            "Access-Control-Allow-Origin: *", "Access-Control-Max-Age: 172800", "Access-Control-Allow-Methods: POST",
            "Access-Control-Allow-Headers: x-amz-target", "Content-Length: 0", "x-amz-crc32: 0",
        ] {
            #expect(preflight.contains("\r\n\(field)\r\n"))
        }
        try endpoint.send(Self.call("now a", "{}", ["Origin: https://example.com"]))
        #expect(try endpoint.written().contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
    }

    /// RFC 9112, section 3.2.2: a server takes the whole URL, too.
    @Test(arguments: ["http://h/", "http://h:8000", "https://h/?a=b", "http://h?a=b"])
    func `a request as to a proxy is one to the endpoint`(target: String) throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", []).replacing("POST / ", with: "POST \(target) "))
        #expect(try endpoint.bodies() == ["a"])
        try endpoint.send(Self.call("now a", "{}", []).replacing("POST / ", with: "POST http://h/other "))
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 404 "))
    }

    // MARK: Codings

    @Test(arguments: [ContentCoding.gzip, .zlib])
    func `a compressed body reaches the service unpacked`(coding: ContentCoding) throws {
        let endpoint = try EndpointHarness()
        let body = Array("{\"TableName\":\"orders\"}".utf8)
        let packed = try #require(coding.compress(body))
        let head = Self.call("now a", "", ["Content-Encoding: \(coding.rawValue)"])
            .replacing("Content-Length: 0", with: "Content-Length: \(packed.count)")
        try endpoint.send(Array(head.utf8) + packed)
        #expect(try endpoint.bodies() == ["a"])
        #expect(endpoint.service.requests.first.map { Array($0.body.readableBytesView) } == body)
    }

    @Test func `a body that does not unpack is DynamoDB's internal error`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "no gzip", ["Content-Encoding: gzip"]))
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        #expect(answer.contains("com.amazon.coral.service#InternalServerError"))
    }

    @Test func `a body with an unknown coding is DynamoDB's internal error, and no operation is called`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", ["Content-Encoding: garbage"]))
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        #expect(endpoint.service.requests.isEmpty)
    }

    @Test func `a small body that unpacks beyond the limit is refused`() throws {
        let endpoint = try EndpointHarness { $0.bodyByteCountMax = 100_000 }
        let packed = try #require(ContentCoding.gzip.compress([UInt8](repeating: 0, count: 200_000)))
        let head = Self.call("now a", "", ["Content-Encoding: gzip"])
            .replacing("Content-Length: 0", with: "Content-Length: \(packed.count)")
        try endpoint.send(Array(head.utf8) + packed)
        #expect(try endpoint.written().hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
        try endpoint.send(Self.call("now b", "{}", []))
        #expect(try endpoint.bodies() == ["b"])
    }

    @Test func `a long answer is compressed for those who ask, with the checksum of what is sent`() throws {
        let endpoint = try EndpointHarness()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
        for (accepted, coding) in [("gzip, deflate", ContentCoding.gzip), ("deflate;q=0.5", .zlib)] {
            try endpoint.send(Self.call("a", "{}", ["Accept-Encoding: \(accepted)"]))
            endpoint.service.answer("a", body: body)
            let answers = try EndpointHarness.answers(in: endpoint.writtenBytes())
            let answer = try #require(answers.first)
            #expect(answer.head.contains("\r\nContent-Encoding: \(coding.rawValue)"))
            #expect(answer.head.contains("\r\nx-amz-crc32: \(ResponseEncoder.checksum(answer.body))"))
            let unpacked = try coding.decompress(ByteBuffer(bytes: answer.body), limit: 10_000)
            #expect(Array(unpacked.readableBytesView) == body)
        }
        for accepted in ["identity", "gzip;q=0", "br"] {
            try endpoint.send(Self.call("a", "{}", ["Accept-Encoding: \(accepted)"]))
            endpoint.service.answer("a", body: body)
            #expect(try endpoint.bodies() == [String(decoding: body, as: UTF8.self)])
        }
    }

    @Test func `an answer of less than 4 KB is never compressed`() throws {
        let endpoint = try EndpointHarness()
        try endpoint.send(Self.call("now a", "{}", ["Accept-Encoding: gzip"]))
        #expect(try !endpoint.written().contains("Content-Encoding"))
    }

    // MARK: Signatures

    private static let keys = AccessKeys([AccessKey(id: GoldenRequest.accessKeyID, secret: GoldenRequest.secret)])

    @Test(arguments: GoldenRequest.all)
    func `a signed request reaches the service with its key`(request: GoldenRequest) throws {
        let endpoint = try EndpointHarness(keys: Self.keys)
        try endpoint.send(request.bytes, readByteCount: 50)
        let received = try #require(endpoint.service.requests.first)
        #expect(received.accessKey?.id == GoldenRequest.accessKeyID)
        #expect(received.receivedAt == EndpointHarness.now * 1000)
        endpoint.service.answer(received.target)
        #expect(try endpoint.bodies() == [received.target])
    }

    @Test func `an unsigned request does not reach the service`() throws {
        let endpoint = try EndpointHarness(keys: Self.keys)
        try endpoint.send(Self.call("now a", "{}", []))
        let answer = try endpoint.written()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(
            answer.hasSuffix(
                "{\"__type\":\"com.amazon.coral.service#MissingAuthenticationTokenException\","
                    + "\"message\":\"Request is missing Authentication Token\"}"))
        #expect(endpoint.service.requests.isEmpty)
    }

    @Test func `a refused signature is logged once in a while, without what is secret in it`() throws {
        let recorder = LogRecorder()
        let keys = AccessKeys([AccessKey(id: GoldenRequest.accessKeyID, secret: "another")])
        let endpoint = try EndpointHarness(keys: keys, log: recorder.log)
        let bytes = GoldenRequest.all[0].bytes
        for _ in 0..<3 { try endpoint.send(bytes) }
        try endpoint.send(bytes.replacing("X-Amz-Date", with: "X-Amz-Security-Token: FwoG\r\nX-Amz-Date"))
        // What is no operation is not refused for its signature.
        try endpoint.send(Self.call("unknown", "{}", []))
        endpoint.advanceTime(by: .seconds(11))
        try endpoint.send(bytes)
        let lines = recorder.lines
        #expect(lines.count == 3)
        #expect(
            lines[0].hasPrefix(
                "warning a request was refused with InvalidSignatureException: its signature does not fit"))
        #expect(lines[0].hasSuffix("from=127.0.0.1:1 suppressed=0") || lines[0].hasSuffix(" suppressed=0"))
        #expect(lines[1].contains("UnrecognizedClientException: it has the session token of temporary credentials"))
        #expect(lines[2].hasSuffix("suppressed=2"))
        for secret in ["FwoG", "6670396610363dbd", "another\""] { #expect(!lines.joined().contains(secret)) }
    }

    @Test func `a fault that DynamoDB finds before it looks at the signature is the one reported`() throws {
        let endpoint = try EndpointHarness(keys: Self.keys)
        try endpoint.send(Self.call("unknown", "{}", []))
        #expect(
            try endpoint.bodies() == ["{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"])
    }

    @Test func `two connections whose requests come in turns keep their own fields`() throws {
        let first = try EndpointHarness(keys: Self.keys)
        let request = GoldenRequest.all[0].bytes
        try first.send(String(request.dropLast(10)))
        // Another connection of the same event loop fills the shared table in between.
        first.loop.headersTicket += 1
        first.loop.headers.fill(from: ["X-Amz-Target": "other"])
        try first.send(String(request.suffix(10)))
        #expect(first.service.requests.first?.target == "DynamoDB_20120810.GetItem")
    }
}
