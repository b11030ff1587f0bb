/// A caller's key: what requests are signed with, and whom a verified request is from.
public struct AccessKey: Equatable, Sendable {
    /// What the caller sends, up to 128 letters, digits, `_` and `-`.
    public let id: String
    /// What only the caller and the region know.
    public let secret: String
    /// Whom the key belongs to, for logs and policies.
    public let name: String?

    public init(id: String, secret: String, name: String? = nil) {
        self.id = id
        self.secret = secret
        self.name = name
    }

    /// Whether `id` can stand in a credential, where `/`, `,`, `=` and spaces separate.
    static func isValid(id: String) -> Bool {
        1...128 ~= id.utf8.count
            && id.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

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
