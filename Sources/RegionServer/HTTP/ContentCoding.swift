import CZlib
import NIOCore

/// A content coding of HTTP that DynamoDB takes and gives: RFC 1952's gzip, or RFC 1950's zlib under the name of deflate.
enum ContentCoding: String, Equatable, Sendable {
    case gzip
    case zlib = "deflate"

    /// Why a body could not be unpacked.
    enum UnpackFault: Error {
        case malformed
        /// It unpacks to more than the limit.
        case tooLarge
    }

    /// Responses shorter than this are sent as they are, as DynamoDB does.
    static let responseByteCountMin = 4096

    /// How zlib is told the container: 15 bits of window, and 16 more for gzip's.
    private var windowBits: Int32 { self == .gzip ? 31 : 15 }
    private static let chunkByteCount = 64 * 1024

    /// The coding that an `Accept-Encoding` field prefers; nothing when it wants neither or refuses both.
    ///
    /// gzip is taken where both are welcome alike; a quality of zero refuses (RFC 9110, section 12.5.3).
    init?(accepted field: String) {
        var best: (coding: ContentCoding, quality: Double)?
        for element in field.split(separator: ",") {
            let parts = element.split(separator: ";").map { String($0.filter { $0 != " " && $0 != "\t" }) }
            guard let name = parts.first?.lowercased() else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            let coding = name == "*" ? .gzip : ContentCoding(rawValue: name)
            guard let coding, quality > 0,
                quality > (best?.quality ?? 0) || (coding == .gzip && quality == best?.quality)
            else { continue }
            best = (coding, quality)
        }
        guard let best else { return nil }
        self = best.coding
    }

    /// The body without its codings, of which the field names the last applied last; unknown ones are left on.
    ///
    /// - Parameter limit: the largest body that is unpacked, in bytes.
    static func unpack(_ body: ByteBuffer, encodings field: String, limit: Int) throws(UnpackFault) -> ByteBuffer {
        // Two codings on one body are all that a client could mean; more would only be there to cost time.
        let names = field.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        guard names.count <= 2 else { throw .malformed }
        var unpacked = body
        for name in names.reversed() {
            guard let coding = ContentCoding(rawValue: name) else { return unpacked }
            unpacked = try coding.decompress(unpacked, limit: limit)
        }
        return unpacked
    }

    /// The body without this coding.
    func decompress(_ body: ByteBuffer, limit: Int) throws(UnpackFault) -> ByteBuffer {
        var stream = z_stream()
        guard meridian_inflate_init(&stream, windowBits) == Z_OK else { throw .malformed }
        defer { inflateEnd(&stream) }
        var output = ByteBuffer()
        let outcome = body.withUnsafeReadableBytes { input -> Result<Void, UnpackFault> in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(clamping: input.count)
            while true {
                var status = Z_OK
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.chunkByteCount) { target in
                    stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(clamping: target.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    return target.count - Int(stream.avail_out)
                }
                guard output.readableBytes <= limit else { return .failure(.tooLarge) }
                if status == Z_STREAM_END { return stream.avail_in == 0 ? .success(()) : .failure(.malformed) }
                // Input used up before the stream's end, or bytes that no compressor writes.
                guard status == Z_OK, stream.avail_in > 0 || stream.avail_out == 0 else { return .failure(.malformed) }
            }
        }
        try outcome.get()
        return output
    }

    /// The body in this coding at zlib's fastest level; nothing when zlib fails.
    func compress(_ body: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard meridian_deflate_init(&stream, Z_BEST_SPEED, windowBits) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(body.count)))
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            body.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(clamping: input.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(clamping: target.count)
                status = deflate(&stream, Z_FINISH)
                count = target.count - Int(stream.avail_out)
            }
        }
        return status == Z_STREAM_END ? output : nil
    }
}
