/// One parameter of a query string, percent-decoded.
struct QueryParameter: Equatable {
    var name: [UInt8]
    var value: [UInt8]
}

/// The path and query of a request, in the canonical form that a signature covers.
///
/// Every call of an operation in JSON goes to `/`, without a query unless it is signed there, so none of this is on the
/// way of an ordinary request.
struct RequestPath {
    /// The part before the question mark, as it came.
    let path: [UInt8]
    let parameters: [QueryParameter]

    init(_ target: String) {
        let parts = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = Array(parts[0])
        guard parts.count == 2 else {
            parameters = []
            return
        }
        parameters = parts[1].split(separator: UInt8(ascii: "&")).map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return QueryParameter(
                name: Self.decode(halves[0]), value: halves.count == 2 ? Self.decode(halves[1]) : [])
        }
    }

    /// The path without `.`, `..` and empty segments, each segment percent-encoded once more, as every service but S3
    /// wants it.
    var canonicalPath: [UInt8] {
        let slash = UInt8(ascii: "/")
        var segments: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: slash) {
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        var canonical: [UInt8] = [slash]
        for (index, segment) in segments.enumerated() {
            if index > 0 { canonical.append(slash) }
            Self.encode(segment, to: &canonical)
        }
        if !segments.isEmpty, path.last == slash { canonical.append(slash) }
        return canonical
    }

    /// The parameters but the signature itself, encoded, sorted by name and then value.
    var canonicalQuery: [UInt8] {
        let encoded = parameters.filter { $0.name != Array("X-Amz-Signature".utf8) }.map { parameter in
            var pair = QueryParameter(name: [], value: [])
            Self.encode(parameter.name[...], to: &pair.name)
            Self.encode(parameter.value[...], to: &pair.value)
            return pair
        }
        let sorted = encoded.sorted { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        return Array(sorted.map { $0.name + [UInt8(ascii: "=")] + $0.value }.joined(separator: [UInt8(ascii: "&")]))
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986.
    private static func encode(_ bytes: ArraySlice<UInt8>, to target: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                target.append(byte)
            default:
                target.append(UInt8(ascii: "%"))
                target.append(digits[Int(byte >> 4)])
                target.append(digits[Int(byte & 15)])
            }
        }
    }

    /// Undoes percent-encoding; a percent sign without two digits stands for itself.
    private static func decode(_ text: Substring.UTF8View) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let high = digits.first.flatMap(digit),
                let low = digits.last.flatMap(digit)
            {
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
