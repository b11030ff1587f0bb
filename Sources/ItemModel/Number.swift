/// A DynamoDB number: zero, or a magnitude from 1E-130 to 9.9999999999999999999999999999999999999E+125 of at most 38
/// significant digits, exact and in normal form.
///
/// Source: AWS developer guide, "Supported data types and naming rules".
public struct Number: Sendable, Hashable, Comparable {
    /// The significant digits as an integer below 10^38 that is no multiple of ten; zero for zero.
    public let coefficient: UInt128
    /// The power of ten that the coefficient is multiplied by; zero for zero.
    public let exponent: Int16
    public let isNegative: Bool

    public static let zero = Number(coefficient: 0, exponent: 0, isNegative: false)

    /// Memberwise; the caller upholds the normal form.
    init(coefficient: UInt128, exponent: Int16, isNegative: Bool) {
        self.coefficient = coefficient
        self.exponent = exponent
        self.isNegative = isNegative
    }

    public static func < (left: Number, right: Number) -> Bool { left.exponent < right.exponent }
}
