/// A DynamoDB number: zero, or a magnitude from 1E-130 to 9.9999999999999999999999999999999999999E+125 of at most 38
/// significant digits, exact and in normal form.
///
/// Every value has one representation, so equality and hashing are those of the members. The range is that of the
/// magnitude alone: the last digit of a small number may lie as far down as 1E-167.
///
/// Source: AWS developer guide, "Supported data types and naming rules".
public struct Number: Sendable, Hashable, Comparable, ExpressibleByIntegerLiteral {
    /// The significant digits as an integer below 10^38 that is no multiple of ten; zero for zero.
    public let coefficient: UInt128
    /// The power of ten that the coefficient is multiplied by; zero for zero.
    public let exponent: Int16
    /// Whether the number is below zero.
    public let isNegative: Bool

    public static let zero = Number(coefficient: 0, exponent: 0, isNegative: false)

    /// The most significant digits that a number has.
    public static let maximumDigitCount = 38
    /// The power of ten of the first digit of a number that is not zero.
    public static let magnitudeRange = -130...125

    /// Memberwise; the caller upholds the normal form.
    init(coefficient: UInt128, exponent: Int16, isNegative: Bool) {
        self.coefficient = coefficient
        self.exponent = exponent
        self.isNegative = isNegative
    }

    /// Takes `coefficient` times ten to the power of `exponent` into normal form.
    ///
    /// DynamoDB complains about the range before it complains about the number of digits, and so does this.
    init(normalizing coefficient: UInt128, exponent: Int, isNegative: Bool) throws(NumberError) {
        let (stripped, zeroCount) = Self.strippingTrailingZeros(coefficient)
        try self.init(
            coefficient: stripped, digitCount: Self.digitCount(of: stripped), exponent: exponent + zeroCount,
            isNegative: isNegative)
    }

    /// Checks range and length of a number whose coefficient is no multiple of ten.
    ///
    /// - Parameter digitCount: how many digits the coefficient has; where there are more than a number can hold, the
    ///   coefficient itself is not looked at.
    init(coefficient: UInt128, digitCount: Int, exponent: Int, isNegative: Bool) throws(NumberError) {
        guard digitCount > 0 else {
            self = .zero
            return
        }
        let magnitude = exponent + digitCount - 1
        guard magnitude <= Self.magnitudeRange.upperBound else { throw .overflow }
        guard magnitude >= Self.magnitudeRange.lowerBound else { throw .underflow }
        guard digitCount <= Self.maximumDigitCount else { throw .tooManyDigits }
        self.init(coefficient: coefficient, exponent: Int16(exponent), isNegative: isNegative)
    }

    public init(_ integer: Int) {
        let (coefficient, exponent) = Self.strippingTrailingZeros(UInt128(integer.magnitude))
        self.init(coefficient: coefficient, exponent: Int16(exponent), isNegative: integer < 0)
    }

    public init(integerLiteral value: Int) { self.init(value) }

    public var isZero: Bool { coefficient == 0 }

    /// How many digits lie between the first and the last that is not zero, both included; zero has none.
    public var significantDigitCount: Int { Self.digitCount(of: coefficient) }

    /// How many digits to the base of a hundred lie between the first and the last that is not zero, both included; zero has none.
    ///
    /// They come in pairs from the decimal point on, so that 1.5 has two and 15 has one.
    public var centesimalDigitCount: Int {
        isZero ? 0 : (magnitude >> 1) - (Int(exponent) >> 1) + 1
    }

    /// The power of ten of the first digit, in ``magnitudeRange``; zero for zero.
    var magnitude: Int { isZero ? 0 : Int(exponent) + significantDigitCount - 1 }

    /// The number as an `Int`; nil where it has a fraction or lies outside of `Int`.
    public var intValue: Int? {
        guard exponent >= 0, exponent < 20 else { return nil }
        let (product, overflow) = coefficient.multipliedReportingOverflow(by: Self.powersOfTen[Int(exponent)])
        guard !overflow, product <= UInt128(Int.max) + 1 else { return nil }
        return isNegative ? Int(exactly: -Int128(product)) : Int(exactly: product)
    }

    /// Orders by value, exactly, whatever the exponents.
    public static func < (left: Number, right: Number) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative
            ? magnitudePrecedes(right, left)
            : magnitudePrecedes(left, right)
    }

    /// Whether the absolute value of `left` is below that of `right`.
    static func magnitudePrecedes(_ left: Number, _ right: Number) -> Bool {
        if left.exponent == right.exponent { return left.coefficient < right.coefficient }
        if left.isZero || right.isZero { return !right.isZero }
        let (leftCount, rightCount) = (left.significantDigitCount, right.significantDigitCount)
        let leftMagnitude = Int(left.exponent) + leftCount
        let rightMagnitude = Int(right.exponent) + rightCount
        guard leftMagnitude == rightMagnitude else { return leftMagnitude < rightMagnitude }
        // The first digits stand in the same place, so bringing both to the same number of digits aligns them, below 10^38.
        return leftCount < rightCount
            ? left.coefficient * powersOfTen[rightCount - leftCount] < right.coefficient
            : left.coefficient < right.coefficient * powersOfTen[leftCount - rightCount]
    }
}
