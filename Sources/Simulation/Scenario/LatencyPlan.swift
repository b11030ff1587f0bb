import RegionStore

/// How long messages are on their way between regions, as a distribution instead of half the topology's round trip and a factor.
public struct LatencyPlan: Sendable, Equatable {
    /// Which ways it is of; nil for from, or to, any region.
    public var from: String?
    public var to: String?
    public var source: Source
    /// What of all messages are on their way for at most so long, by rising share.
    public var distribution: LatencyDistribution

    /// Where the distribution comes from, as the scenario says it.
    public enum Source: Sendable, Equatable {
        /// A file, by its path relative to the scenario's folder.
        case file(String)
        /// Percentiles, 0 to 100, with their durations.
        case quantiles([Quantile])
    }

    public struct Quantile: Sendable, Equatable {
        public var share: Double
        public var time: Duration

        public init(share: Double, time: Duration) {
            self.share = share
            self.time = time
        }
    }

    public init(from: String? = nil, to: String? = nil, source: Source, distribution: LatencyDistribution) {
        self.from = from
        self.to = to
        self.source = source
        self.distribution = distribution
    }
}

/// A distribution of durations that is given by points of its quantile function, and straight between them.
public struct LatencyDistribution: Sendable, Equatable {
    /// A share of all, 0 to 1, and the nanoseconds that so many do not exceed; both rise.
    struct Point: Sendable, Equatable {
        let share: Double
        let nanoseconds: Double
    }

    private let points: [Point]

    /// - Parameter quantiles: at least one, with rising shares and times that do not fall.
    public init(quantiles: [LatencyPlan.Quantile]) {
        points = quantiles.map { Point(share: $0.share, nanoseconds: $0.time / .nanoseconds(1)) }
    }

    /// - Parameter samples: nanoseconds, at least one, in any order.
    init(samples: [Double]) {
        let sorted = samples.sorted()
        let last = Double(max(1, sorted.count - 1))
        points = sorted.enumerated().map { Point(share: Double($0.offset) / last, nanoseconds: $0.element) }
    }

    /// Nanoseconds that a share of all, 0 to 1, does not exceed; beyond the points it is that of the nearest.
    func nanoseconds(share: Double) -> Double {
        guard let first = points.first, let last = points.last else { return 0 }
        if share <= first.share { return first.nanoseconds }
        if share >= last.share { return last.nanoseconds }
        // Neither the first point's, nor beyond the last one's.
        let next = points.partitioningIndex { $0.share > share }
        let (before, after) = (points[next - 1], points[next])
        let part = (share - before.share) / max(1e-300, after.share - before.share)
        return before.nanoseconds + (after.nanoseconds - before.nanoseconds) * min(1, part)
    }

    /// Draws a duration, in nanoseconds.
    func draw(using generator: inout Generator) -> Double { nanoseconds(share: generator.unit()) }
}

/// A bandwidth that holds from a time on.
public struct BandwidthPlan: Sendable, Equatable {
    public var at: Duration
    /// Bytes a second; nil for as many as there are.
    public var bandwidth: Int?
    /// Which ways it is of; nil for from, or to, any region.
    public var from: String?
    public var to: String?

    public init(at: Duration, bandwidth: Int?, from: String? = nil, to: String? = nil) {
        self.at = at
        self.bandwidth = bandwidth
        self.from = from
        self.to = to
    }
}

/// A disk that limps: for a while out of each period every sync takes many times as long.
public struct StallPlan: Sendable, Equatable {
    /// The period, whose beginning is drawn for each region.
    public var every: Duration
    public var lasting: Duration
    public var factor: Double
    /// Whose disks do.
    public var regions: [String]

    public init(every: Duration, lasting: Duration, factor: Double, regions: [String]) {
        self.every = every
        self.lasting = lasting
        self.factor = factor
        self.regions = regions
    }
}

/// Rare syncs that take many times as long.
public struct TailPlan: Sendable, Equatable {
    /// Of all syncs, 0 to 1.
    public var share: Double
    public var factor: Double

    public init(share: Double, factor: Double) {
        self.share = share
        self.factor = factor
    }
}
