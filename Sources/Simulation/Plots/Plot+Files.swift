import ConfigurationFiles

extension Plot {
    /// The plot as a file of its own; nil where there is nothing but zeros.
    var figure: SVGFigure? {
        let values = lines.flatMap(\.values).filter(\.isFinite)
        guard let highest = values.max(), highest > 0 else { return nil }
        let scale: PlotScale = isLogarithmic ? .logarithmic(upTo: highest) : .linear(upTo: highest)
        let label = isLogarithmic ? "\(shortCaption) (log)" : shortCaption
        return SVGFigure(
            title: title, xLabel: "virtual time since the start", yLabel: label,
            xTicks: axis.ticks.map { .init(place: axis.percent($0.seconds) / 100, text: $0.text) },
            yTicks: scale.ticks.map { .init(place: scale.height(of: $0), text: tickText($0)) },
            lines: lines.map { line in
                .init(
                    name: line.name, style: line.colour,
                    points: points(line.values).map { (axis.percent($0.seconds) / 100, scale.height(of: $0.value)) })
            },
            bands: bands.map { (axis.percent($0.from) / 100, axis.percent($0.until) / 100) },
            mark: stopSeconds.map { axis.percent($0) / 100 })
    }

    /// The caption up to its first comma or semicolon: what there is room for beside an axis.
    private var shortCaption: String {
        String(caption.prefix { $0 != "," && $0 != ";" })
    }

    /// Every value behind the plot: a row for each interval, with its beginning.
    var csv: String {
        let count = lines.map(\.values.count).max() ?? 0
        let rows = (0..<count).map { index in
            [ConfigurationText.number(Double(index) * intervalSeconds)]
                + lines.map { line in
                    index < line.values.count && line.values[index].isFinite
                        ? ConfigurationText.number(line.values[index]) : ""
                }
        }
        return CommaSeparatedValues.table([["fromSeconds"] + lines.map(\.name)] + rows)
    }

    /// The name of its files, without their endings: `lag-from-us-east-1`.
    var fileName: String { Self.fileName(title) }

    /// A title as the name of a file.
    static func fileName(_ title: String) -> String {
        let letters = title.lowercased().map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-"
        }
        return String(letters)
    }
}
