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
            ("gzip", ContentCoding.gzip), ("deflate", .zlib), ("GZIP", .gzip), ("deflate, gzip", .gzip),
            ("gzip;q=0.1, deflate;q=0.9", .zlib), ("*", .gzip), ("identity", nil), ("", nil), ("gzip;q=0", nil),
            ("br;q=1, gzip ; q=0.5", .gzip), (";q=1,,", nil),
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

    @Test func `the checksum is that of IEEE 802.3`() {
        #expect(ResponseEncoder.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(ResponseEncoder.checksum([]) == 0)
    }
}
