import Foundation

/// How values are written into a configuration file, so that they read back to what they were.
package enum ConfigurationText {
    /// The text as it is, or in double quotes with what YAML wants escaped there.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".")
        }
        // Words such as `true` or `null`, and numbers, would come back as the same text: every value is read as one.
        if isPlain, let first = text.utf8.first, 0x61...0x7A ~= first { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hexadecimal = String(scalar.value, radix: 16)
                quoted += "\\x" + (hexadecimal.count == 1 ? "0" : "") + hexadecimal
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A number in the shortest form that reads back to it, without a fraction where it has none.
    package static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    /// A share, 0 to 1, in per cent: `0.5%`.
    package static func share(_ value: Double) -> String { percent(value) + "%" }

    /// A share in per cent, without the sign; a decimal shift, so that no digit changes.
    package static func percent(_ value: Double) -> String {
        guard let decimal = Decimal(string: String(value)) else { return number(value * 100) }
        return "\(decimal * 100)"
    }

    /// A rate: `50/s`.
    package static func rate(perSecond value: Double) -> String { number(value) + "/s" }

    /// A bandwidth: `64KiB/s`.
    package static func byteRate(_ value: Int) -> String { ByteCountText.print(value) + "/s" }

    /// A length of time with its sign: `+10m` or `-5s`.
    package static func signed(_ duration: Duration) -> String {
        duration < .zero
            ? "-\((Duration.zero - duration).configurationText)" : "+\(duration.configurationText)"
    }
}
