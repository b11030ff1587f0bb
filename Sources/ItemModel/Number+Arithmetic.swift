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

    /// What is wrong with a sum for which 128 bits do not suffice once `high` is brought to the exponent of `low`.
    ///
    /// Such a `high` is above 3.4E+38 units of the last digit of `low`, and `low` is below 1E+38 of them, so that sum and
    /// difference alike have at least 39 digits before any zeros are stripped. None can be stripped: in that place `high` has
    /// a zero and `low`, being in normal form, has none. What is left to find out is whether the sum leaves the range,
    /// which DynamoDB reports first, and for that the fraction that `low` adds to the digits of `high` does not count.
    private static func errorOfTooLongSum(_ high: Number, _ low: Number) -> NumberError {
        guard high.isNegative == low.isNegative else { return .tooManyDigits }
        let shift = Int(high.exponent) - Int(low.exponent)
        let carried = shift < powersOfTen.count ? low.coefficient / powersOfTen[shift] : 0
        let magnitude = Int(high.exponent) + digitCount(of: high.coefficient + carried) - 1
        return magnitude > magnitudeRange.upperBound ? .overflow : .tooManyDigits
    }
}
