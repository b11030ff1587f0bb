import Foundation
import NIOCore
import TestSupport
import Testing

@testable import RegionServer

@Suite struct CivilTimeTests {
    @Test(
        arguments: [
            (0, "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_370_772_015, "20130609T100015Z", "Sun, 09 Jun 2013 10:00:15 GMT"),
            (951_827_696, "20000229T123456Z", "Tue, 29 Feb 2000 12:34:56 GMT"),
            (-1, "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            (253_402_300_799, "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String, String)])
    func `known seconds have their known texts`(seconds: Int64, iso: String, http: String) {
        let time = CivilTime(secondsSinceEpoch: seconds)
        #expect(String(decoding: time.iso8601Basic, as: UTF8.self) == iso)
        #expect(String(decoding: time.httpDate, as: UTF8.self) == http)
    }

    @Test func `both texts read back to their second, over ten thousand years`() {
        var random = SplitMix64(seed: 5)
        for _ in 0..<20_000 {
            let seconds = Int64.random(in: -62_167_219_200...253_402_300_799, using: &random)
            let time = CivilTime(secondsSinceEpoch: seconds)
            #expect(time.secondsSinceEpoch == seconds)
            let iso = time.iso8601Basic
            let http = time.httpDate
            let fromISO = CivilTime(iso8601Basic: iso.span)
            let fromHTTP = CivilTime(httpDate: http.span)
            #expect(fromISO == time)
            #expect(fromHTTP == time)
        }
    }

    @Test func `the calendar is Foundation's`() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        var random = SplitMix64(seed: 6)
        for _ in 0..<500 {
            // Foundation's calendar is Julian before 1582.
            let seconds = Int64.random(in: -10_000_000_000...200_000_000_000, using: &random)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second],
                from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            let time = CivilTime(secondsSinceEpoch: seconds)
            #expect(time.year == parts.year && time.month == parts.month && time.day == parts.day)
            #expect(time.hour == parts.hour && time.minute == parts.minute && time.second == parts.second)
        }
    }

    @Test(arguments: [
        "", "201", "20130609T100015", "20130609 100015Z", "20130631T100015Z", "20130229T000000Z", "20131301T000000Z",
        "20130609T240000Z", "20130609T106015Z", "2013060aT100015Z", "20130009T100015Z",
    ])
    func `what is no date in the basic form is refused`(text: String) {
        let bytes = Array(text.utf8)
        let time = CivilTime(iso8601Basic: bytes.span)
        #expect(time == nil)
    }

    @Test(arguments: [
        "", "Sun, 09 Jun 2013 10:00:15 UTC", "Sun, 09 Foo 2013 10:00:15 GMT", "Sun, 31 Jun 2013 10:00:15 GMT",
        "Sunday, 09-Jun-13 10:00:15 GMT", "Sun, 09 Jun 2013 10:00:1x GMT",
    ])
    func `what is no date in HTTP's form is refused`(text: String) {
        let bytes = Array(text.utf8)
        let time = CivilTime(httpDate: bytes.span)
        #expect(time == nil)
    }
}

@Suite struct RequestIDTests {
    @Test func `the text is base32hex, from the most significant bit on`() {
        #expect(RequestID(0, 0, 0, 0).text == String(repeating: "0", count: 52))
        #expect(RequestID(.max, .max, .max, .max).text == String(repeating: "V", count: 51) + "G")
        #expect(RequestID(0x0001_0203_0405_0607, 0, 0, 0).text.hasPrefix("000G40O40K30E"))
    }

    @Test func `sources with different seeds draw different identifiers`() {
        var texts: Set<String> = []
        for seed in 0..<10 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var source = RequestIDSource(seededBy: &random)
            for _ in 0..<1000 { texts.insert(source.next().text) }
        }
        #expect(texts.count == 10_000)
    }
}

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
