import Foundation

/// How the values of a plot become heights, and where its ticks are.
enum PlotScale {
    /// From zero to a round number above the highest value.
    case linear(top: Double, step: Double)
    /// For lengths of time in milliseconds: each of the ticks is several times the one before, what is below the first lies on it.
    case logarithmic(ticks: [Double])

    /// A linear scale for values up to `highest`, with three to six ticks.
    static func linear(upTo highest: Double) -> PlotScale {
        guard highest > 0, highest.isFinite else { return .linear(top: 1, step: 1) }
        let rough = highest / 4
        let magnitude = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? magnitude * 10
        return .linear(top: (highest / step - 1e-9).rounded(.up) * step, step: step)
    }

    /// The lengths of time that are ticks of a logarithmic scale, in milliseconds, with their texts.
    private static let lengths: [(milliseconds: Double, text: String)] = [
        (10, "10 ms"), (100, "100 ms"), (1000, "1 s"), (10_000, "10 s"), (60_000, "1 min"), (600_000, "10 min"),
        (3_600_000, "1 h"), (21_600_000, "6 h"), (86_400_000, "1 day"), (864_000_000, "10 days"),
    ]

    /// The text of a tick of a logarithmic scale.
    static func lengthText(_ milliseconds: Double) -> String {
        lengths.first { $0.milliseconds == milliseconds }?.text ?? Figures.duration(milliseconds: milliseconds)
    }

    /// A logarithmic scale for lengths of time of up to `highest` milliseconds, from 10 ms on.
    static func logarithmic(upTo highest: Double) -> PlotScale {
        let all = lengths.map(\.milliseconds)
        let count = (all.firstIndex { $0 >= highest * 0.999_999 } ?? all.count - 1) + 1
        return .logarithmic(ticks: Array(all.prefix(max(2, count))))
    }

    /// The share of the plot's height, 0 at the bottom to 1.
    func height(of value: Double) -> Double {
        switch self {
        case .linear(let top, _): return min(1, max(0, value / top))
        case .logarithmic(let ticks):
            guard let first = ticks.first, let last = ticks.last, value > first, last > first else { return 0 }
            return min(1, log10(value / first) / log10(last / first))
        }
    }

    var ticks: [Double] {
        switch self {
        case .linear(let top, let step): (0...Int((top / step).rounded())).map { Double($0) * step }
        case .logarithmic(let ticks): ticks
        }
    }
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
        stepSeconds = steps.first { total / $0 <= 7 } ?? total / 7
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
