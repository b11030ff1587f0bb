/// The syncs of one region's disk that take many times as long as others: single ones, and all of them while it limps.
struct SlowSyncs {
    private var generator: Generator
    private let tail: TailPlan?
    private let stall: StallPlan?
    /// When the disk limps first, within the period.
    private let phase: UInt64

    init(of region: String, in world: World, _ index: Int) {
        generator = world.randomness.generator(for: "disk/\(index)")
        tail = world.scenario.disk.tail
        stall = world.scenario.disk.stall.flatMap { $0.regions.contains(region) ? $0 : nil }
        let every = stall.map { max(1, VirtualDuration($0.every).nanoseconds) } ?? 1
        phase = generator.next() % every
    }

    /// How many times as long a sync takes that begins now.
    mutating func factor(at now: VirtualTime) -> Double {
        var factor = 1.0
        if let tail, generator.happens(tail.share) { factor *= tail.factor }
        guard let stall else { return factor }
        let every = max(1, VirtualDuration(stall.every).nanoseconds)
        let place = (now.nanoseconds % every + every - phase) % every
        return place < VirtualDuration(stall.lasting).nanoseconds ? factor * stall.factor : factor
    }
}

extension SimulatedRegion {
    /// How long a sync takes that begins now, in nanoseconds.
    func drawSyncTime() -> Double {
        Double(syncLatency.nanoseconds) * generator.logNormal(sigma: world.scenario.disk.jitter)
            * slowSyncs.factor(at: world.now)
    }
}
