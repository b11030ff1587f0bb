import NIOCore
import TestSupport
import Testing

@testable import RegionServer

@Suite struct ContentCodingTests {
    @Test(arguments: [ContentCoding.gzip, .zlib])
    func `every truncation and every flipped bit is refused or harmless`(coding: ContentCoding) throws {
        var random = SplitMix64(seed: 8)
        let body = (0..<500).map { _ in UInt8.random(in: 0...20, using: &random) }
        let packed = try #require(coding.compress(body))
        for count in 0..<packed.count {
            #expect(throws: ContentCoding.UnpackFault.self) {
                _ = try coding.decompress(.init(bytes: packed[..<count]), limit: 10_000)
            }
        }
        for index in packed.indices {
            var flipped = packed
            flipped[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            // gzip's head has bytes that mean nothing; whatever else differs, the checksum finds.
            if let unpacked = try? coding.decompress(.init(bytes: flipped), limit: 10_000) {
                #expect(Array(unpacked.readableBytesView) == body)
            }
        }
    }

    @Test(
        arguments: [
            ("gzip", ContentCoding.gzip), ("deflate", .zlib), ("GZIP", .gzip), ("deflate, gzip", .zlib),
            ("gzip;q=0.1, deflate;q=0.9", .zlib), ("*", .gzip), ("identity", nil), ("", nil), ("gzip;q=0", nil),
            ("br;q=1, gzip ; q=0.5", .gzip), (";q=1,,", nil),
            ("br, identity, deflate, gzip", .zlib), ("*, deflate", .zlib), ("*, gzip;q=0.5", .zlib),
            ("gzip;q=31, deflate;q=51", .gzip), ("gzip;nq=0;q=1", nil), ("gzip;q =0;q=1", .gzip),
            ("*;q=0.5, gzip;q=0.5", .gzip), ("gzip;q=0, *", .zlib), ("*;q=0", nil), ("gzip;q=x", .gzip),
            ("deflate;q=-1, gzip;q=0.001", .gzip), ("\tDeflate ;Q=0.4, gzip; q= 0.3 ;x", .zlib),
        ] as [(String, ContentCoding?)])
    func `the preferred coding is found`(field: String, coding: ContentCoding?) {
        #expect(ContentCoding(accepted: field) == coding)
    }

    @Test func `codings are undone from the last to the first`() throws {
        let body = Array("twice".utf8)
        let once = try #require(ContentCoding.gzip.compress(body))
        let twice = try #require(ContentCoding.zlib.compress(once))
        let unpacked = try ContentCoding.unpack(.init(bytes: twice), encodings: "gzip, deflate", limit: 1000)
        #expect(Array(unpacked.readableBytesView) == body)
    }

    @Test func `the members of a gzip body belong together, and nothing but members may follow`() throws {
        let parts = ["one ", "", "two ", "three"].map { Array($0.utf8) }
        let members = try parts.map { try #require(ContentCoding.gzip.compress($0)) }
        let body = Array(members.joined())
        let unpacked = try ContentCoding.gzip.decompress(.init(bytes: body), limit: 100)
        #expect(Array(unpacked.readableBytesView) == Array(parts.joined()))
        #expect(throws: ContentCoding.UnpackFault.malformed) {
            _ = try ContentCoding.gzip.decompress(.init(bytes: body + [0]), limit: 100)
        }
        #expect(throws: ContentCoding.UnpackFault.tooLarge) {
            _ = try ContentCoding.gzip.decompress(.init(bytes: body), limit: 10)
        }
        let zlib = try #require(ContentCoding.zlib.compress(parts[0]))
        #expect(throws: ContentCoding.UnpackFault.malformed) {
            _ = try ContentCoding.zlib.decompress(.init(bytes: zlib + zlib), limit: 100)
        }
    }

    @Test(arguments: ["garbage", "br", "gzip, garbage", "garbage, gzip", "x-gzip", "gzip, gzip, gzip"])
    func `an unknown coding is no coding at all`(field: String) throws {
        let packed = try #require(ContentCoding.gzip.compress(Array("{}".utf8)))
        #expect(throws: ContentCoding.UnpackFault.malformed) {
            _ = try ContentCoding.unpack(.init(bytes: packed), encodings: field, limit: 100)
        }
    }

    @Test func `the checksum is that of IEEE 802.3`() {
        #expect(ResponseEncoder.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(ResponseEncoder.checksum([]) == 0)
    }
}
