extension HTMLReport {
    /// The row for what strikes no region in particular.
    private static let everywhere = "everywhere"

    /// The faults as numbered bars in the rows of the regions that they struck, with a list of what the numbers mean.
    static func timeline(of result: RunResult) -> String {
        guard !result.faults.isEmpty else {
            return "<section class=\"card\"><h2>Faults</h2><p class=\"empty\">Nothing went wrong.</p></section>"
        }
        let axis = TimeAxis(totalSeconds: result.totalSeconds)
        let faults = Array(result.faults.enumerated())
        var rows = result.regions.map { region in
            (name: region, faults: faults.filter { $0.element.regions.contains(region) })
        }
        let others = faults.filter { fault in !fault.element.regions.contains(where: result.regions.contains) }
        if !others.isEmpty { rows.append((everywhere, others)) }
        let bars = rows.map { row in
            "<div class=\"row\"><span class=\"place\">\(HTMLText.escaped(row.name))</span>"
                + "<div class=\"lanes\">\(lanes(row.faults, axis, in: row.name))</div></div>"
        }
        let items = faults.map { _, fault in
            let length = fault.untilSeconds - fault.fromSeconds
            let time =
                length > 0 ? " for \(Figures.duration(seconds: length))" : ""
            return "<li>\(HTMLText.escaped(fault.text)) <span class=\"soft\">at "
                + "\(Figures.moment(seconds: fault.fromSeconds))\(time)</span></li>"
        }
        return """
            <section class="card timeline"><h2>Faults</h2>
            <div class="rows" aria-hidden="true">\(bars.joined(separator: "\n"))
            <div class="row axis"><span class="place"></span>\(Plot.timeTicks(axis))</div></div>
            <ol>\(items.joined(separator: "\n"))</ol></section>
            """
    }

    /// The faults of one region, those that come together below each other.
    private static func lanes(
        _ faults: [(offset: Int, element: RunResult.FaultSpan)], _ axis: TimeAxis, in region: String
    ) -> String {
        // What a bar takes at least, for its number, on a narrow screen.
        let room = 9.0
        var lanes: [(end: Double, bars: [String])] = []
        for (index, fault) in faults {
            let from = axis.percent(fault.fromSeconds)
            let until = axis.percent(fault.untilSeconds)
            let text = HTMLText.escaped(fault.text)
            let style =
                from > 100 - room
                ? "right:0;width:\(Plot.number(max(0, until - from)))%"
                : "left:\(Plot.number(from))%;width:\(Plot.number(max(0, until - from)))%"
            let short = HTMLText.escaped(withoutRegion(fault.text, region))
            // A bar that is hardly wider than its number has no room for words, on a narrow screen still less.
            let words =
                until - from > 30
                ? " <span>\(short)</span>" : until - from > 9 ? " <span class=\"wide\">\(short)</span>" : ""
            let bar = "<div class=\"bar\" style=\"\(style)\" title=\"\(text)\"><b>\(index + 1)</b>\(words)</div>"
            let start = min(from, 100 - room)
            let end = max(until, start + room)
            if let lane = lanes.firstIndex(where: { $0.end <= start }) {
                lanes[lane].end = end
                lanes[lane].bars.append(bar)
            } else {
                lanes.append((end, [bar]))
            }
        }
        if lanes.isEmpty { return "<div class=\"lane\"></div>" }
        return lanes.map { "<div class=\"lane\">\($0.bars.joined())</div>" }.joined()
    }

    /// What a fault does, without the region whose row says it anyway.
    private static func withoutRegion(_ text: String, _ region: String) -> String {
        for start in ["\(region)'s ", "\(region) "] where text.hasPrefix(start) && !text.contains(" | ") {
            return String(text.dropFirst(start.count))
        }
        return text
    }
}
