/// The seeds of many runs: from one to another, both included.
///
/// It is written as `1...1000`; a single number is a range of one.
public struct SeedRange: Sendable, Equatable, CustomStringConvertible {
    public let first: UInt64
    public let last: UInt64

    /// The seeds from the lower bound to the upper one.
    public init(_ range: ClosedRange<UInt64>) {
        (first, last) = (range.lowerBound, range.upperBound)
    }

    /// Reads a range as users write it.
    ///
    /// - Returns: nil for anything but `first...last` with `first` not above `last`, or one number; both from 0 to 2⁶⁴ - 1.
    public init?(parsing text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first.flatMap({ UInt64($0) }), let last = parts.last.flatMap({ UInt64($0) }),
            first <= last, parts.count == 1 || (parts.count == 4 && parts[1].isEmpty && parts[2].isEmpty)
        else { return nil }
        (self.first, self.last) = (first, last)
    }

    /// How many seeds there are; the greatest number where there are more than that.
    public var count: Int { last - first >= UInt64(Int.max) ? .max : Int(last - first) + 1 }

    public var description: String { first == last ? "\(first)" : "\(first)...\(last)" }
}
