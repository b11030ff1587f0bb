import Foundation

/// How far a simulation is, on standard error, for runs that take long.
///
/// On a terminal it is a bar in one line, which goes when the run is over; elsewhere it is a line now and then.
final class SimulateProgress {
    private static let barWidth = 30

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var nextTime: ContinuousClock.Instant
    private let interval: Duration
    private var isShown = false

    init() {
        start = clock.now
        // Nobody wants to see how far something is that is over at once.
        nextTime = start + (isTerminal ? .milliseconds(500) : .seconds(2))
        interval = isTerminal ? .milliseconds(100) : .seconds(10)
    }

    /// How long it has taken so far.
    var elapsedSeconds: Double { (clock.now - start) / .seconds(1) }

    /// Shows how far it is, unless it did so a moment ago.
    ///
    /// - Parameter share: the part that is done, 0 to 1; nil where nobody knows.
    func show(share: Double?, _ text: @autoclosure () -> String) {
        let now = clock.now
        guard now >= nextTime else { return }
        nextTime = now + interval
        var line = text()
        if let share {
            let percent = "\(Int(share * 100)) %"
            let filled = min(Self.barWidth, max(0, Int(share * Double(Self.barWidth))))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
            line = isTerminal ? "\(bar) \(percent)  \(line)" : "\(percent)  \(line)"
        }
        // Back to the line's start, and what was there before is gone.
        put(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
        isShown = true
    }

    /// Makes room for other lines.
    func clear() {
        guard isShown, isTerminal else { return }
        put("\r\u{1B}[K")
        isShown = false
    }

    private func put(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
