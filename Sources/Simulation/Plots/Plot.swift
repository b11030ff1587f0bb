/// One plot over time: lines of an SVG that stretches with the page, with its texts beside it, which do not.
struct Plot {
    struct Line {
        var name: String
        /// The number of its colour: that of a region in the order of the result.
        var colour: Int
        /// One for each interval.
        var values: [Double]
    }

    /// What the points of a line that has more of them than can be seen are merged to.
    enum Merging {
        case mean
        case highest
    }

    /// The most points of a line: of means fewer, for they are there to be compared.
    static let pointCountMax = 240
    static let meanCountMax = 120

    var title: String
    /// What is plotted, with its unit.
    var caption: String
    var lines: [Line]
    var intervalSeconds: Double
    var axis: TimeAxis
    var merging = Merging.highest
    /// Whether the values are milliseconds on a logarithmic scale.
    var isLogarithmic = false
    /// The text of a tick, with its unit.
    var tickText: (Double) -> String = Figures.short
    /// What to say when there is nothing but zeros.
    var emptyText: String
    /// When faults were there, for the bands behind the lines.
    var faults: [RunResult.FaultSpan] = []
    /// When the clients stopped; nil where the axis ends with it.
    var stopSeconds: Double?

    private var highest: Double { lines.flatMap(\.values).filter(\.isFinite).max() ?? 0 }

    var html: String {
        let head = "<h3>\(HTMLText.escaped(title))</h3><p class=\"caption\">\(HTMLText.escaped(caption))</p>"
        guard highest > 0 else {
            return "<figure class=\"card plot\">\(head)<p class=\"empty\">\(HTMLText.escaped(emptyText))</p></figure>"
        }
        let scale: PlotScale = isLogarithmic ? .logarithmic(upTo: highest) : .linear(upTo: highest)
        return """
            <figure class="card plot">\(head)\(legend)
            <div class="frame"><div class="levels" aria-hidden="true">\(levels(scale))</div>\(svg(scale))</div>
            \(Self.timeTicks(axis))\(table)</figure>
            """
    }

    /// The most rows of the table behind a plot.
    static let rowCountMax = 12

    /// What is plotted, in a few figures, for whoever does not see the plot.
    private var table: String {
        let count = lines.map(\.values.count).max() ?? 0
        let size = max(1, (count + Self.rowCountMax - 1) / Self.rowCountMax)
        let rows = stride(from: 0, to: count, by: size).map { start in
            let from = Figures.moment(seconds: Double(start) * intervalSeconds)
            return [from]
                + lines.map { line in
                    merged(line.values.dropFirst(start).prefix(size)).map(tableText) ?? "–"
                }
        }
        let how = merging == .mean ? "The mean" : "The highest value"
        let step = Figures.duration(seconds: Double(size) * intervalSeconds)
        return """
            <details><summary>Figures</summary><p class="caption">\(how) of each \(HTMLText.escaped(step)), by when they began.</p>
            <div class="wide" role="region" tabindex="0" aria-label="\(HTMLText.escaped("Figures of \(title)"))">\
            \(HTMLText.plainTable(columns: ["From"] + lines.map(\.name), rows: rows))</div></details>
            """
    }

    private func tableText(_ value: Double) -> String {
        isLogarithmic ? Figures.duration(milliseconds: value) : tickText(value)
    }

    private func merged(_ values: some Collection<Double>) -> Double? {
        let values = values.filter(\.isFinite)
        guard let highest = values.max() else { return nil }
        return merging == .highest ? highest : values.reduce(0, +) / Double(values.count)
    }

    private var legend: String {
        guard lines.count > 1 else { return "" }
        let entries = lines.map { line in
            "<li><svg viewBox=\"0 0 24 8\" width=\"24\" height=\"8\" aria-hidden=\"true\">"
                + "<path class=\"line c\(line.colour % 8)\" d=\"M0 4H24\"/></svg>\(HTMLText.escaped(line.name))</li>"
        }
        return "<ul class=\"legend\">\(entries.joined())</ul>"
    }

    private func levels(_ scale: PlotScale) -> String {
        scale.ticks.map { tick in
            "<span style=\"bottom:\(Self.number(scale.height(of: tick) * 100))%\">"
                + "\(HTMLText.escaped(tickText(tick)))</span>"
        }.joined()
    }

    /// The plot itself: 1000 wide and 100 high, stretched to what room there is.
    private func svg(_ scale: PlotScale) -> String {
        var parts: [String] = []
        for band in bands {
            let from = axis.percent(band.from) * 10
            let width = max(2, axis.percent(band.until) * 10 - from)
            parts.append(
                "<rect class=\"band\" x=\"\(Self.number(from))\" y=\"0\" width=\"\(Self.number(width))\" height=\"100\"/>"
            )
        }
        for tick in scale.ticks {
            let height = Self.number(100 - scale.height(of: tick) * 100)
            parts.append("<path class=\"grid\" d=\"M0 \(height)H1000\"/>")
        }
        if let stopSeconds {
            let place = Self.number(axis.percent(stopSeconds) * 10)
            parts.append("<path class=\"stop\" d=\"M\(place) 0V100\"/>")
        }
        for line in lines {
            let path = path(line.values, scale)
            if lines.count == 1 { parts.append(area(path, colour: line.colour)) }
            parts.append("<path class=\"line c\(line.colour % 8)\" d=\"\(path)\"/>")
        }
        let names = lines.count > 1 ? ": \(lines.map(\.name).joined(separator: ", "))" : ""
        return "<svg class=\"drawing\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escaped("\(title)\(names). At most \(tickText(highest))."))\">"
            + "\(parts.joined())</svg>"
    }

    /// The times at which there was a fault, those that overlap as one: bands on top of each other would hide the lines.
    var bands: [(from: Double, until: Double)] {
        var bands: [(from: Double, until: Double)] = []
        for fault in faults.sorted(by: { $0.fromSeconds < $1.fromSeconds }) {
            if let last = bands.last, fault.fromSeconds <= last.until {
                bands[bands.count - 1].until = max(last.until, fault.untilSeconds)
            } else {
                bands.append((fault.fromSeconds, fault.untilSeconds))
            }
        }
        return bands
    }

    private func path(_ values: [Double], _ scale: PlotScale) -> String {
        var path = ""
        for point in points(values) {
            let x = Self.number(axis.percent(point.seconds) * 10)
            path += "\(path.isEmpty ? "M" : "L")\(x) \(Self.number(100 - scale.height(of: point.value) * 100))"
        }
        return path
    }

    /// The points of a line, no more than can be seen, each in the middle of the intervals that it stands for.
    func points(_ values: [Double]) -> [(seconds: Double, value: Double)] {
        let countMax = merging == .mean ? Self.meanCountMax : Self.pointCountMax
        let size = max(1, (values.count + countMax - 1) / countMax)
        return stride(from: 0, to: values.count, by: size).compactMap { start in
            guard let value = merged(values[start..<min(start + size, values.count)]) else { return nil }
            return ((Double(start) + Double(min(size, values.count - start)) / 2) * intervalSeconds, value)
        }
    }

    private func area(_ path: String, colour: Int) -> String {
        guard let first = path.dropFirst().split(separator: " ").first,
            let last = path.split(whereSeparator: { $0 == "L" || $0 == "M" }).last?.split(separator: " ").first
        else { return "" }
        return "<path class=\"area c\(colour % 8)\" d=\"\(path)L\(last) 100L\(first) 100Z\"/>"
    }

    /// The texts below a plot or a timeline; every second one is left out where there is little room.
    static func timeTicks(_ axis: TimeAxis) -> String {
        let ticks = axis.ticks.enumerated().map { index, tick in
            let place = axis.percent(tick.seconds)
            // A text at either end would reach out of the plot.
            let edge = place < 2 ? " first" : place > 96 ? " last" : ""
            return
                "<span class=\"\(index.isMultiple(of: 2) ? "even" : "odd")\(edge)\" style=\"left:\(number(place))%\">"
                + "\(HTMLText.escaped(tick.text))</span>"
        }
        return "<div class=\"times\" aria-hidden=\"true\">\(ticks.joined())</div>"
    }

    /// A coordinate with the digits that can be seen.
    static func number(_ value: Double) -> String {
        let text = Figures.fixed(value, 2)
        return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
    }
}
