/// What a client signs requests with.
public struct Credential: Equatable, Sendable {
    /// What the client sends to say which secret it holds.
    public let accessKeyID: String
    /// What only the client and the service know.
    public let secret: String

    public init(accessKeyID: String, secret: String) {
        self.accessKeyID = accessKeyID
        self.secret = secret
    }
}

/// The credentials that a server knows, found by the bytes of their access key's identifier.
public struct CredentialTable: Sendable {
    private struct Entry {
        let accessKeyID: [UInt8]
        let credential: Credential
        /// Where the credential stands in the list that the table was made from.
        let index: Int
    }

    /// In the order of their identifiers' bytes.
    private let entries: [Entry]

    /// Keeps `credentials`; of two with one identifier the later one counts.
    public init(_ credentials: [Credential]) {
        var sorted: [Entry] = []
        let unsorted = credentials.enumerated().map { index, credential in
            Entry(accessKeyID: Array(credential.accessKeyID.utf8), credential: credential, index: index)
        }
        for entry in unsorted.sorted(by: Self.precedes) {
            if sorted.last?.accessKeyID == entry.accessKeyID { sorted.removeLast() }
            sorted.append(entry)
        }
        entries = sorted
    }

    /// How many credentials there are.
    public var count: Int { entries.count }

    subscript(slot: Int) -> Credential { entries[slot].credential }

    /// Where the credential in `slot` stands in the list that the table was made from.
    func index(at slot: Int) -> Int { entries[slot].index }

    /// The slot of the credential whose access key has that identifier.
    func slot(of accessKeyID: Span<UInt8>) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            let candidate = entries[middle].accessKeyID
            switch Self.compare(candidate.span, accessKeyID) {
            case 0: return middle
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return nil
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.accessKeyID == right.accessKeyID
            ? left.index < right.index : left.accessKeyID.lexicographicallyPrecedes(right.accessKeyID)
    }

    /// Less than, equal to or greater than zero as `left` sorts before, with or after `right` by bytes.
    private static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }
}
