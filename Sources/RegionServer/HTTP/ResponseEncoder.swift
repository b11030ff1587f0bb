import AWSProtocol
import CZlib
import NIOCore

/// Writes responses as HTTP/1.1 bytes: status line, header fields and body in one buffer.
///
/// What the commonest answers begin with is kept ready and written again when the second changes, so that an ordinary answer is
/// three copies and a few digits.
struct ResponseEncoder {
    private var second: Int64 = .min
    private var date: [UInt8] = []
    /// `200 OK`, `application/x-amz-json-1.0`, keep-alive: everything up to the length's digits.
    private var commonHead: [UInt8] = []

    /// What the endpoint knows of a request that its answer depends on.
    struct Context {
        var id: RequestID
        /// Whether the request's content type was `application/json`.
        var isPlainJSON = false
        var keepsAlive = true
        /// Whether the request was a `HEAD`, whose answer has the fields of a body and no body.
        var omitsBody = false
        /// What the answer's body may be compressed with.
        var coding: ContentCoding?
        /// Whether a browser asked, whose page may read the answer wherever it came from.
        var allowsAnyOrigin = false
        /// Whether input may be left unread when the connection closes after this answer.
        var lingers = false
    }

    private static let jsonType: StaticString = "application/x-amz-json-1.0"

    private static let originFields =
        "\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: "
        + "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-crc32,Date"

    /// Sets the time that answers are dated with, in seconds since the Unix epoch.
    mutating func setSecond(_ now: Int64) {
        guard now != second else { return }
        second = now
        date = CivilTime(secondsSinceEpoch: now).httpDate
        commonHead.removeAll(keepingCapacity: true)
        writeHead(to: &commonHead, status: 200, contentType: Self.jsonType, keepsAlive: true)
    }

    /// Appends the answer to `buffer`.
    func write(_ response: EndpointResponse, _ context: Context, to buffer: inout ByteBuffer) {
        let isCommon =
            response.status == 200 && response.headers.isEmpty && context.keepsAlive && !context.isPlainJSON
            && response.contentType == .requested && !context.omitsBody && !context.allowsAnyOrigin
            && (context.coding == nil || response.body.count < ContentCoding.responseByteCountMin)
        if isCommon {
            writeTail(
                head: commonHead, extra: [], body: response.body, sent: response.body, id: context.id, to: &buffer)
            return
        }
        var head: [UInt8] = []
        let contentType: StaticString =
            switch response.contentType {
            case .requested: context.isPlainJSON ? "application/json" : Self.jsonType
            case .plainText: "text/plain"
            }
        var body = response.body
        var extra: [UInt8] = []
        for field in response.headers {
            extra.append(contentsOf: "\r\n\(field.name): \(field.value)".utf8)
        }
        if context.allowsAnyOrigin { extra.append(contentsOf: Self.originFields.utf8) }
        if let coding = context.coding, body.count >= ContentCoding.responseByteCountMin,
            let compressed = coding.compress(body)
        {
            body = compressed
            extra.append(contentsOf: "\r\nContent-Encoding: \(coding.rawValue)".utf8)
        }
        writeHead(to: &head, status: response.status, contentType: contentType, keepsAlive: context.keepsAlive)
        writeTail(
            head: head, extra: extra, body: body, sent: context.omitsBody ? [] : body, id: context.id, to: &buffer)
    }

    /// Writes the fields that come before the length, and the length's name.
    private func writeHead(to head: inout [UInt8], status: Int, contentType: StaticString, keepsAlive: Bool) {
        head.append(contentsOf: "HTTP/1.1 \(status) \(Self.reason(status))\r\nServer: Server\r\nDate: ".utf8)
        head.append(contentsOf: date)
        head.append(contentsOf: "\r\nContent-Type: \(contentType)\r\nConnection: ".utf8)
        head.append(contentsOf: (keepsAlive ? "keep-alive" : "close").utf8)
        head.append(contentsOf: "\r\nContent-Length: ".utf8)
    }

    private func writeTail(
        head: [UInt8], extra: [UInt8], body: [UInt8], sent: [UInt8], id: RequestID, to buffer: inout ByteBuffer
    ) {
        // Two decimal numbers and the names of two fields fit in 128 bytes with the identifier.
        let bound = head.count + extra.count + sent.count + 128
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
            var writer = BytesWriter(target)
            writer.write(head)
            writer.write(decimal: UInt64(body.count))
            writer.write("\r\nx-amzn-RequestId: ")
            writer.write(id)
            writer.write("\r\nx-amz-crc32: ")
            writer.write(decimal: UInt64(Self.checksum(body)))
            writer.write(extra)
            writer.write("\r\n\r\n")
            writer.write(sent)
            return writer.count
        }
    }

    /// The CRC-32 of IEEE 802.3.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Unknown"
        }
    }
}

/// Fills a stretch of memory from its start; writing past its end is a trap.
private struct BytesWriter {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ target: UnsafeMutableRawBufferPointer) {
        self.target = target
    }

    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    mutating func write(_ literal: StaticString) {
        write(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    mutating func write(_ id: RequestID) {
        count += id.write(to: UnsafeMutableRawBufferPointer(rebasing: target[count...]))
    }

    mutating func write(decimal value: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value
        var first = 20
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        precondition(20 - first <= target.count - count, "a response longer than its bound")
        for index in first..<20 {
            target[count] = digits[index]
            count += 1
        }
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= target.count - count, "a response longer than its bound")
        UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
