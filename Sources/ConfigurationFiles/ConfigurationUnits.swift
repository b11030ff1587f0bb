extension Duration {
    /// The units that a duration is written in, with their lengths in microseconds, from the longest on.
    private static let units: [(suffix: String, microseconds: Int64)] = [
        ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1),
    ]

    /// Reads `10m`, `2s`, `500ms` or `80.55ms`, to the microsecond; nothing when `text` is anything else.
    public init?(configurationText text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard let unit = Self.units.first(where: { $0.suffix == text.dropFirst(digits.count) }) else { return nil }
        let halves = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= halves.count, halves.allSatisfy({ 1...12 ~= $0.count }), let whole = Int64(halves[0]) else {
            return nil
        }
        var (microseconds, overflow) = whole.multipliedReportingOverflow(by: unit.microseconds)
        guard !overflow else { return nil }
        if halves.count == 2 {
            var place = unit.microseconds
            for digit in halves[1] {
                guard let value = digit.wholeNumberValue, place.isMultiple(of: 10) || value == 0 else { return nil }
                place /= 10
                (microseconds, overflow) = microseconds.addingReportingOverflow(Int64(value) * place)
                guard !overflow else { return nil }
            }
        }
        self = .microseconds(microseconds)
    }

    /// The shortest of the forms that a configuration file may have; what is below a microsecond is dropped.
    public var configurationText: String {
        let microseconds = microsecondsRounded
        if microseconds == 0 { return "0s" }
        for unit in Self.units.dropLast() where microseconds.isMultiple(of: unit.microseconds) {
            return "\(microseconds / unit.microseconds)\(unit.suffix)"
        }
        guard microseconds > 1000 else { return "\(microseconds)us" }
        var fraction = String(microseconds % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(microseconds / 1000).\(fraction)ms"
    }

    /// The duration in whole microseconds, towards zero.
    private var microsecondsRounded: Int64 {
        let parts = components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }
}

/// Numbers of bytes as configuration files write them.
package enum ByteCountText {
    private static let units: [(suffix: String, byteCount: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]

    /// Reads `65536`, `256KiB`, `16MiB` or `1GiB`; nothing when `text` is anything else.
    package static func parse(_ text: String) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) }), let number = Int(digits)
        else { return nil }
        let (count, overflow) = number.multipliedReportingOverflow(by: unit.byteCount)
        return overflow ? nil : count
    }

    /// The shortest form.
    package static func print(_ count: Int) -> String {
        for unit in units where count != 0 && count.isMultiple(of: unit.byteCount) {
            return "\(count / unit.byteCount)\(unit.suffix)"
        }
        return String(count)
    }
}
