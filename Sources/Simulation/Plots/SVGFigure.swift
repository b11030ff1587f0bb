/// A plot as a file of its own, for papers: an SVG with its texts and colours in it, on a white ground.
///
/// Places are shares of the plot's width and height, 0 to 1, from the left and from the bottom.
struct SVGFigure {
    struct Tick {
        var place: Double
        var text: String
    }

    struct Line {
        var name: String
        /// The number of its colour and dashes.
        var style: Int
        /// The places of its points, from the left to the right.
        var points: [(x: Double, y: Double)]
    }

    var title: String
    /// What the axes are, with their units.
    var xLabel: String
    var yLabel: String
    var xTicks: [Tick]
    var yTicks: [Tick]
    var lines: [Line]
    /// What is marked behind the lines, such as the times of faults.
    var bands: [(from: Double, until: Double)] = []
    /// Where a dotted line goes up.
    var mark: Double?

    private static let width = 720.0
    private static let plotHeight = 260.0
    private static let left = 78.0
    private static let right = 34.0
    private static let lineHeight = 18.0
    private static let ink = "#1a2029"
    private static let soft = "#566070"
    /// The width of a letter of the legend, roughly: fonts differ.
    private static let letterWidth = 6.6

    private static var plotWidth: Double { width - left - right }

    /// The whole file.
    var text: String {
        let legend = legendRows
        let top = 34 + Double(legend.count) * Self.lineHeight + 8
        let height = top + Self.plotHeight + 50
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(Self.width)) \(number(height))\" "
                + "width=\"\(number(Self.width))\" height=\"\(number(height))\" "
                + "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" font-size=\"12\" fill=\"\(Self.ink)\">",
            "<title>\(HTMLText.escaped(title))</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            label(title, x: Self.left, y: 22, anchor: "start", more: " font-size=\"15\" font-weight=\"600\""),
        ]
        for (row, entries) in legend.enumerated() {
            let y = 34 + Double(row) * Self.lineHeight + 8
            for entry in entries {
                parts.append(
                    "<path d=\"M\(number(entry.x)) \(number(y))h24\" \(Self.stroke(entry.line.style))/>"
                        + label(entry.line.name, x: entry.x + 30, y: y + 4, anchor: "start"))
            }
        }
        parts += plot(top: top)
        parts.append(
            label(xLabel, x: Self.left + Self.plotWidth / 2, y: height - 10, anchor: "middle", colour: Self.soft))
        let middle = top + Self.plotHeight / 2
        parts.append(
            label(
                yLabel, x: 16, y: middle, anchor: "middle", colour: Self.soft,
                more: " transform=\"rotate(-90 16 \(number(middle)))\""))
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private func plot(top: Double) -> [String] {
        func x(_ place: Double) -> Double { Self.left + place * Self.plotWidth }
        func y(_ place: Double) -> Double { top + (1 - place) * Self.plotHeight }
        var parts: [String] = []
        for band in bands {
            let width = max(1, x(band.until) - x(band.from))
            parts.append(
                "<rect x=\"\(number(x(band.from)))\" y=\"\(number(top))\" width=\"\(number(width))\" "
                    + "height=\"\(number(Self.plotHeight))\" fill=\"#c2610c\" fill-opacity=\"0.11\"/>")
        }
        for tick in yTicks {
            parts.append(
                "<path d=\"M\(number(Self.left)) \(number(y(tick.place)))h\(number(Self.plotWidth))\" stroke=\"#dde1e8\"/>"
                    + label(tick.text, x: Self.left - 8, y: y(tick.place) + 4, anchor: "end", colour: Self.soft))
        }
        for tick in xTicks {
            parts.append(
                "<path d=\"M\(number(x(tick.place))) \(number(y(0)))v5\" stroke=\"\(Self.soft)\"/>"
                    + label(tick.text, x: x(tick.place), y: y(0) + 19, anchor: "middle", colour: Self.soft))
        }
        if let mark {
            parts.append(
                "<path d=\"M\(number(x(mark))) \(number(top))V\(number(y(0)))\" stroke=\"\(Self.soft)\" "
                    + "stroke-dasharray=\"2 4\"/>")
        }
        for line in lines where !line.points.isEmpty {
            let points = line.points.map { "\(number(x($0.x))) \(number(y($0.y)))" }
            parts.append("<path d=\"M\(points.joined(separator: "L"))\" \(Self.stroke(line.style))/>")
        }
        parts.append(
            "<path d=\"M\(number(Self.left)) \(number(top))V\(number(y(0)))H\(number(Self.width - Self.right))\" "
                + "fill=\"none\" stroke=\"\(Self.soft)\"/>")
        return parts
    }

    /// The lines' names in as many rows as they need; none for a single line.
    private var legendRows: [[(x: Double, line: Line)]] {
        guard lines.count > 1 else { return [] }
        var rows: [[(x: Double, line: Line)]] = [[]]
        var x = Self.left
        for line in lines {
            let width = 30 + Double(line.name.count) * Self.letterWidth + 18
            if x + width > Self.width, x > Self.left {
                rows.append([])
                x = Self.left
            }
            rows[rows.count - 1].append((x, line))
            x += width
        }
        return rows
    }

    private static func stroke(_ style: Int) -> String {
        let dashes = PlotColours.dashes(style)
        return "fill=\"none\" stroke=\"\(PlotColours.light[style % PlotColours.light.count])\" stroke-width=\"1.75\" "
            + "stroke-linejoin=\"round\"" + (dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\"")
    }

    private func label(
        _ text: String, x: Double, y: Double, anchor: String, colour: String = ink, more: String = ""
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"\(colour)\"\(more)>"
            + "\(HTMLText.escaped(text))</text>"
    }

    private func number(_ value: Double) -> String { Plot.number(value) }
}

/// How the lines of plots are told apart: by colours, each with a contrast of at least 3 to what is behind it, and by dashes.
enum PlotColours {
    static let light = ["#0b63b5", "#c2410c", "#0d7268", "#8b3fa8", "#856600", "#4b5563", "#b0276a", "#3f6b12"]
    static let dark = ["#6cb6ff", "#ff9b62", "#4fd1c0", "#d59bf0", "#e3c04d", "#aab4c2", "#ff8fbd", "#a3cf6b"]
    private static let dashes = ["", "8 3", "3 2", "10 3 2 3", "14 4", "", "6 6", "1 3"]

    /// The dashes of a line; with other ones for the same colour where there are more lines than colours.
    static func dashes(_ style: Int) -> String {
        dashes[(style + style / light.count) % dashes.count]
    }

    /// Colours as the variables of a style sheet.
    static func variables(_ colours: [String]) -> String {
        colours.enumerated().map { "--c\($0.offset): \($0.element);" }.joined(separator: " ")
    }
}
