import ItemModel
import TestSupport

/// Values of every type, small and nested, with the bytes and lengths at which forms change.
struct RandomItems {
    var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func item() -> Item {
        var item = Item()
        for _ in 0..<generator.below(7) { item[text()] = value(levels: 3) }
        return item
    }

    mutating func value(levels: Int) -> AttributeValue {
        switch generator.below(levels > 0 ? 11 : 8) {
        case 0: return .string(text())
        case 1: return .number(number())
        case 2: return .binary(binary())
        case 3: return .bool(generator.chance(1, of: 2))
        case 4: return .null
        case 5: return set(of: { $0.text() }, AttributeValue.makeStringSet)
        case 6: return set(of: { $0.number() }, AttributeValue.makeNumberSet)
        case 7: return set(of: { $0.binary() }, AttributeValue.makeBinarySet)
        case 8: return .list((0..<generator.below(5)).map { _ in value(levels: levels - 1) })
        default:
            var map = AttributeMap()
            for _ in 0..<generator.below(5) { map[text()] = value(levels: levels - 1) }
            return .map(map)
        }
    }

    mutating func text() -> Text {
        let scalars = ["a", "b", "\u{0}", "\u{1}", "é", "e\u{301}", "\u{FFFF}", "😀", "z", "\u{7F}"]
        let count = generator.chance(1, of: 20) ? 120 + generator.below(20) : generator.below(5)
        return Text((0..<count).map { _ in scalars[generator.below(scalars.count)] }.joined())
    }

    mutating func binary() -> [UInt8] {
        let alphabet: [UInt8] = [0x00, 0x01, 0x02, 0x7F, 0xFE, 0xFF]
        let count = generator.chance(1, of: 20) ? 120 + generator.below(20) : generator.below(5)
        return (0..<count).map { _ in alphabet[generator.below(alphabet.count)] }
    }

    mutating func number() -> Number {
        while true {
            if let number = try? Number(randomNotation(&generator)) { return number }
        }
    }

    private mutating func set<Element: Hashable>(
        of element: (inout Self) -> Element, _ make: ([Element]) -> AttributeValue?
    ) -> AttributeValue {
        var elements: [Element] = []
        for _ in 0...generator.below(5) {
            let next = element(&self)
            if !elements.contains(next) { elements.append(next) }
        }
        return make(elements) ?? .null
    }
}

/// The bytes that `hex` writes, white space aside.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// What hostile or broken bytes may look like when `original` was sent: cut, with bits flipped, or mixed with noise.
func mutated(_ original: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var bytes = original
    guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: generator.next())] }
    switch generator.below(5) {
    case 0: bytes.removeLast(1 + generator.below(bytes.count))
    case 1: bytes[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
    case 2: bytes[generator.below(bytes.count)] = [0, 1, 0x7F, 0x80, 0xFF][generator.below(5)]
    case 3: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: generator.below(bytes.count + 1))
    default: bytes.append(contentsOf: generator.bytes(count: 1 + generator.below(4)))
    }
    return bytes
}
