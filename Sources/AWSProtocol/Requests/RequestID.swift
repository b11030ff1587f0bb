/// The 256-bit identifier of one request, sent as `x-amzn-RequestId`.
///
/// Its text is 52 characters of base32hex in capitals, five bits a character from the most significant bit on; the last
/// character carries one bit and four zeros.
public struct RequestID: Equatable, Sendable {
    /// The length of the text.
    public static let characterCount = 52

    private let words: (UInt64, UInt64, UInt64, UInt64)

    private static let alphabet: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

    init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    public static func == (left: RequestID, right: RequestID) -> Bool {
        left.words == right.words
    }

    /// The identifier as clients see it.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.characterCount) { write(to: UnsafeMutableRawBufferPointer($0)) }
    }

    /// Writes the 52 characters at the start of `target`, which must have room for them.
    @discardableResult
    public func write(to target: UnsafeMutableRawBufferPointer) -> Int {
        precondition(target.count >= Self.characterCount, "no room for a request identifier")
        let alphabet = Self.alphabet.utf8Start
        var rest = words
        for index in 0..<Self.characterCount {
            target[index] = alphabet[Int(rest.0 &>> 59)]
            rest.0 = rest.0 &<< 5 | rest.1 &>> 59
            rest.1 = rest.1 &<< 5 | rest.2 &>> 59
            rest.2 = rest.2 &<< 5 | rest.3 &>> 59
            rest.3 = rest.3 &<< 5
        }
        return Self.characterCount
    }
}

/// Draws request identifiers without a system call: xoshiro256** (Blackman and Vigna, 2018) from a random seed.
///
/// Identifiers have to be unique, not unguessable. Each event loop has a source of its own, seeded with 256 random
/// bits.
public struct RequestIDSource {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seededBy random: inout some RandomNumberGenerator) {
        // An all-zero state would stay zero for ever.
        state = (random.next(), random.next(), random.next(), random.next() | 1)
    }

    public mutating func next() -> RequestID {
        RequestID(nextWord(), nextWord(), nextWord(), nextWord())
    }

    private mutating func nextWord() -> UInt64 {
        let result = Self.rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 &<< 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotate(state.3, by: 45)
        return result
    }

    private static func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
        word &<< count | word &>> (64 - count)
    }
}
