import Histogram

/// How long the clients of a region waited for their answers: all, and those apart that were waited for during a fault.
struct Latencies {
    /// An hour, in microseconds: as long as a client waits at the most.
    private static let longest: UInt64 = 3_600_000_000

    /// The requests of one kind, and how long those took that were answered.
    private struct Sample {
        var requestCount = 0
        var answers = Histogram<UInt64>(highestTrackableValue: longest, numberOfSignificantValueDigits: .two)
    }

    private var all = Sample()
    private var faults = Sample()
    private var noFaults = Sample()

    /// Counts a request that has ended.
    ///
    /// - Parameters:
    ///   - time: how long the answer took; nil for a request that failed.
    ///   - isDuringFault: whether there was a fault at some time of it.
    mutating func record(_ time: VirtualDuration?, isDuringFault: Bool) {
        let microseconds = time.map { min($0.nanoseconds / 1000, Self.longest) }
        Self.record(microseconds, in: &all)
        if isDuringFault { Self.record(microseconds, in: &faults) } else { Self.record(microseconds, in: &noFaults) }
    }

    private static func record(_ microseconds: UInt64?, in sample: inout Sample) {
        sample.requestCount += 1
        if let microseconds { sample.answers.record(microseconds) }
    }

    /// The time within which this share of the answers, above 0 and up to 1, came; nil where there are none.
    func milliseconds(share: Double, during window: LatencyWindow) -> Double? {
        let answers = sample(window).answers
        return answers.totalCount > 0 ? Double(answers.valueAtPercentile(share * 100)) / 1000 : nil
    }

    /// How many requests there were, with those that failed.
    func requestCount(during window: LatencyWindow) -> Int { sample(window).requestCount }

    private func sample(_ window: LatencyWindow) -> Sample {
        switch window {
        case .all: all
        case .faults: faults
        case .noFaults: noFaults
        }
    }
}

/// When there is a fault that regions recover from, wherever it is: faults that overlap as one.
struct FaultWindows {
    private var windows: [(from: VirtualTime, until: VirtualTime)] = []
    /// The first window that has not begun: time only goes on.
    private var next = 0

    /// - Parameter end: when faults end that have no end of their own.
    init(of faults: [FaultPlan], until end: VirtualTime) {
        for fault in faults.filter(\.canBeRecoveredFrom).sorted(by: { $0.at < $1.at }) {
            let from = VirtualTime.zero + VirtualDuration(fault.at)
            let until = fault.duration.map { from + VirtualDuration($0) } ?? (fault.kind.isOverAtOnce ? from : end)
            if let last = windows.last, from <= last.until {
                windows[windows.count - 1].until = max(last.until, until)
            } else {
                windows.append((from, until))
            }
        }
    }

    /// Whether there was a fault between two times, both included.
    ///
    /// - Parameter now: not before that of the last call.
    mutating func contain(from: VirtualTime, to now: VirtualTime) -> Bool {
        while next < windows.count, windows[next].from <= now { next += 1 }
        return next > 0 && windows[next - 1].until >= from
    }
}
