/// The header fields of one request as bytes in one reused buffer: names in lower case, values as they came.
///
/// Whoever receives requests has one, refilled for each request, so that looking up fields, reading the signature's
/// parameters and building the canonical request work on bytes in place and allocate nothing once the buffer has grown.
public struct HeaderTable: Sendable {
    /// Where a field lies in `bytes`.
    struct Field {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// The fields that a server of these protocols reads.
    public enum Known: Int, CaseIterable, Sendable {
        case acceptEncoding, accessControlRequestHeaders, accessControlRequestMethod, authorization, contentEncoding
        case contentLength, contentType, date, expect, host, origin, amzContentSHA256, amzDate, amzSecurityToken,
            amzTarget

        var name: StaticString {
            switch self {
            case .acceptEncoding: "accept-encoding"
            case .accessControlRequestHeaders: "access-control-request-headers"
            case .accessControlRequestMethod: "access-control-request-method"
            case .authorization: "authorization"
            case .contentEncoding: "content-encoding"
            case .contentLength: "content-length"
            case .contentType: "content-type"
            case .date: "date"
            case .expect: "expect"
            case .host: "host"
            case .origin: "origin"
            case .amzContentSHA256: "x-amz-content-sha256"
            case .amzDate: "x-amz-date"
            case .amzSecurityToken: "x-amz-security-token"
            case .amzTarget: "x-amz-target"
            }
        }
    }

    /// Names and values, then whatever the signature's parser put behind them.
    public private(set) var bytes: [UInt8] = []
    private(set) var fields: [Field] = []
    /// For each known field the index of its first appearance, or -1.
    private var known = InlineArray<15, Int16>(repeating: -1)
    /// The value of `X-Amz-Target`, which outlives the buffer's next filling.
    public private(set) var target = ""

    /// The longest name that is in `Known`; longer ones are not looked at.
    private static let knownNameLengthMax = 30
    /// For each length, the known fields whose names are that long.
    private static let knownByLength: [[(field: Known, name: StaticString)]] = (0...knownNameLengthMax).map { length in
        Known.allCases.filter { $0.name.utf8CodeUnitCount == length }.map { ($0, $0.name) }
    }

    public init() {}

    /// Empties the table for the next request, keeping its memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        known = InlineArray<15, Int16>(repeating: -1)
        target = ""
    }

    /// Adds a field behind those that are there.
    public mutating func append(name: String, value: String) {
        let nameRange = append(contentsOf: name)
        lowercase(nameRange)
        let valueRange = append(contentsOf: value)
        note(nameRange, value)
        fields.append(Field(name: nameRange, value: valueRange))
    }

    /// The value of a known field's first appearance, as a range of `bytes`.
    public func value(of field: Known) -> Range<Int>? {
        let index = known[field.rawValue]
        return index < 0 ? nil : fields[Int(index)].value
    }

    /// Whether the request has the field.
    public func has(_ field: Known) -> Bool {
        known[field.rawValue] >= 0
    }

    /// A known field's value as text; an allocation, so for the rare paths.
    public func text(of field: Known) -> String? {
        value(of: field).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// Whether the bytes of `range` are `literal`; letters of either case when `ignoringCase`, and `literal` is
    /// lower-case.
    public func equals(_ range: Range<Int>, _ literal: StaticString, ignoringCase: Bool = false) -> Bool {
        guard range.count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { expected in
            for (offset, index) in range.enumerated() {
                let byte = bytes[index]
                let folded = ignoringCase && 0x41...0x5A ~= byte ? byte | 0x20 : byte
                guard folded == expected[offset] else { return false }
            }
            return true
        }
    }

    /// Appends bytes that are no header, for a parser that needs them beside the headers; returns where they lie.
    mutating func append(_ text: some Sequence<UInt8>) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: text)
        return start..<bytes.count
    }

    /// Turns the capital letters in `range` into small ones.
    mutating func lowercase(_ range: Range<Int>) {
        for index in range where 0x41...0x5A ~= bytes[index] {
            bytes[index] |= 0x20
        }
    }

    /// Remembers the field's index when it is a known one that appears for the first time.
    private mutating func note(_ name: Range<Int>, _ value: String) {
        guard name.count <= Self.knownNameLengthMax, fields.count < Int(Int16.max) else { return }
        for candidate in Self.knownByLength[name.count] where equals(name, candidate.name) {
            guard known[candidate.field.rawValue] < 0 else { return }
            known[candidate.field.rawValue] = Int16(fields.count)
            if candidate.field == .amzTarget { target = value }
            return
        }
    }

    private mutating func append(contentsOf text: String) -> Range<Int> {
        let start = bytes.count
        if text.utf8.withContiguousStorageIfAvailable({ bytes.append(contentsOf: $0) }) == nil {
            bytes.append(contentsOf: text.utf8)
        }
        return start..<bytes.count
    }
}
