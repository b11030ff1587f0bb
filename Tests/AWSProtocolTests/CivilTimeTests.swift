import Foundation
import TestSupport
import Testing

@testable import AWSProtocol

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

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000", "Thu Jan 01 00:00:00 UTC 1970"),
            (1_431_379_293_291, "2015-05-11T21:21:33.291", "Mon May 11 21:21:33 UTC 2015"),
            (951_827_696_007, "2000-02-29T12:34:56.007", "Tue Feb 29 12:34:56 UTC 2000"),
            (.max, "9999-12-31T23:59:59.615", "Fri Dec 31 23:59:59 UTC 9999"),
        ] as [(UInt64, String, String)])
    func `known milliseconds have their known texts`(milliseconds: UInt64, iso: String, java: String) {
        let time = CivilTime(millisecondsSinceEpoch: milliseconds)
        #expect(time.iso8601Milliseconds == iso)
        #expect(time.javaDate == java)
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
