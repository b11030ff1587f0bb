/// A point in time in the proleptic Gregorian calendar, as stream labels and error texts show it.
enum CivilTime {
    /// `milliseconds` since the Unix epoch as `2015-05-11T21:21:33.291`, in UTC.
    static func label(milliseconds: UInt64) -> String {
        let day = Int(milliseconds / 86_400_000)
        let inDay = Int(milliseconds % 86_400_000)
        let (year, month, dayOfMonth) = date(daysSinceEpoch: day)
        return """
            \(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T\(padded(inDay / 3_600_000, 2)):\
            \(padded(inDay / 60_000 % 60, 2)):\(padded(inDay / 1000 % 60, 2)).\(padded(inDay % 1000, 3))
            """
    }

    /// `milliseconds` since the Unix epoch as `Mon May 11 21:21:33 UTC 2015`, which is how some error texts write it.
    static func sentence(milliseconds: UInt64) -> String {
        let day = Int(milliseconds / 86_400_000)
        let inDay = Int(milliseconds % 86_400_000)
        let (year, month, dayOfMonth) = date(daysSinceEpoch: day)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // The epoch was a Thursday.
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        return """
            \(days[day % 7]) \(months[month - 1]) \(padded(dayOfMonth, 2)) \(padded(inDay / 3_600_000, 2)):\
            \(padded(inDay / 60_000 % 60, 2)):\(padded(inDay / 1000 % 60, 2)) UTC \(year)
            """
    }

    /// The date of a day, counted from 1970-01-01.
    ///
    /// Years are counted from March, so that the leap day is the last: Hinnant, "chrono-compatible low-level date algorithms".
    private static func date(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
