/// A millisecond of UTC in calendar form, with the date texts of AWS's protocols.
///
/// The conversion counts days in 400-year cycles that begin on 1 March, so that the leap day is the last day of its
/// year (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). It is exact from year 0 to year 9999.
public struct CivilTime: Equatable, Sendable {
    public private(set) var year: Int
    /// 1 to 12.
    public private(set) var month: Int
    /// 1 to 31.
    public private(set) var day: Int
    public private(set) var hour: Int
    public private(set) var minute: Int
    public private(set) var second: Int
    /// 0 to 999; not in the texts that end with the second.
    public private(set) var millisecond = 0

    private static let dayNames: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let monthNames: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let daysPerEra = 146_097
    /// Days from 1 March of year 0 to 1 January 1970.
    private static let epochDay = 719_468

    /// The calendar form of a time in seconds since the Unix epoch; times outside years 0 to 9999 are cut to that
    /// range.
    public init(secondsSinceEpoch: Int64) {
        let bounded = Int(min(max(secondsSinceEpoch, -62_167_219_200), 253_402_300_799))
        let days = (bounded >= 0 ? bounded : bounded - 86_399) / 86_400
        let secondOfDay = bounded - days * 86_400
        let shifted = days + Self.epochDay
        let era = (shifted >= 0 ? shifted : shifted - (Self.daysPerEra - 1)) / Self.daysPerEra
        let dayOfEra = shifted - era * Self.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
    }

    /// The calendar form of a time in milliseconds since the Unix epoch; times after year 9999 are cut to that range.
    public init(millisecondsSinceEpoch: UInt64) {
        self.init(secondsSinceEpoch: Int64(millisecondsSinceEpoch / 1000))
        millisecond = Int(millisecondsSinceEpoch % 1000)
    }

    /// Reads ISO 8601's basic form, `20130609T100015Z`; nothing when `text` is anything else or no date at all.
    public init?(iso8601Basic text: Span<UInt8>) {
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z"),
            let year = Self.number(text, 0..<4), let month = Self.number(text, 4..<6),
            let day = Self.number(text, 6..<8), let hour = Self.number(text, 9..<11),
            let minute = Self.number(text, 11..<13), let second = Self.number(text, 13..<15)
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// Reads the fixed form of HTTP's dates, `Sun, 09 Jun 2013 10:00:15 GMT` (RFC 9110, section 5.6.7).
    public init?(httpDate text: Span<UInt8>) {
        guard text.count == 29, text[3] == UInt8(ascii: ","), text[25] == UInt8(ascii: " "),
            text[26] == UInt8(ascii: "G"), text[27] == UInt8(ascii: "M"), text[28] == UInt8(ascii: "T"),
            let month = Self.monthNames.firstIndex(where: { Self.matches($0, text.extracting(8..<11)) }),
            let day = Self.number(text, 5..<7), let year = Self.number(text, 12..<16),
            let hour = Self.number(text, 17..<19), let minute = Self.number(text, 20..<22),
            let second = Self.number(text, 23..<25)
        else { return nil }
        self.init(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    private init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 60 else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        // 31 June has numbers in range and is no date: it comes back from its own seconds as another day.
        guard CivilTime(secondsSinceEpoch: secondsSinceEpoch) == self else { return nil }
    }

    /// Whole seconds since the Unix epoch.
    public var secondsSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * Self.daysPerEra + dayOfEra - Self.epochDay
        return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
    }

    /// ISO 8601's basic form, 16 bytes: `20130609T100015Z`.
    public var iso8601Basic: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(16)
        Self.append(year, digits: 4, to: &text)
        Self.append(month, digits: 2, to: &text)
        Self.append(day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.append(hour, digits: 2, to: &text)
        Self.append(minute, digits: 2, to: &text)
        Self.append(second, digits: 2, to: &text)
        text.append(UInt8(ascii: "Z"))
        return text
    }

    /// The fixed form of HTTP's dates, 29 bytes: `Sun, 09 Jun 2013 10:00:15 GMT`.
    public var httpDate: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(29)
        Self.append(dayName, to: &text)
        Self.append(", ", to: &text)
        Self.append(day, digits: 2, to: &text)
        Self.append(" ", to: &text)
        Self.append(Self.monthNames[month - 1], to: &text)
        Self.append(" ", to: &text)
        Self.append(year, digits: 4, to: &text)
        Self.append(" ", to: &text)
        appendClock(to: &text)
        Self.append(" GMT", to: &text)
        return text
    }

    /// ISO 8601's extended form with milliseconds and without a zone: `2015-05-11T21:21:33.291`.
    public var iso8601Milliseconds: String {
        var text: [UInt8] = []
        Self.append(year, digits: 4, to: &text)
        Self.append("-", to: &text)
        Self.append(month, digits: 2, to: &text)
        Self.append("-", to: &text)
        Self.append(day, digits: 2, to: &text)
        Self.append("T", to: &text)
        appendClock(to: &text)
        Self.append(".", to: &text)
        Self.append(millisecond, digits: 3, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The form of Java's `Date.toString`, which some error texts have: `Mon May 11 21:21:33 UTC 2015`.
    public var javaDate: String {
        var text: [UInt8] = []
        Self.append(dayName, to: &text)
        Self.append(" ", to: &text)
        Self.append(Self.monthNames[month - 1], to: &text)
        Self.append(" ", to: &text)
        Self.append(day, digits: 2, to: &text)
        Self.append(" ", to: &text)
        appendClock(to: &text)
        Self.append(" UTC ", to: &text)
        Self.append(year, digits: 4, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private var dayName: StaticString {
        // A multiple of seven days is added, so that times before 1970 divide downwards too.
        Self.dayNames[Int((secondsSinceEpoch + 719_530 * 86_400) / 86_400 % 7)]
    }

    private func appendClock(to text: inout [UInt8]) {
        Self.append(hour, digits: 2, to: &text)
        Self.append(":", to: &text)
        Self.append(minute, digits: 2, to: &text)
        Self.append(":", to: &text)
        Self.append(second, digits: 2, to: &text)
    }

    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var value = 0
        for index in range {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private static func matches(_ name: StaticString, _ text: Span<UInt8>) -> Bool {
        name.withUTF8Buffer { bytes in
            text.withUnsafeBufferPointer { $0.elementsEqual(bytes) }
        }
    }

    private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    private static func append(_ literal: StaticString, to text: inout [UInt8]) {
        literal.withUTF8Buffer { text.append(contentsOf: $0) }
    }
}
