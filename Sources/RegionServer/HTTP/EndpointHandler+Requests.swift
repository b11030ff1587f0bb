import AWSProtocol
import NIOCore
import NIOHTTP1

// What the endpoint does with one request: the checks of HTTP, the signature, and the call of the service, in DynamoDB's order.
extension EndpointHandler {
    /// The path and query of a request's target, of which a client that believes to speak to a proxy sends the whole URL
    /// (RFC 9112, section 3.2.2).
    static func originForm(_ uri: String) -> String {
        for scheme in ["http://", "https://"] where uri.prefix(scheme.utf8.count).lowercased() == scheme {
            let rest = uri.dropFirst(scheme.utf8.count)
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            return rest[slash] == "/" ? String(rest[slash...]) : "/" + rest[slash...]
        }
        return uri
    }

    /// Takes a request's head, and refuses at once what its fields show to be too large.
    func begin(_ head: HTTPRequestHead) {
        var head = head
        if !head.uri.utf8.starts(with: "/".utf8) { head.uri = Self.originForm(head.uri) }
        fillHeaders(from: head)
        let limits = loop.configuration.limits
        guard loop.headers.bytes.count <= limits.headerByteCountMax, head.uri.utf8.count <= limits.headerByteCountMax
        else {
            answer(with: .headersTooLarge, ResponseEncoder.Context(id: loop.requestIDs.next()))
            return
        }
        if let length = loop.headers.value(of: .contentLength), length.count > 7,
            Int(loop.headers.text(of: .contentLength) ?? "") ?? .max > limits.bodyByteCountMax
        {
            answer(with: .requestTooLarge, ResponseEncoder.Context(id: loop.requestIDs.next()))
            return
        }
        let owesContinue =
            head.version == .http1_1
            && loop.headers.value(of: .expect).map {
                loop.headers.equals($0, "100-continue", ignoringCase: true)
            } ?? false
        incoming = .receiving(
            PartialRequest(
                head: head, body: nil, headersTicket: loop.headersTicket, owesContinue: owesContinue))
    }

    /// Answers a request that is complete.
    func finish(_ request: PartialRequest) {
        if request.headersTicket != loop.headersTicket { fillHeaders(from: request.head) }
        var context = ResponseEncoder.Context(id: loop.requestIDs.next())
        context.keepsAlive = request.head.isKeepAlive
        context.omitsBody = request.head.method == .HEAD
        if !context.keepsAlive { incoming = .ignoring }
        context.allowsAnyOrigin = loop.headers.has(.origin)
        context.coding = loop.headers.text(of: .acceptEncoding).flatMap(ContentCoding.init(accepted:))

        guard request.head.method == .POST else {
            answer(with: responseToOtherMethod(request.head), context)
            return
        }
        let body = request.body ?? ByteBuffer()
        guard isRoot(request.head.uri), let isPlainJSON = contentTypeIsPlainJSON(bodyIsEmpty: body.readableBytes == 0)
        else {
            answer(with: .notAnOperation, context)
            return
        }
        context.isPlainJSON = isPlainJSON
        call(request.head.uri, body, context)
    }

    /// Verifies the signature and calls the service.
    private func call(_ uri: String, _ body: ByteBuffer, _ context: ResponseEncoder.Context) {
        let now = loop.clock()
        var call = EndpointRequest(
            target: loop.headers.target, body: body, accessKey: nil, id: context.id, receivedAt: now)
        let fault = authenticate(uri, &call, now)
        if let encodings = loop.headers.text(of: .contentEncoding) {
            do {
                let limit = loop.configuration.limits.bodyByteCountMax
                call.body = try ContentCoding.unpack(body, encodings: encodings, limit: limit)
            } catch {
                switch error {
                case .malformed: answer(with: .undecodableBody, context)
                case .tooLarge: answer(with: .unpackedRequestTooLarge, context)
                }
                return
            }
        }
        if let fault {
            if let response = service.faultPrecedingAuthentication(of: call) {
                answer(with: response, context)
            } else {
                loop.noteRefusal(of: uri, fault, from: self.context?.remoteAddress)
                answer(with: WireFault(fault), context)
            }
            return
        }
        let reply = EndpointReply(mailbox: loop.mailbox, connection: self, sequence: nextSequence)
        if let response = service.respond(to: call, reply: reply) {
            answer(with: response, context)
        } else {
            awaitAnswer(context)
        }
    }

    /// Puts the signer's key into `call`, or returns why the signature is refused.
    private func authenticate(_ uri: String, _ call: inout EndpointRequest, _ now: Int64) -> ServiceFault? {
        guard case .signatures(let keys) = loop.configuration.authentication else { return nil }
        do {
            let index = try call.body.withUnsafeReadableBytes { bytes throws(ServiceFault) in
                try loop.verifier?.verify(
                    method: "POST", target: uri, headers: &loop.headers, body: bytes, now: now / 1000)
            }
            call.accessKey = index.map { keys[$0] }
            return nil
        } catch {
            return error
        }
    }

    /// The answer to anything but a POST: the health line, a browser's question before a call, or a refusal.
    private func responseToOtherMethod(_ head: HTTPRequestHead) -> EndpointResponse {
        switch head.method {
        case .GET where isRoot(head.uri):
            return EndpointResponse(
                body: Array("healthy: dynamodb.\(loop.configuration.region).amazonaws.com ".utf8),
                contentType: .plainText)
        case .OPTIONS where loop.headers.has(.origin):
            var response = EndpointResponse(body: [], contentType: .plainText)
            let echoed: [(HeaderTable.Known, String)] = [
                (.accessControlRequestHeaders, "Access-Control-Allow-Headers"),
                (.accessControlRequestMethod, "Access-Control-Allow-Methods"),
            ]
            for (asked, name) in echoed {
                guard let value = loop.headers.text(of: asked) else { continue }
                response.headers.append(EndpointResponse.HeaderField(name: name, value: value))
            }
            response.headers.append(EndpointResponse.HeaderField(name: "Access-Control-Max-Age", value: "172800"))
            return response
        default:
            return EndpointResponse(.notAnOperation)
        }
    }

    /// Whether the path is `/`, whatever query follows it.
    private func isRoot(_ uri: String) -> Bool {
        var bytes = uri.utf8.makeIterator()
        guard bytes.next() == UInt8(ascii: "/") else { return false }
        let second = bytes.next()
        return second == nil || second == UInt8(ascii: "?")
    }

    /// Whether the content type is `application/json`; nothing when it is neither that nor DynamoDB's own.
    private func contentTypeIsPlainJSON(bodyIsEmpty: Bool) -> Bool? {
        guard var type = loop.headers.value(of: .contentType) else { return bodyIsEmpty ? false : nil }
        let bytes = loop.headers.bytes
        if let semicolon = bytes[type].firstIndex(of: UInt8(ascii: ";")) {
            type = type.lowerBound..<semicolon
        }
        while let last = type.last, bytes[last] == UInt8(ascii: " ") { type.removeLast() }
        if loop.headers.equals(type, "application/x-amz-json-1.0", ignoringCase: true) { return false }
        if loop.headers.equals(type, "application/json", ignoringCase: true) { return true }
        return bodyIsEmpty ? false : nil
    }

    private func fillHeaders(from head: HTTPRequestHead) {
        loop.headersTicket += 1
        loop.headers.fill(from: head.headers)
    }
}
