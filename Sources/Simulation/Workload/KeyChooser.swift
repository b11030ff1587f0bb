import Foundation

/// Draws the numbers of the keys that requests are for.
struct KeyChooser {
    private let distribution: WorkloadPlan.KeyChoice.Distribution
    private var count: Int
    private var zipfian: Zipfian?

    init(_ choice: WorkloadPlan.KeyChoice) {
        distribution = choice.distribution
        count = choice.count
        switch choice.distribution {
        case .zipfian(let constant): zipfian = Zipfian(count: count, constant: constant)
        case .latest: zipfian = Zipfian(count: count, constant: 0.99)
        case .uniform, .hotSet: zipfian = nil
        }
    }

    /// One of the keys that there are.
    mutating func existing(using generator: inout Generator) -> Int {
        switch distribution {
        case .uniform: return generator.below(count)
        case .zipfian:
            // Scattered, so that popular keys do not stand side by side.
            let rank = zipfian?.next(using: &generator) ?? 0
            return Int(Self.scattered(UInt64(rank)) % UInt64(count))
        case .latest: return max(0, count - 1 - (zipfian?.next(using: &generator) ?? 0))
        case .hotSet(let keys, let requests):
            let hot = max(1, min(count, Int(Double(count) * keys)))
            if generator.happens(requests) || hot == count { return generator.below(hot) }
            return hot + generator.below(count - hot)
        }
    }

    /// Stafford's mixer, variant 13.
    private static func scattered(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// A key that was never used.
    mutating func fresh() -> Int {
        count += 1
        return count - 1
    }
}

/// Ranks from zero, the lower the more likely.
///
/// Source: Gray and others, "Quickly Generating Billion-Record Synthetic Databases", 1994, as YCSB has it.
private struct Zipfian {
    private let count: Double
    private let zeta: Double
    private let eta: Double
    private let alpha: Double
    private let constant: Double

    init(count: Int, constant: Double) {
        self.count = Double(count)
        // The formula divides by one minus the constant.
        let constant = constant == 1 ? 0.9999 : constant
        self.constant = constant
        zeta = (1...max(1, count)).reduce(0) { $0 + 1 / pow(Double($1), constant) }
        let zetaOfTwo = 1 + 1 / pow(2, constant)
        alpha = 1 / (1 - constant)
        eta = (1 - pow(2 / Double(count), 1 - constant)) / (1 - zetaOfTwo / zeta)
    }

    func next(using generator: inout Generator) -> Int {
        let unit = generator.unit()
        let scaled = unit * zeta
        if scaled < 1 { return 0 }
        if scaled < 1 + pow(0.5, constant) { return min(1, Int(count) - 1) }
        return min(Int(count) - 1, max(0, Int(count * pow(eta * unit - eta + 1, alpha))))
    }
}
