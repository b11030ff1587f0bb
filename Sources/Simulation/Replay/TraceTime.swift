/// A time in a trace: seconds, or a date.
enum TraceTime: Equatable {
    /// Nanoseconds since some beginning.
    case seconds(UInt64)
    /// Nanoseconds since 1970.
    case date(UInt64)

    var nanoseconds: UInt64 {
        switch self {
        case .seconds(let value), .date(let value): value
        }
    }

    /// Reads `12.5` or, by RFC 3339, `2026-11-23T08:00:00.250Z`; nil for anything else, and for years outside 1970 to 2500.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.count > 10, bytes[4] == UInt8(ascii: "-") {
            guard let value = Self.date(bytes) else { return nil }
            self = .date(value)
        } else {
            guard let value = Self.seconds(bytes[...]) else { return nil }
            self = .seconds(value)
        }
    }

    /// Decimal seconds of at most ten digits before the point; what is finer than a nanosecond is left out.
    private static func seconds(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = digits(parts[0], count: 1...10) else { return nil }
        guard parts.count == 2 else { return whole * 1_000_000_000 }
        guard let fraction = fraction(parts[1]) else { return nil }
        return whole * 1_000_000_000 + fraction
    }

    /// Digits behind a point, as nanoseconds.
    private static func fraction(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard 1...18 ~= bytes.count, digits(bytes, count: 1...18) != nil else { return nil }
        let nine = bytes.prefix(9)
        guard var value = digits(nine, count: 1...9) else { return nil }
        for _ in nine.count..<9 { value *= 10 }
        return value
    }

    private static func digits(_ bytes: ArraySlice<UInt8>, count: ClosedRange<Int>) -> UInt64? {
        guard count.contains(bytes.count) else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard 0x30...0x39 ~= byte else { return nil }
            value = value * 10 + UInt64(byte - 0x30)
        }
        return value
    }

    private static func date(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(bytes[10]),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = digits(bytes[0..<4], count: 4...4), let month = digits(bytes[5..<7], count: 2...2),
            let day = digits(bytes[8..<10], count: 2...2), let hour = digits(bytes[11..<13], count: 2...2),
            let minute = digits(bytes[14..<16], count: 2...2), let second = digits(bytes[17..<19], count: 2...2),
            1970...2500 ~= year, 1...12 ~= month, 1...daysIn(month, of: year) ~= day, hour < 24, minute < 60,
            // A leap second.
            second <= 60
        else { return nil }
        var rest = bytes[19...]
        var nanoseconds: UInt64 = 0
        if rest.first == UInt8(ascii: ".") {
            let end = rest.dropFirst().firstIndex { !(0x30...0x39 ~= $0) } ?? rest.endIndex
            guard let value = fraction(rest[(rest.startIndex + 1)..<end]) else { return nil }
            nanoseconds = value
            rest = rest[end...]
        }
        guard let offset = offset(rest) else { return nil }
        let seconds = Int64(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) - offset
        guard seconds >= 0 else { return nil }
        return UInt64(seconds) * 1_000_000_000 + nanoseconds
    }

    /// Seconds that a place is ahead of UTC: `Z` or `+02:00`.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let first = bytes.first else { return nil }
        if bytes.count == 1 { return [UInt8(ascii: "Z"), UInt8(ascii: "z")].contains(first) ? 0 : nil }
        let start = bytes.startIndex
        guard bytes.count == 6, bytes[start + 3] == UInt8(ascii: ":"),
            [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(first),
            let hours = digits(bytes[(start + 1)..<(start + 3)], count: 2...2),
            let minutes = digits(bytes[(start + 4)...], count: 2...2), hours < 24, minutes < 60
        else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return first == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func isLeap(_ year: UInt64) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func daysIn(_ month: UInt64, of year: UInt64) -> UInt64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar.
    private static func days(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
        return (year - 1970) * 365 + leapDays + (1..<month).reduce(0) { $0 + daysIn($1, of: year) } + day - 1
    }
}
