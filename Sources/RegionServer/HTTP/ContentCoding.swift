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
    /// Of the two the one with the higher quality, which is 1 at the most; then the one that is named, and of two that are the first.
    /// `*` stands for what is not named. A quality is what follows the first `q=` of an element, in whatever word it stands: so DynamoDB
    /// reads it, and not as RFC 9110, section 12.5.3, has it.
    init?(accepted field: String) {
        var candidates: [(coding: ContentCoding, quality: Double)] = []
        var others: Double?
        for element in field.split(separator: ",") {
            let element = element.lowercased()
            let name = element.prefix { $0 != ";" }.trimming { $0 == " " || $0 == "\t" }
            if name == "*" {
                others = others ?? Self.quality(of: element)
            } else if let coding = ContentCoding(rawValue: String(name)),
                !candidates.contains(where: { $0.coding == coding })
            {
                candidates.append((coding, Self.quality(of: element)))
            }
        }
        for coding in [ContentCoding.gzip, .zlib] where !candidates.contains(where: { $0.coding == coding }) {
            candidates.append((coding, others ?? 0))
        }
        var best: (coding: ContentCoding, quality: Double)?
        for candidate in candidates where candidate.quality > best?.quality ?? 0 { best = candidate }
        guard let best else { return nil }
        self = best.coding
    }

    /// The quality of an element in lower case, 0 to 1; 1 where none is given, or no number.
    private static func quality(of element: String) -> Double {
        let parts = element.split(separator: "q=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return 1 }
        let text = parts[1].prefix { $0 != ";" }.trimming { $0 == " " || $0 == "\t" }
        guard let value = Double(text), !value.isNaN else { return 1 }
        return min(1, max(0, value))
    }

    /// The body without its codings, of which the field names the last applied last.
    ///
    /// - Parameter limit: the largest body that is unpacked, in bytes.
    /// - Throws: `malformed` also for a coding that is unknown: what it would mean is unknown too.
    static func unpack(_ body: ByteBuffer, encodings field: String, limit: Int) throws(UnpackFault) -> ByteBuffer {
        // Two codings on one body are all that a client could mean; more would only be there to cost time.
        let names = field.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        guard names.count <= 2 else { throw .malformed }
        var unpacked = body
        for name in names.reversed() where name != "identity" {
            guard let coding = ContentCoding(rawValue: name) else { throw .malformed }
            unpacked = try coding.decompress(unpacked, limit: limit)
        }
        return unpacked
    }

    /// The body without this coding; of gzip, what all its members hold together (RFC 1952, section 2.2).
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
                if status == Z_STREAM_END {
                    if stream.avail_in == 0 { return .success(()) }
                    guard self == .gzip, inflateReset(&stream) == Z_OK else { return .failure(.malformed) }
                    continue
                }
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

extension StringProtocol {
    /// Without the characters at both ends that `isTrimmed` names.
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> SubSequence {
        guard let first = firstIndex(where: { !isTrimmed($0) }), let last = lastIndex(where: { !isTrimmed($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
