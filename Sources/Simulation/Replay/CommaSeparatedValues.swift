/// The rows of a text of comma-separated values, each with the line that it begins in: RFC 4180, with lines that end in LF or CR LF.
///
/// Empty lines and a byte order mark are skipped, as are lines that begin with `#`.
struct CommaSeparatedValues {
    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    /// What is wrong with a row, and in which line.
    struct Problem: Error, Equatable {
        let line: Int
        let text: String
    }

    private static let quote = UInt8(ascii: "\"")
    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let comma = UInt8(ascii: ",")

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    /// The next row; nil at the end.
    mutating func next() throws(Problem) -> (line: Int, fields: [String])? {
        skipEmptyLines()
        guard place < bytes.count else { return nil }
        let first = line
        var fields: [String] = []
        while true {
            fields.append(try field(of: first))
            guard place < bytes.count else { return (first, fields) }
            let byte = bytes[place]
            place += 1
            guard byte == Self.comma else {
                // A line feed, alone or behind its carriage return.
                if byte == Self.carriageReturn { place += 1 }
                line += 1
                return (first, fields)
            }
        }
    }

    private mutating func skipEmptyLines() {
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "#") {
                while place < bytes.count, bytes[place] != Self.newline { place += 1 }
            }
            guard let length = lineEndLength else { return }
            place += length
            line += 1
        }
    }

    /// How many bytes end a line here; nil where none does.
    private var lineEndLength: Int? {
        guard place < bytes.count else { return nil }
        if bytes[place] == Self.newline { return 1 }
        let hasPair = bytes[place] == Self.carriageReturn && place + 1 < bytes.count && bytes[place + 1] == Self.newline
        return hasPair ? 2 : nil
    }

    /// Reads a field up to the comma or the end of the line behind it.
    private mutating func field(of row: Int) throws(Problem) -> String {
        guard place < bytes.count, bytes[place] == Self.quote else {
            let start = place
            while place < bytes.count, bytes[place] != Self.comma, lineEndLength == nil {
                if bytes[place] == Self.quote {
                    throw Problem(line: row, text: "a quotation mark in a field without any")
                }
                place += 1
            }
            return try text(bytes[start..<place], of: row)
        }
        place += 1
        var content: [UInt8] = []
        while true {
            guard place < bytes.count else { throw Problem(line: row, text: "a field in quotation marks has no end") }
            let byte = bytes[place]
            place += 1
            if byte == Self.newline { line += 1 }
            guard byte == Self.quote else {
                content.append(byte)
                continue
            }
            guard place < bytes.count, bytes[place] == Self.quote else { break }
            content.append(byte)
            place += 1
        }
        guard place == bytes.count || bytes[place] == Self.comma || lineEndLength != nil else {
            throw Problem(line: row, text: "more text behind a field in quotation marks")
        }
        return try text(content[...], of: row)
    }

    private func text(_ bytes: ArraySlice<UInt8>, of row: Int) throws(Problem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Problem(line: row, text: "not UTF-8") }
        return text
    }

    /// A field as it stands in a row: in quotation marks where it has to be.
    static func field(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { ![comma, quote, newline, carriageReturn].contains($0) }
        // A row that begins with this is a comment.
        if isPlain, !text.hasPrefix("#") { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    static func row(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") }

    /// Rows with line feeds, the names of the columns first.
    static func table(_ rows: [[String]]) -> String { rows.map { row($0) + "\n" }.joined() }
}
