/// Why a text is no DynamoDB number, or why a result cannot be stored as one.
///
/// ``description`` is the text that DynamoDB answers with.
public enum NumberError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text, carried whole, is not the decimal notation of a number.
    case notNumeric(String)
    /// More than ``Number/maximumDigitCount`` digits lie between the first and the last that is not zero.
    case tooManyDigits
    /// The magnitude is 1E+126 or more.
    case overflow
    /// The magnitude is not zero and below 1E-130.
    case underflow

    public var description: String {
        switch self {
        case .notNumeric(""): "The parameter cannot be converted to a numeric value"
        case .notNumeric(let text): "The parameter cannot be converted to a numeric value: \(text)"
        case .tooManyDigits: "Attempting to store more than 38 significant digits in a Number"
        case .overflow:
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        case .underflow:
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        }
    }
}
