import Foundation

/// All of a simulation's chance, from one seed, split by purpose: a draw more in one place shifts no other place's draws.
public struct Randomness: Sendable {
    public let seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// The generator of one purpose, such as `network/1-2`.
    ///
    /// The same purpose gives the same numbers in every run of the seed.
    public func generator(for purpose: String) -> Generator {
        // FNV-1a, by Fowler, Noll and Vo, over the purpose; then mixed with the seed.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Generator(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ hash)
    }
}

/// xoshiro256**, by Blackman and Vigna, 2018, seeded through SplitMix64.
public struct Generator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var mixed = mixer
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
        state = (next(), next(), next(), next())
    }

    public mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 { value << count | value >> (64 - count) }

    /// From 0 up to but not including 1, with 53 random bits.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// One of several, each equally often; of none it cannot be asked.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// Whether something of that probability, 0 to 1, happens.
    public mutating func happens(_ probability: Double) -> Bool { probability > 0 && unit() < probability }

    /// A whole number below `bound`, which must be positive.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Exponentially distributed, with that mean.
    public mutating func exponential(mean: Double) -> Double { -mean * log(1 - unit()) }

    /// A factor around 1 whose logarithm is normally distributed, with that standard deviation.
    public mutating func logNormal(sigma: Double) -> Double { sigma == 0 ? 1 : exp(sigma * normal()) }

    /// Normally distributed, with mean 0 and standard deviation 1: Box and Muller, 1958.
    public mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }

    /// Evenly distributed over the range.
    public mutating func duration(in range: ClosedRange<VirtualDuration>) -> VirtualDuration {
        let width = range.upperBound.nanoseconds - range.lowerBound.nanoseconds
        return VirtualDuration(nanoseconds: range.lowerBound.nanoseconds + (width == 0 ? 0 : next() % (width &+ 1)))
    }
}
