extension Number {
    /// The powers of ten from 10^0 to 10^38, all that a `UInt128` holds.
    static let powersOfTen: [UInt128] = {
        var powers: [UInt128] = [1]
        for index in 0..<38 { powers.append(powers[index] * 10) }
        return powers
    }()

    /// How many decimal digits `value` has; zero has none.
    static func digitCount(of value: UInt128) -> Int {
        guard value != 0 else { return 0 }
        // 1233/4096 is log10(2) rounded up, so the estimate is the count or one less than it.
        let estimate = ((UInt128.bitWidth - value.leadingZeroBitCount) * 1233) >> 12
        return value >= powersOfTen[estimate] ? estimate + 1 : estimate
    }

    /// Divides `value` by ten for as long as that leaves no remainder.
    static func strippingTrailingZeros(_ value: UInt128) -> (value: UInt128, zeroCount: Int) {
        guard value != 0 else { return (0, 0) }
        var (value, zeroCount) = (value, 0)
        while value > UInt128(UInt64.max) {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return (value, zeroCount) }
            (value, zeroCount) = (quotient, zeroCount + 1)
        }
        var word = UInt64(value)
        while true {
            let (quotient, remainder) = word.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return (UInt128(word), zeroCount) }
            (word, zeroCount) = (quotient, zeroCount + 1)
        }
    }
}

extension Number: CustomStringConvertible {
    /// The number as DynamoDB returns it: plain decimal notation without an exponent, "0.5" and "150" and "-1.25".
    public var description: String {
        var bytes: [UInt8] = []
        appendDigits(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``description`` in ASCII, at most 170 bytes.
    public func appendDigits(to bytes: inout [UInt8]) {
        let zero = UInt8(ascii: "0")
        guard !isZero else {
            bytes.append(zero)
            return
        }
        let digitCount = significantDigitCount
        let exponent = Int(exponent)
        let pointIndex = digitCount + exponent
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        if pointIndex <= 0 {
            bytes.append(zero)
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: repeatElement(zero, count: -pointIndex))
        }
        let start = bytes.count
        appendCoefficient(digitCount: digitCount, to: &bytes)
        if exponent > 0 {
            bytes.append(contentsOf: repeatElement(zero, count: exponent))
        } else if exponent < 0, pointIndex > 0 {
            bytes.insert(UInt8(ascii: "."), at: start + pointIndex)
        }
    }

    private func appendCoefficient(digitCount: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digitCount))
        // Two words of up to 19 digits each: dividing a word costs a fraction of dividing 128 bits.
        let (upper, lower) = coefficient.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
        Self.writeDigits(of: UInt64(lower), before: bytes.count, in: &bytes)
        if upper > 0 { Self.writeDigits(of: UInt64(upper), before: bytes.count - 19, in: &bytes) }
    }

    /// Writes the digits of `word` right-aligned before `end` over zeros that stand there.
    private static func writeDigits(of word: UInt64, before end: Int, in bytes: inout [UInt8]) {
        var (word, index) = (word, end)
        while word > 0 {
            let (quotient, digit) = word.quotientAndRemainder(dividingBy: 10)
            index -= 1
            bytes[index] = UInt8(ascii: "0") + UInt8(digit)
            word = quotient
        }
    }
}
