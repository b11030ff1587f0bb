/// Comma-separated values as RFC 4180 has them, with line feeds between rows.
enum CSVText {
    /// Rows of fields, the names of the columns first.
    static func table(_ rows: [[String]]) -> String { rows.map { line($0) + "\n" }.joined() }

    /// One row, without a line feed.
    static func line(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") }

    /// A field, in quotes where it needs them.
    private static func quoted(_ text: String) -> String {
        guard
            text.utf8.contains(where: {
                [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\r"), 0x0A].contains($0)
            })
        else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
