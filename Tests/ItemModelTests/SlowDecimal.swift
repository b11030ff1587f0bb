import ItemModel
import TestSupport

/// Decimal arithmetic as taught at school, one digit at a time and of any length: what `Number` is checked against.
struct SlowDecimal {
    var isNegative: Bool
    /// Most significant first; no length is too long.
    var digits: [Int]
    /// The power of ten of the last digit.
    var exponent: Int

    /// Reads valid notation by cutting it at the letter and at the point.
    init(_ text: String) {
        let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
        var mantissa = parts[0]
        isNegative = mantissa.hasPrefix("-")
        if mantissa.hasPrefix("-") || mantissa.hasPrefix("+") { mantissa.removeFirst() }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        digits = halves.joined().compactMap(\.wholeNumberValue)
        exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - (halves.count > 1 ? halves[1].count : 0)
        strip()
    }

    private init(isNegative: Bool, digits: [Int], exponent: Int) {
        (self.isNegative, self.digits, self.exponent) = (isNegative, digits, exponent)
        strip()
    }

    var negated: SlowDecimal { SlowDecimal(isNegative: !isNegative, digits: digits, exponent: exponent) }

    /// The digits without zeros at either end; none for zero.
    private mutating func strip() {
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        while digits.first == 0 { digits.removeFirst() }
        if digits.isEmpty { (isNegative, exponent) = (false, 0) }
    }

    /// What DynamoDB makes of the number: its plain notation or the error.
    var verdict: Result<String, NumberError> {
        guard !digits.isEmpty else { return .success("0") }
        let magnitude = exponent + digits.count - 1
        if magnitude > 125 { return .failure(.overflow) }
        if magnitude < -130 { return .failure(.underflow) }
        if digits.count > 38 { return .failure(.tooManyDigits) }
        var text = digits.map(String.init).joined()
        if exponent >= 0 {
            text += String(repeating: "0", count: exponent)
        } else {
            let missing = max(0, 1 - exponent - text.count)
            text = String(repeating: "0", count: missing) + text
            text.insert(".", at: text.index(text.endIndex, offsetBy: exponent))
        }
        return .success(isNegative ? "-" + text : text)
    }

    static func + (left: SlowDecimal, right: SlowDecimal) -> SlowDecimal {
        let exponent = min(left.exponent, right.exponent)
        var (a, b) = (left.padded(to: exponent), right.padded(to: exponent))
        let length = max(a.count, b.count) + 1
        a = Array(repeating: 0, count: length - a.count) + a
        b = Array(repeating: 0, count: length - b.count) + b
        if left.isNegative == right.isNegative {
            return SlowDecimal(isNegative: left.isNegative, digits: columns(a, b, sign: 1), exponent: exponent)
        }
        let isSwapped = a.lexicographicallyPrecedes(b)
        return SlowDecimal(
            isNegative: isSwapped ? right.isNegative : left.isNegative,
            digits: isSwapped ? columns(b, a, sign: -1) : columns(a, b, sign: -1), exponent: exponent)
    }

    static func < (left: SlowDecimal, right: SlowDecimal) -> Bool { (left + right.negated).isNegative }

    private func padded(to lowerExponent: Int) -> [Int] {
        digits + Array(repeating: 0, count: digits.isEmpty ? 0 : exponent - lowerExponent)
    }

    private static func columns(_ a: [Int], _ b: [Int], sign: Int) -> [Int] {
        var (result, carry) = (a, 0)
        for index in a.indices.reversed() {
            let column = a[index] + sign * b[index] + carry
            result[index] = (column + 10) % 10
            carry = column < 0 ? -1 : column / 10
        }
        return result
    }
}

/// Notation of a number, mostly within the range and often near its edges, in one of its many spellings.
func randomNotation(_ generator: inout SplitMix64) -> String {
    let count = generator.chance(1, of: 4) ? 36 + generator.below(5) : 1 + generator.below(12)
    let alphabet = generator.chance(1, of: 3) ? [0, 9] : generator.chance(1, of: 4) ? [0, 1] : Array(0...9)
    let digits = (0..<count).map { _ in String(alphabet[generator.below(alphabet.count)]) }
    var text = ["", "-", "+", "-0", "000"][generator.below(5)]
    let point = generator.chance(1, of: 2) ? generator.below(count + 1) : -1
    for (index, digit) in digits.enumerated() {
        if index == point { text += "." }
        text += digit
    }
    if point == count { text += "." }
    switch generator.below(5) {
    case 0: text += "e\(generator.below(300) - 160)"
    case 1: text += "E+\(generator.below(40))"
    case 2: text += "e\([-131, -130, -168, -167, 88, 125, 126, 124, 87][generator.below(9)])"
    case 3: text += "E-\(generator.below(12))"
    default: break
    }
    return text
}
