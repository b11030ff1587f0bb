extension Number {
    /// The first byte of a key form.
    private enum Sign {
        static let negative: UInt8 = 0x01
        static let zero: UInt8 = 0x02
        static let positive: UInt8 = 0x03
    }

    /// What is added to the power of ten of the first digit: it maps ``magnitudeRange`` onto 0...255.
    private static let magnitudeBias = 130

    /// Appends the form whose byte order is that of the values, at most 22 bytes; ``KeyEncoder`` says how it is made.
    func appendKeyForm(to bytes: inout [UInt8]) {
        guard !isZero else {
            bytes.append(Sign.zero)
            return
        }
        let digitCount = significantDigitCount
        let pairCount = (digitCount + 1) / 2
        let mask: UInt8 = isNegative ? 0xFF : 0x00
        bytes.append(isNegative ? Sign.negative : Sign.positive)
        bytes.append(UInt8(Int(exponent) + digitCount - 1 + Self.magnitudeBias) ^ mask)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0x01 ^ mask, count: pairCount))
        let aligned = digitCount % 2 == 0 ? coefficient : coefficient * 10
        if aligned <= UInt128(UInt64.max) {
            Self.writePairs(of: UInt64(aligned), before: start + pairCount, mask: mask, in: &bytes)
        } else {
            // Nine pairs a word: dividing a word costs a fraction of dividing 128 bits.
            var (rest, end) = (aligned, start + pairCount)
            while rest > 0 {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
                Self.writePairs(of: UInt64(remainder), before: end, mask: mask, in: &bytes)
                (rest, end) = (quotient, end - 9)
            }
        }
        bytes.append(0x00 ^ mask)
    }

    /// Writes the pairs of digits of `word` right-aligned before `end` over empty pairs that stand there.
    private static func writePairs(of word: UInt64, before end: Int, mask: UInt8, in bytes: inout [UInt8]) {
        var (word, index) = (word, end)
        while word > 0 {
            let (quotient, pair) = word.quotientAndRemainder(dividingBy: 100)
            index -= 1
            bytes[index] = UInt8(pair + 1) ^ mask
            word = quotient
        }
    }

    /// Reads what ``appendKeyForm(to:)`` writes and steps behind it; a form not in normal form is refused.
    @usableFromInline
    init(readingKeyFormFrom reader: inout ByteReader) throws(BinaryDecodingError) {
        let start = reader.offset
        let mask: UInt8
        switch try reader.readUInt8() {
        case Sign.zero:
            self = .zero
            return
        case Sign.negative: mask = 0xFF
        case Sign.positive: mask = 0x00
        default: throw .invalid("number", at: start)
        }
        let magnitude = Int(try reader.readUInt8() ^ mask) - Self.magnitudeBias
        var coefficient: UInt128 = 0
        var pairCount = 0
        var lastPair: UInt8 = 0
        while true {
            let byte = try reader.readUInt8() ^ mask
            if byte == 0 { break }
            let pair = byte - 1
            guard pair < 100, pairCount < Self.maximumDigitCount / 2, pairCount > 0 || pair >= 10 else {
                throw .invalid("number", at: start)
            }
            // The last pair may be one digit, so each is added only when the next is there.
            if pairCount > 0 { coefficient = coefficient * 100 + UInt128(lastPair) }
            (lastPair, pairCount) = (pair, pairCount + 1)
        }
        guard lastPair > 0 else { throw .invalid("number", at: start) }
        let isOdd = lastPair % 10 == 0
        coefficient = isOdd ? coefficient * 10 + UInt128(lastPair / 10) : coefficient * 100 + UInt128(lastPair)
        let digitCount = pairCount * 2 - (isOdd ? 1 : 0)
        self.init(
            coefficient: coefficient, exponent: Int16(magnitude - digitCount + 1), isNegative: mask != 0)
    }
}
