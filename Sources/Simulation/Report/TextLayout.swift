/// Lines and columns for a terminal.
struct TextLayout {
    /// The most columns of wrapped text.
    static let width = 80

    var isColoured = false

    /// `PASSED` or `FAILED`.
    func verdict(_ hasPassed: Bool) -> String {
        hasPassed ? coloured("PASSED", code: "1;32") : coloured("FAILED", code: "1;31")
    }

    /// What stands before something that holds, or does not.
    func mark(_ holds: Bool) -> String { holds ? coloured("✓", code: "32") : coloured("✗", code: "31") }

    private func coloured(_ text: String, code: String) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// The rows with their columns below each other: the first ones begin together, the others end together.
    func aligned(_ rows: [[String]], textColumns: Int) -> [String] {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += column < textColumns ? cell + space : space + cell
                line += "  "
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    /// A text after a mark, broken at spaces, with the lines after the first one below the text.
    func wrapped(_ text: String, mark: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            if !line.isEmpty, 4 + line.count + 1 + word.count > Self.width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        lines.append(line)
        return lines.enumerated().map { ($0.offset == 0 ? "  \(mark) " : "    ") + $0.element }
    }
}
