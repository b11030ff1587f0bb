extension Number {
    public static prefix func - (number: Number) -> Number {
        Number(
            coefficient: number.coefficient, exponent: number.exponent,
            isNegative: !number.isNegative && !number.isZero)
    }

    /// The exact difference; the errors are those of ``adding(_:)``.
    public func subtracting(_ other: Number) throws(NumberError) -> Number { try adding(-other) }

    /// The exact sum, as `SET` and `ADD` of an update compute it.
    ///
    /// Nothing is ever rounded: a sum that needs more than 38 digits is an error, as it is in DynamoDB.
    public func adding(_ other: Number) throws(NumberError) -> Number {
        if isZero { return other }
        if other.isZero { return self }
        let (high, low) = exponent >= other.exponent ? (self, other) : (other, self)
        guard let scaled = high.coefficient(at: low.exponent) else { throw Self.errorOfTooLongSum(high, low) }
        if high.isNegative == low.isNegative {
            let (sum, overflow) = scaled.addingReportingOverflow(low.coefficient)
            guard !overflow else { throw Self.errorOfTooLongSum(high, low) }
            return try Number(normalizing: sum, exponent: Int(low.exponent), isNegative: low.isNegative)
        }
        return scaled >= low.coefficient
            ? try Number(
                normalizing: scaled - low.coefficient, exponent: Int(low.exponent), isNegative: high.isNegative)
            : try Number(
                normalizing: low.coefficient - scaled, exponent: Int(low.exponent), isNegative: low.isNegative)
    }

    /// The coefficient that the number would have at a lower exponent; nil where it passes 128 bits.
    private func coefficient(at lowerExponent: Int16) -> UInt128? {
        let shift = Int(exponent) - Int(lowerExponent)
        guard shift < Self.powersOfTen.count else { return nil }
        let (product, overflow) = coefficient.multipliedReportingOverflow(by: Self.powersOfTen[shift])
        return overflow ? nil : product
    }

    /// What is wrong with a sum that passes 128 bits in units of the last digit of `low`.
    ///
    /// There `high`, or the sum of two of one sign, is above 3.4E+38, and `low` is below 1E+38, so that the result has at
    /// least 39 digits. None of them is a zero to strip: in the last place `high`, scaled, has a zero and `low`, being in
    /// normal form, has none. What is left to find out is whether the result leaves the range, which DynamoDB reports
    /// first, and for that it does not matter what `low` adds below the last digit of `high`.
    private static func errorOfTooLongSum(_ high: Number, _ low: Number) -> NumberError {
        guard high.isNegative == low.isNegative else { return .tooManyDigits }
        let shift = Int(high.exponent) - Int(low.exponent)
        let carried = shift < powersOfTen.count ? low.coefficient / powersOfTen[shift] : 0
        let magnitude = Int(high.exponent) + digitCount(of: high.coefficient + carried) - 1
        return magnitude > magnitudeRange.upperBound ? .overflow : .tooManyDigits
    }
}
