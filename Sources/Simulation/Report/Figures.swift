import Foundation

/// Numbers as people read them, the same in summaries and on pages.
enum Figures {
    /// A count with separators: `1,234,567`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { grouped.append(",") }
            grouped.append(digit)
        }
        return value < 0 ? "-\(grouped)" : grouped
    }

    /// A count and its thing: `1 conflict`, `2 conflicts`.
    static func count(_ value: Int, _ thing: String) -> String { "\(count(value)) \(thing)\(value == 1 ? "" : "s")" }

    /// A length of time in the unit that suits it: `0.4 ms`, `41 ms`, `2.3 s`, `12.5 min`, `1.2 h`.
    static func duration(milliseconds: Double) -> String {
        guard milliseconds.isFinite else { return "–" }
        let units: [(limit: Double, length: Double, name: String)] = [
            (1000, 1, "ms"), (120_000, 1000, "s"), (7_200_000, 60_000, "min"), (.infinity, 3_600_000, "h"),
        ]
        for unit in units where milliseconds < unit.limit {
            return "\(short(milliseconds / unit.length)) \(unit.name)"
        }
        return "\(short(milliseconds)) ms"
    }

    static func duration(_ duration: Duration) -> String { Self.duration(milliseconds: duration / .milliseconds(1)) }

    static func duration(seconds: Double) -> String { duration(milliseconds: seconds * 1000) }

    /// A number of bytes in the unit that suits it: `512 B`, `12.3 MiB`.
    static func bytes(_ value: Double) -> String {
        var value = value
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return "\(short(value)) \(unit)" }
            value /= 1024
        }
        return "\(short(value)) TiB"
    }

    /// A share, 0 to 1, in per cent: `0.05 %`; what is above none is never shown as none.
    static func share(_ value: Double) -> String {
        let percent = value * 100
        if percent > 0, percent < 0.001 { return "< 0.001 %" }
        return "\(percent < 1 ? trimmed(fixed(percent, 3)) : short(percent)) %"
    }

    /// A moment: `1:05:12`, with hours always, so that all are alike.
    static func moment(seconds: Double) -> String {
        let whole = seconds.isFinite ? Int(seconds) : 0
        return "\(whole / 3600):\(padded(whole / 60 % 60)):\(padded(whole % 60))"
    }

    /// Three digits that matter: `0.41`, `4.1`, `41`, `1,234`.
    static func short(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "–" }
        if value.magnitude >= 100 { return count(Int(value.rounded())) }
        return trimmed(fixed(value, value.magnitude >= 10 ? 1 : 2))
    }

    /// A number with so many digits behind the point.
    static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
