public import ConfigurationFiles

/// The access keys that a region knows, found by the bytes of their identifier.
public struct AccessKeys: Sendable {
    /// In the order of their identifiers' bytes.
    private let keys: [AccessKey]
    private let identifiers: [[UInt8]]

    /// Keeps `keys`; of two with one identifier the later one counts.
    public init(_ keys: [AccessKey]) {
        var sorted: [(identifier: [UInt8], key: AccessKey)] = []
        for key in keys.map({ (identifier: Array($0.id.utf8), key: $0) })
            .sorted(by: { $0.identifier.lexicographicallyPrecedes($1.identifier) })
        {
            if sorted.last?.identifier == key.identifier { sorted.removeLast() }
            sorted.append(key)
        }
        self.keys = sorted.map(\.key)
        identifiers = sorted.map(\.identifier)
    }

    /// Whether there is no key, so that no request can be verified.
    public var isEmpty: Bool { keys.isEmpty }

    /// How many keys there are.
    public var count: Int { keys.count }

    subscript(index: Int) -> AccessKey { keys[index] }

    /// The index of the key whose identifier is `identifier`.
    func index(of identifier: Span<UInt8>) -> Int? {
        var low = 0
        var high = identifiers.count
        while low < high {
            let middle = low + (high - low) / 2
            let candidate = identifiers[middle]
            switch Self.compare(candidate.span, identifier) {
            case 0: return middle
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return nil
    }

    /// Less than, equal to or greater than zero as `left` sorts before, with or after `right` by bytes.
    private static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }
}
