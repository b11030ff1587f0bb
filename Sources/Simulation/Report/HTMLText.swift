/// Text and tables as HTML.
enum HTMLText {
    /// The text with what means something in HTML escaped, in elements and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // HTML has no control characters but white space.
            case _ where scalar.value < 0x20 && ![0x09, 0x0A, 0x0D].contains(scalar.value): escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A table that stays one where there is little room, and can be moved sideways there.
    static func plainTable(columns: [String], rows: [[String]]) -> String {
        let heads = columns.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            "<tr>"
                + row.enumerated().map { index, cell in
                    index == 0 ? "<th scope=\"row\">\(escaped(cell))</th>" : "<td>\(escaped(cell))</td>"
                }.joined() + "</tr>"
        }
        return
            "<table class=\"plain-table\"><thead><tr>\(heads)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table>"
    }

    /// A table whose cells say their column themselves where there is no room for columns.
    static func table(_ caption: String, columns: [String], rows: [[String]]) -> String {
        let heads = columns.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            zip(columns, row).enumerated().map { index, cell in
                index == 0
                    ? "<th scope=\"row\">\(escaped(cell.1))</th>"
                    : "<td data-column=\"\(escaped(cell.0))\">\(escaped(cell.1))</td>"
            }.joined()
        }
        return """
            <section class="card"><h2>\(escaped(caption))</h2>
            <table><thead><tr>\(heads)</tr></thead>
            <tbody>\(body.map { "<tr>\($0)</tr>" }.joined(separator: "\n"))</tbody></table></section>
            """
    }
}
