import Foundation

/// How the values of a plot become heights, and where its ticks are.
enum PlotScale {
    /// From zero to a round number above the highest value.
    case linear(top: Double, step: Double)
    /// Whole powers of ten; what is below the lowest lies on it.
    case logarithmic(lowest: Int, highest: Int)

    /// A linear scale for values up to `highest`, with three to six ticks.
    static func linear(upTo highest: Double) -> PlotScale {
        guard highest > 0, highest.isFinite else { return .linear(top: 1, step: 1) }
        let rough = highest / 4
        let magnitude = pow(10, rough.logarithm.rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? magnitude * 10
        return .linear(top: (highest / step - 1e-9).rounded(.up) * step, step: step)
    }

    /// A logarithmic scale for values of at least `lowest`.
    static func logarithmic(from lowest: Double, upTo highest: Double) -> PlotScale {
        let low = Int(lowest.logarithm.rounded(.down))
        guard highest > lowest, highest.isFinite else { return .logarithmic(lowest: low, highest: low + 1) }
        return .logarithmic(lowest: low, highest: max(low + 1, Int((highest.logarithm - 1e-9).rounded(.up))))
    }

    /// The share of the plot's height, 0 at the bottom to 1.
    func height(of value: Double) -> Double {
        switch self {
        case .linear(let top, _): return min(1, max(0, value / top))
        case .logarithmic(let lowest, let highest):
            guard value > 0 else { return 0 }
            return min(1, max(0, (value.logarithm - Double(lowest)) / Double(highest - lowest)))
        }
    }

    var ticks: [Double] {
        switch self {
        case .linear(let top, let step):
            return (0...Int((top / step).rounded())).map { Double($0) * step }
        case .logarithmic(let lowest, let highest):
            // Beyond six, every second one.
            let stride = highest - lowest > 5 ? 2 : 1
            return (lowest...highest).filter { ($0 - lowest).isMultiple(of: stride) }.map { pow(10, Double($0)) }
        }
    }
}

extension Double {
    fileprivate var logarithm: Double { log10(self) }
}

/// The time axis that all plots of a page share.
struct TimeAxis {
    /// Where it ends, in seconds; above zero.
    let totalSeconds: Double
    let stepSeconds: Double

    init(totalSeconds: Double) {
        let total = totalSeconds.isFinite ? max(totalSeconds, 0.001) : 1
        self.totalSeconds = total
        let steps: [Double] = [
            0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200,
            86_400,
            172_800, 432_000, 864_000,
        ]
        stepSeconds = steps.first { total / $0 <= 8 } ?? total / 8
    }

    /// The place of a moment, in per cent from the left.
    func percent(_ seconds: Double) -> Double {
        seconds.isFinite ? min(100, max(0, seconds / totalSeconds * 100)) : 0
    }

    /// The ticks with their texts; the last text's middle is still within the axis.
    var ticks: [(seconds: Double, text: String)] {
        (0...Int(totalSeconds / stepSeconds)).map { index in
            let seconds = Double(index) * stepSeconds
            return (seconds, index == 0 ? "0" : text(seconds))
        }
    }

    private func text(_ seconds: Double) -> String {
        if stepSeconds >= 86_400 { return "\(Figures.short(seconds / 86_400)) d" }
        if stepSeconds >= 3600 { return "\(Figures.short(seconds / 3600)) h" }
        return stepSeconds >= 60 ? "\(Figures.short(seconds / 60)) min" : "\(Figures.short(seconds)) s"
    }
}
