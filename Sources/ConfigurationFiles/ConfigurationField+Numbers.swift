import Yams

/// The values that scenario files have beside those of topology files.
extension ConfigurationField {
    /// What a value is, before it is read.
    package enum Form: Sendable {
        case scalar
        case list
        case mapping
    }

    /// What the value is; reading it as anything else notes a problem.
    package var form: Form {
        if node.mapping != nil { return .mapping }
        return node.sequence == nil ? .scalar : .list
    }

    /// A number within `range`, such as `0.99` or `4`.
    package func number(in range: ClosedRange<Double>) -> Double? {
        let expected =
            "a number from \(ConfigurationText.number(range.lowerBound)) to "
            + ConfigurationText.number(range.upperBound)
        guard let text = text(expected: expected) else { return nil }
        guard let value = Self.decimal(text), range.contains(value) else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return value
    }

    /// A share, 0 to 1, such as `0.5%` or `0.005`.
    package func share() -> Double? {
        let expected = "a share from 0% to 100%, such as 0.5% or 0.005"
        guard let text = text(expected: expected) else { return nil }
        guard let value = Self.share(text), 0...1 ~= value else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return value
    }

    /// A rate within `range`, such as `50/s` or `600/m`, in events a second.
    package func rate(in range: ClosedRange<Double>) -> Double? {
        let expected =
            "a rate such as 50/s, 600/m or 1/h, from \(ConfigurationText.rate(perSecond: range.lowerBound)) "
            + "to \(ConfigurationText.rate(perSecond: range.upperBound))"
        guard let text = text(expected: expected) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let lengths = ["s": 1.0, "m": 60, "h": 3600]
        guard parts.count == 2, let count = Self.decimal(String(parts[0])), let length = lengths[String(parts[1])],
            range.contains(count / length)
        else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return count / length
    }

    /// A bandwidth within `range`, such as `64KiB/s`, in bytes a second.
    package func byteRate(in range: ClosedRange<Int>) -> Int? {
        let expected =
            "bytes a second such as 65536/s, 64KiB/s or 10MiB/s, from \(ConfigurationText.byteRate(range.lowerBound)) "
            + "to \(ConfigurationText.byteRate(range.upperBound))"
        guard let text = text(expected: expected) else { return nil }
        guard text.hasSuffix("/s"), let count = ByteCountText.parse(String(text.dropLast(2))), range.contains(count)
        else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return count
    }

    /// A length of time forwards or backwards, up to `most`, such as `+10m` or `-5s`.
    package func signedDuration(atMost most: Duration) -> Duration? {
        let expected = "a duration with its sign such as +10m or -500ms, up to \(most.configurationText) either way"
        guard let text = text(expected: expected) else { return nil }
        let digits = text.hasPrefix("+") || text.hasPrefix("-") ? String(text.dropFirst()) : text
        guard let length = Duration(configurationText: digits), length > .zero, length <= most else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return text.hasPrefix("-") ? .zero - length : length
    }

    /// Reads `0.5%` or `0.005`; nothing when `text` is anything else.
    package static func share(_ text: String) -> Double? {
        // The exponent shifts the decimal digits: dividing by 100 would round twice.
        text.hasSuffix("%") ? decimal(String(text.dropLast()), exponent: "e-2") : decimal(text)
    }

    /// A decimal number in digits, without what `Double` reads beside them, such as `nan` or `0x1p3`.
    private static func decimal(_ text: String, exponent: String = "") -> Double? {
        let isDecimal = text.utf8.allSatisfy {
            0x30...0x39 ~= $0
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e")].contains($0)
        }
        guard isDecimal, text.utf8.count <= 64, exponent.isEmpty || !text.contains("e"),
            let value = Double(text + exponent), value.isFinite
        else { return nil }
        return value
    }
}
