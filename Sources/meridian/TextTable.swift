/// Rows of text under headings, in columns as wide as their longest cell.
struct TextTable {
    private let columns: [Column]
    private var rows: [[String]] = []

    /// A column's heading, and on which side its cells stand.
    struct Column {
        let heading: String
        let isNumeric: Bool

        static func text(_ heading: String) -> Column { Column(heading: heading, isNumeric: false) }

        static func number(_ heading: String) -> Column { Column(heading: heading, isNumeric: true) }
    }

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; cells that are missing are empty.
    mutating func add(_ cells: [String]) {
        rows.append(cells + [String](repeating: "", count: max(0, columns.count - cells.count)))
    }

    /// The table's lines.
    var lines: [String] {
        let widths = columns.indices.map { index in
            rows.reduce(columns[index].heading.count) { max($0, $1[index].count) }
        }
        return ([columns.map(\.heading)] + rows).map { row in
            var line = ""
            for (index, column) in columns.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - row[index].count)
                line += column.isNumeric ? padding + row[index] : row[index] + padding
                line += "  "
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
