extension Number {
    /// Reads a number as a client writes it: an optional sign, digits with an optional fraction, an optional exponent.
    ///
    /// Leading and trailing zeros mean nothing, and either side of the point may be empty, not both. The time is linear
    /// in the length and nothing is allocated, whatever the exponent says.
    ///
    /// - Parameter bytes: the number's text in UTF-8.
    public init(parsing bytes: Span<UInt8>) throws(NumberError) {
        var literal = NumberLiteral()
        guard literal.scan(bytes) else {
            throw .notNumeric(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
        try self.init(
            coefficient: literal.coefficient, digitCount: literal.digitCount, exponent: literal.exponent,
            isNegative: literal.isNegative)
    }

    /// Reads a number from the UTF-8 bytes of any collection.
    public init(parsing bytes: some Collection<UInt8>) throws(NumberError) {
        let result = bytes.withContiguousStorageIfAvailable { Self.parse($0.span) }
        self = try (result ?? Self.parse(Array(bytes).span)).get()
    }

    public init(parsing text: Text) throws(NumberError) { try self.init(parsing: text.utf8.span) }

    public init(_ string: String) throws(NumberError) { try self.init(parsing: string.utf8.span) }

    /// Parses into a `Result`, which passes through closures that cannot throw a typed error.
    private static func parse(_ bytes: Span<UInt8>) -> Result<Number, NumberError> {
        do throws(NumberError) {
            return .success(try Number(parsing: bytes))
        } catch {
            return .failure(error)
        }
    }
}

/// What one pass over the text of a number finds.
private struct NumberLiteral {
    /// The digits from the first to the last that is not zero; of meaning only while ``digitCount`` is in range.
    var coefficient: UInt128 = 0
    /// How many digits ``coefficient`` has, or would have.
    var digitCount = 0
    /// The power of ten of the coefficient's last digit.
    var exponent = 0
    var isNegative = false

    private var hasDigits = false
    /// The zeros since the last digit that was not zero: part of the coefficient only when another such digit follows.
    private var pendingZeroCount = 0

    /// An exponent further out than this is out of range however many digits stand before it.
    private static let exponentLimit = 1 << 56

    /// Whether `bytes` are the notation of a number.
    mutating func scan(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        isNegative = Self.scanSign(bytes, at: &index)
        scanDigits(bytes, at: &index)
        var fractionCount = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            scanDigits(bytes, at: &index)
            fractionCount = index - start
        }
        guard hasDigits else { return false }
        var writtenExponent = 0
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            guard let value = Self.scanExponent(bytes, at: &index) else { return false }
            writtenExponent = value
        }
        exponent = writtenExponent - fractionCount + pendingZeroCount
        return index == bytes.count
    }

    private mutating func scanDigits(_ bytes: Span<UInt8>, at index: inout Int) {
        while index < bytes.count, let digit = Self.digit(bytes[index]) {
            hasDigits = true
            index += 1
            if digit == 0 {
                if digitCount > 0 { pendingZeroCount += 1 }
                continue
            }
            digitCount += pendingZeroCount + 1
            if digitCount <= Number.maximumDigitCount {
                let scale = pendingZeroCount == 0 ? 10 : Number.powersOfTen[pendingZeroCount + 1]
                coefficient = coefficient * scale + UInt128(digit)
            }
            pendingZeroCount = 0
        }
    }

    private static func scanExponent(_ bytes: Span<UInt8>, at index: inout Int) -> Int? {
        let isNegative = scanSign(bytes, at: &index)
        let start = index
        var value = 0
        while index < bytes.count, let digit = digit(bytes[index]) {
            index += 1
            if value < exponentLimit { value = value * 10 + Int(digit) }
        }
        guard index > start else { return nil }
        return isNegative ? -value : value
    }

    /// Steps over a sign; true for a minus.
    private static func scanSign(_ bytes: Span<UInt8>, at index: inout Int) -> Bool {
        guard index < bytes.count else { return false }
        let byte = bytes[index]
        if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { index += 1 }
        return byte == UInt8(ascii: "-")
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }
}
